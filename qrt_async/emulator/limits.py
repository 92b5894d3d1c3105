"""How many submissions a user may make: three ways to count, none of which waits.

Each window answers ``take(now)``: 0.0 when the request is let through, else the seconds until one would be.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol

from .config import EmulatorConfig
from .wire import Problem


class Window(Protocol):
    def take(self, now: float) -> float:
        """Count one request, or say for how long none is let through."""


class SlidingWindow:
    """At most ``count`` in any ``period``: a log of those let through."""

    def __init__(self, count: int, period: float) -> None:
        self._count, self._period = count, period
        self._taken: deque[float] = deque()

    def take(self, now: float) -> float:
        while self._taken and self._taken[0] + self._period <= now:
            self._taken.popleft()
        if len(self._taken) >= self._count:
            return self._taken[0] + self._period - now
        self._taken.append(now)
        return 0.0


class FixedWindow:
    """At most ``count`` in each period of the wall clock: twice as many may meet at an edge."""

    def __init__(self, count: int, period: float) -> None:
        self._count, self._period = count, period
        self._window, self._taken = -1, 0

    def take(self, now: float) -> float:
        window = math.floor(now / self._period)
        if window != self._window:
            self._window, self._taken = window, 0
        if self._taken >= self._count:
            return (window + 1) * self._period - now
        self._taken += 1
        return 0.0


class Bucket:
    """``count`` tokens that drip back one by one, ``count`` in a period."""

    def __init__(self, count: int, period: float) -> None:
        self._count, self._rate = count, count / period
        self._tokens, self._at = float(count), 0.0

    def take(self, now: float) -> float:
        self._tokens = min(self._count, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1.0 - 1e-9:
            return (1.0 - self._tokens) / self._rate
        self._tokens -= 1.0
        return 0.0


WINDOWS: dict[str, type[SlidingWindow] | type[FixedWindow] | type[Bucket]] = {
    "sliding": SlidingWindow,
    "fixed": FixedWindow,
    "bucket": Bucket,
}


class RateLimit:
    """One window a user."""

    def __init__(self, config: EmulatorConfig) -> None:
        self._config = config
        self._windows: dict[str, Window] = {}

    def configure(self, config: EmulatorConfig) -> None:
        """Other rules from now on; what was counted by other ones is forgotten."""
        before, self._config = self._config, config
        if (before.rate_limit, before.rate_window) != (config.rate_limit, config.rate_window):
            self._windows.clear()

    def check(self, user_id: str, now: float) -> None:
        """Count a submission; raises 429 with code 1202 when there were too many."""
        if self._config.rate_limit is None:
            return
        count, period = self._config.rate_limit
        kind = WINDOWS[self._config.rate_window]
        wait = self._windows.setdefault(user_id, kind(count, period)).take(now)
        if wait > 0.0:
            raise self._refusal(count, period, wait)

    def _refusal(self, count: int, period: float, wait: float) -> Problem:
        pause = (("Retry-After", str(max(1, math.ceil(wait)))),) if self._config.retry_after else ()
        return Problem(
            429,
            1202,
            f"You have made too many job creation requests: limit is {count} per {period:g} seconds.",
            "Reduce the rate of your requests and try again.",
            headers=pause,
        )
