"""Jobs that do not move on: when to look for a reason outside of them, and what counts as one. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from qrt_async.api.records import BackendStatus, InstanceUsage, SessionRecord
from qrt_async.api.status import SessionState
from qrt_async.jobs.estimates import Estimates
from qrt_async.jobs.known import Known
from qrt_async.jobs.tracks import Track

_PATIENCE = 3600.0
"""Seconds without a change that need no reason where nothing is expected."""
_LEAST, _BEYOND = 600.0, 2.0
"""Else so many seconds, or so many times the age by which such a job should have ended."""
_RARER = 2.0
"""The same place is asked about again when its jobs have stood still for so many times as long."""
_PLACES = 1000
"""Places that are remembered."""


class Place(msgspec.Struct, frozen=True):
    """What jobs have in common that may keep all of them from moving on."""

    backend: str | None
    session: str | None


class Stalls:
    """Where jobs stand still, and for how long they did when that place was last asked about."""

    def __init__(self, estimates: Estimates) -> None:
        self._estimates = estimates
        self._asked: dict[Place, float] = {}

    def next(
        self, jobs: Mapping[str, Known], tracks: Mapping[str, Track], now: float
    ) -> tuple[Place, list[Known]] | None:
        """A place to ask about, and the jobs that stand still there."""
        still: dict[Place, list[Known]] = {}
        for job_id, track in tracks.items():
            known = jobs.get(job_id)
            stood = now - track.changed
            if known is not None and stood > _LEAST and stood > self._patience(known):
                still.setdefault(Place(known.backend, known.session_id), []).append(known)
        for place, found in still.items():
            longest = max(now - tracks[known.id].changed for known in found)
            if longest >= _RARER * self._asked.get(place, 0.0):
                if len(self._asked) >= _PLACES:
                    self._asked.clear()
                self._asked[place] = longest
                return place, found
        return None

    def clear(self) -> None:
        """Nothing is watched any more."""
        self._asked.clear()

    def _patience(self, known: Known) -> float:
        expected = self._estimates.expectation(known)
        if expected is None or expected.late == math.inf:
            return _PATIENCE
        return max(_LEAST, _BEYOND * expected.late)


def reason(
    place: Place, backend: BackendStatus | None, session: SessionRecord | None, usage: InstanceUsage | None
) -> str | None:
    """What keeps jobs of this place from moving on, in words; ``None`` where nothing is known to."""
    if session is not None and session.state is SessionState.CLOSED:
        return f"its session {place.session} is closed"
    if usage is not None and usage.usage_limit_reached:
        return "the usage limit of the instance is reached"
    if backend is not None and (backend.state is False or backend.status not in (None, "active")):
        why = f" ({backend.message})" if backend.message else ""
        return f"the backend {place.backend} is {backend.status or 'not available'}{why}"
    return None
