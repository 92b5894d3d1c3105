"""What failures mean for the requests to come. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from qrt_async.jobs.cadence import PollPolicy, pause_after_failure
from qrt_async.jobs.tracks import Track

_BROKEN = 3
"""After so many failures in a row of listings, jobs are read by themselves, if that works."""


class Outage:
    """Holds up everything for a moment after a failure, longer the more there were in a row."""

    def __init__(self, policy: PollPolicy, roll: Callable[[], float]) -> None:
        self.until = -math.inf
        self._policy = policy
        self._roll = roll
        self._failures = 0
        self._unlisted = 0
        self._apart = False

    def failed(self, tracks: Sequence[Track], now: float, asked: float | None, *, listing: bool) -> float:
        """A request for these jobs failed: they are put off, and everything else for a moment.

        Returns the seconds until the service is asked again.
        """
        self._failures += 1
        self._unlisted += listing
        wait = pause_after_failure(self._policy, self._failures, asked, self._roll())
        self.until = max(self.until, now + wait)
        for track in tracks:
            track.failures += 1
            own = pause_after_failure(self._policy, track.failures, None, self._roll())
            track.due = max(track.due, now + max(wait, own))
        if listing and self._unlisted >= _BROKEN:
            self._try_without(tracks)
        return wait

    def succeeded(self, *, listing: bool) -> None:
        """A request was answered."""
        self._failures = 0
        self._apart = not listing and self._unlisted >= _BROKEN
        if listing:
            self._unlisted = 0

    def listings_are_broken(self) -> bool:
        """Are they, while other requests work? The look after this one tries them again."""
        apart, self._apart = self._apart, False
        return apart

    @staticmethod
    def _try_without(tracks: Sequence[Track]) -> None:
        """Listings are broken, or all is: one job is read by itself, which tells."""
        for track in tracks[:1]:
            track.overdue = True
