"""Quantum seconds: charged job by job, limited by instance over a rolling window."""

from __future__ import annotations

from collections import deque
from typing import Any

from .dates import written
from .wire import Problem

PERIOD = 28 * 24 * 3600.0


class Usage:
    """What each instance has used, and may use."""

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self._limits: dict[str, float] = {}
        self._charges: dict[str, deque[tuple[float, float]]] = {}

    def charge(self, crn: str, at: float, seconds: float) -> None:
        if seconds > 0.0:
            self._charges.setdefault(crn, deque()).append((at, seconds))

    def consumed(self, crn: str, now: float) -> float:
        """Seconds in the 28 days before now."""
        charges = self._charges.get(crn, deque())
        while charges and charges[0][0] + PERIOD <= now:
            charges.popleft()
        return sum(seconds for _, seconds in charges)

    def limit_of(self, crn: str) -> float | None:
        """The instance's own limit, else the emulator's."""
        return self._limits.get(crn, self.limit)

    def set_limit(self, crn: str, seconds: float) -> None:
        self._limits[crn] = seconds

    def reached(self, crn: str, now: float) -> bool:
        limit = self.limit_of(crn)
        return limit is not None and self.consumed(crn, now) >= limit

    def check(self, crn: str, now: float) -> None:
        """Whether a job may be submitted; raises 409."""
        if self.reached(crn, now):
            raise Problem(
                409,
                4317,
                "Usage exceeds instance limit.",
                "Wait until usage of the last 28 days frees up, or raise the limit of the instance.",
            )

    def report(self, crn: str, now: float) -> dict[str, Any]:
        """The fields of ``GET /instances/usage`` that concern usage."""
        consumed, limit = self.consumed(crn, now), self.limit_of(crn)
        report: dict[str, Any] = {
            "usage_consumed_seconds": round(consumed, 3),
            "usage_period": {"start_time": written(now - PERIOD), "end_time": written(now)},
        }
        if limit is not None:
            report |= {
                "usage_limit_seconds": limit,
                "usage_allocation_seconds": limit,
                "usage_limit_reached": consumed >= limit,
            }
        return report
