"""What may hold a submission besides the rate, and the words for it. No I/O; moments are the loop's clock."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import msgspec

from qrt_async.transport.whole import whole

_LOCAL_LOOK = 2.0
"""Seconds after which a gate that opens with the end of a job of ours is looked at again. Costs nothing."""
_UNSEEN = 60.0
"""Seconds after which a job that nobody watches may have ended."""


class Hold(msgspec.Struct, frozen=True):
    """Why somebody has to wait, and until when: ``inf`` where only news can tell."""

    why: str
    until: float = math.inf
    hopeless: bool = False
    """Will waiting never help?"""


class Load(msgspec.Struct, frozen=True):
    """What a submission asks of the service, as far as gates care."""

    backend: str
    instance: str | None = None
    cost: int | None = None


class Gate(Protocol):
    """Holds some submissions back for a while. ``take`` and ``free`` come in pairs, by the submission's key.

    ``unclear``: it was sent, and nobody knows whether there is a job.
    """

    def hold(self, load: Load, now: float) -> Hold | None: ...

    def take(self, key: str, load: Load) -> None: ...

    def free(self, key: str, *, unclear: bool = False) -> None: ...


class InFlight:
    """At most so many submissions between their turn and the end of their job. ``None``: any number."""

    def __init__(self, cap: int | None) -> None:
        any_number = ", or None for any number"
        self._cap = None if cap is None else whole("max_in_flight", cap, besides=any_number)
        self._keys: set[str] = set()

    def __len__(self) -> int:
        return len(self._keys)

    def hold(self, load: Load, now: float) -> Hold | None:
        if self._cap is None or len(self._keys) < self._cap:
            return None
        return Hold(f"{len(self._keys)} jobs are in flight, of at most {self._cap} (max_in_flight)")

    def take(self, key: str, load: Load) -> None:
        self._keys.add(key)

    def free(self, key: str, *, unclear: bool = False) -> None:
        self._keys.discard(key)


class Shut:
    """Gates that trouble shuts, each for a while, and longer each time in a row: by backend, by instance, or
    for all. Whoever comes first when the time is over tries."""

    def __init__(self, of: Callable[[Load], str | None], first: float, longest: float) -> None:
        self._of = of
        self._first, self._longest = first, longest
        self._holds: dict[str | None, Hold] = {}
        self._times: dict[str | None, int] = {}

    def hold(self, load: Load, now: float) -> Hold | None:
        found = self._holds.get(self._of(load))
        return None if found is None or found.until <= now else found

    def take(self, key: str, load: Load) -> None:
        """Nothing is counted."""

    def free(self, key: str, *, unclear: bool = False) -> None:
        """Nothing is counted."""

    def shut(self, load: Load, why: str, now: float) -> float:
        """Shut it because of ``why``; returns for how many seconds."""
        name = self._of(load)
        times = self._times[name] = self._times.get(name, 0) + 1
        seconds = min(self._longest, self._first * 2.0 ** min(times - 1, 32))
        self._holds[name] = Hold(f"{why}; tried again after {seconds:g} s", now + seconds)
        return seconds

    def open(self, load: Load) -> None:
        """There is no such trouble any more."""
        self._holds.pop(self._of(load), None)
        self._times.pop(self._of(load), None)


class PendingCap:
    """The plan's cap on pending jobs of the user, learnt when the service refuses (error 3458).

    ``pending`` counts our jobs that have not ended; those of others are seen only in that refusals come
    before ours are as many as the cap.
    """

    def __init__(self, pending: Callable[[], int]) -> None:
        self._pending = pending
        self._cap: int | None = None
        self._threshold = 0
        self._until = -math.inf
        self._refusals = 0
        self._leaving: set[str] = set()

    def hold(self, load: Load, now: float) -> Hold | None:
        if self._cap is None or now >= self._until or self._count() < self._threshold:
            return None
        why = f"the service allows {self._cap} pending jobs, and no job has ended since"
        return Hold(why, min(self._until, now + _LOCAL_LOOK))

    def take(self, key: str, load: Load) -> None:
        self._leaving.add(key)

    def free(self, key: str, *, unclear: bool = False) -> None:
        self._leaving.discard(key)

    def refused(self, cap: int, now: float) -> None:
        """The service said so: nobody tries before one of our jobs has ended, or for a while."""
        self._refusals += 1
        self._cap = cap
        self._threshold = max(1, min(cap, self._count()))
        if self._count() == 0:
            self._threshold = 0
        self._until = now + min(120.0, 15.0 * 2.0 ** min(self._refusals, 8))

    def accepted(self, now: float) -> None:
        """One was let in: as many as the cap are, as far as we know."""
        self._refusals = 0
        if self._cap is not None:
            self._threshold = self._cap
            self._until = now + _UNSEEN

    def _count(self) -> int:
        return self._pending() + len(self._leaving)
