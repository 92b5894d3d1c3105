"""What failures mean for the requests to come. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

from qrt_async.jobs.cadence import PollPolicy, pause_after_failure
from qrt_async.jobs.tracks import Track

_BROKEN = 3
"""After so many failures in a row of listings, one job is read by itself: that tells whether anything works."""

Way = Literal["together", "probe", "apart"]
"""How to look: with listings, at one job by itself, at each by itself."""


class Outage:
    """Holds up everything for a moment after a failure, longer the more there were in a row."""

    def __init__(self, policy: PollPolicy, roll: Callable[[], float]) -> None:
        self.until = -math.inf
        self._policy = policy
        self._roll = roll
        self._failures = 0
        self._unlisted = 0
        self._singles_work = False
        self._apart = False

    def failed(self, tracks: Sequence[Track], now: float, asked: float | None, *, listing: bool) -> float:
        """A request for these jobs failed: they are put off, and everything else for a moment.

        Returns the seconds until the service is asked again.
        """
        self._failures += 1
        self._unlisted += listing
        self._apart = listing and self._singles_work
        self._singles_work = self._apart
        wait = pause_after_failure(self._policy, self._failures, asked, self._roll())
        self.until = max(self.until, now + wait)
        for track in tracks:
            track.failures += 1
            own = pause_after_failure(self._policy, track.failures, None, self._roll())
            track.due = max(track.due, now + max(wait, own))
        return wait

    def succeeded(self, *, listing: bool) -> None:
        """A request was answered."""
        self._failures = 0
        self._apart = False
        self._unlisted = 0 if listing else self._unlisted
        self._singles_work = self._unlisted >= _BROKEN

    def way(self) -> Way:
        """How to look next. Where a job could be read by itself, listings are tried once more before every job is:
        the end of an outage looks the same, and a read a job is dear."""
        if self._unlisted < _BROKEN or (self._singles_work and not self._apart):
            return "together"
        return "apart" if self._apart else "probe"
