"""Which results to read before their jobs are known to have ended. Pure.

A listing lags, a result does not, and it has to be read anyway: where it is likely to be there, reading it
tells the end sooner and costs nothing. What such a peek costs is where it comes in vain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from qrt_async.jobs.cadence import Expectation, PollPolicy
from qrt_async.jobs.durations import Durations, Kind
from qrt_async.jobs.known import Known
from qrt_async.jobs.tracks import Track

_LIKELY = 0.6
"""The chance of being there from which on a result is peeked at."""
_PART, _RARER = 0.03, 2.0
"""Rounds are this part of a job's age apart, and so many times more after one that found nothing."""
_FLOOR = 0.1
"""… and never nearer than this part of the policy's floor."""
_VAIN, _CREDIT, _PAYING = 3, 3, 8
"""So often a job is peeked at in vain before it is left to looks. So many vain peeks are on credit, and one
more for each so many jobs."""


class Peeks:
    """The rounds of peeking, and what they may cost."""

    def __init__(self, policy: PollPolicy, jobs: Mapping[str, Known], tracks: Mapping[str, Track]) -> None:
        self._policy = policy
        self._jobs = jobs
        self._tracks = tracks
        self._due = 0.0
        self._rarer = 1.0
        self._paying = self._vain = 0

    @property
    def credit(self) -> int:
        """Peeks that may still come in vain."""
        return max(0, _CREDIT + self._paying // _PAYING - self._vain)

    def joined(self) -> None:
        """One more job is watched."""
        self._paying += 1

    def ripe(self, known: Known, durations: Durations) -> float:
        """When the result of this job is likely to be there, as things stand."""
        expected = durations.expectation(known.kind, None)
        return math.inf if expected is None else _ripe_at(self._tracks[known.id], expected)

    def vain(self, track: Track | None, now: float) -> None:
        """A result was not there."""
        self._vain += 1
        if track is not None:
            track.alive, track.vain = now, track.vain + 1

    def over(self, found: int, now: float) -> None:
        """A round is over."""
        self._rarer = 1.0 if found else _RARER
        oldest = max((now - self._tracks[known.id].born for known in self._candidates()), default=0.0)
        self._due = now + self._rarer * max(_FLOOR * self._policy.floor, _PART * oldest)

    def clear(self) -> None:
        """Nothing is watched any more: the next crowd begins anew."""
        self._paying = self._vain = 0

    def next(self, durations: Durations, now: float) -> tuple[float, list[str]]:
        """When the next round is, and of which jobs as things stand, the eldest first."""
        soonest, ripe = math.inf, []
        expectations: dict[Kind, Expectation | None] = {}
        for known in self._candidates():
            kind, track = known.kind, self._tracks[known.id]
            if kind not in expectations:
                expectations[kind] = durations.expectation(kind, None)
            expected = expectations[kind]
            if expected is not None and track.vain < _VAIN:
                at = _ripe_at(track, expected)
                soonest = min(soonest, at)
                if at <= now:
                    ripe.append((track.born, known.id))
        ripe.sort()
        return max(soonest, self._due), [job_id for _, job_id in ripe]

    def _candidates(self) -> list[Known]:
        """Jobs whose result somebody waits for and may be read any number of times. A lone one is read by
        itself, which does not lag either."""
        if len(self._tracks) < 2 or self.credit == 0:
            return []
        found = [self._jobs.get(job_id) for job_id in self._tracks]
        return [known for known in found if known is not None and known.wanted and known.private is False]


def _ripe_at(track: Track, expected: Expectation) -> float:
    """When its result is likely to be there: computed anew only where something is."""
    basis = (expected, track.alive, track.born)
    if track.basis != basis:
        alive = 0.0 if track.alive is None else track.alive - track.born
        track.basis, track.ripe = basis, track.born + expected.ripe(alive, _LIKELY)
    return track.ripe
