"""What will happen, in the order in which it does."""

from __future__ import annotations

import heapq
import math

import msgspec


class Due(msgspec.Struct, frozen=True, order=True):
    """Something that happens at a moment; equals happen in the order in which they were noted."""

    at: float
    number: int
    what: str
    key: str


class Agenda:
    """A heap of happenings. What no longer applies is still due: whoever acts on it looks again."""

    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._number = 0

    def add(self, at: float, what: str, key: str) -> None:
        if at < math.inf:
            self._number += 1
            heapq.heappush(self._heap, Due(at, self._number, what, key))

    def pop(self, now: float) -> Due | None:
        """The earliest happening that is due by now."""
        return heapq.heappop(self._heap) if self._heap and self._heap[0].at <= now else None
