"""What the watcher notes of each job."""

from __future__ import annotations

import math
from datetime import datetime

import msgspec

from qrt_async.jobs.cadence import Expectation


class Moment(msgspec.Struct, frozen=True):
    """Now: by the loop's clock, which all durations are measured with, and by the wall's."""

    now: float
    wall: datetime


class Track(msgspec.Struct):
    """Notes on one watched job, by the loop's clock. ``born`` is when its age was 0."""

    born: float
    due: float
    pause: float = 0.0
    alive: float | None = None
    """When it was last seen not to have ended."""
    missing: float | None = None
    """Since when listings, read as far as they should show it, have not shown it."""
    overdue: bool = False
    """Have they still not shown it after longer than a lag explains?"""
    late: float = 0.0
    """Its age when a listing did not show it, before one did."""
    listed: bool = False
    """Has a listing shown it? Then its absence from one of pending jobs means that it left."""
    dated: bool = False
    """Is ``born`` the creation, or only when we began to watch?"""
    hurried: bool = False
    """Was its age set back, so that it does not tell how long the job took?"""
    vain: int = 0
    """So many peeks at its result found nothing."""
    ripe: float = math.inf
    basis: tuple[Expectation, float | None, float] | None = None
    """When its result is likely to be there, and from what that was computed."""
    failures: int = 0
    row: int = 0
    """A hash of its last row in a listing: the same row says nothing new."""
    asked: float = 0.0
    """The age at which the service was last asked for an estimate."""
    said: str | None = None
    changed: float = 0.0
    """Its last status in the service's word, and since when we know it."""
    hint_due: float = 0.0
    """When it may be asked again for those who listen."""
