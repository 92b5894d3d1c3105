"""When to ask the service for a job's place in the queue and its estimates, and what they are worth. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from qrt_async.jobs.cadence import Expectation, PollPolicy
from qrt_async.jobs.durations import Durations, Kind, hinted
from qrt_async.jobs.known import Known
from qrt_async.jobs.tracks import Track

_FIRST = 4.0
"""Floors of age before a job is worth asking for an estimate; most short ones have ended by then or soon."""
_AGAIN = 4.0
"""Where none came, or the job outlived it, it is asked for again when the job is so many times as old."""
_LISTENED = 2.0
"""Those who listen are told of the queue at every so-manieth look."""


class Estimates:
    """The service's estimates, by kind of job, as long as it sends any."""

    def __init__(self, policy: PollPolicy, durations: Durations) -> None:
        self._policy = policy
        self._durations = durations
        self._hints: dict[Kind, Expectation] = {}
        self._runs: dict[Kind, float] = {}
        self._hintless = False

    def wanted(self, jobs: Mapping[str, Known], tracks: Mapping[str, Track], now: float) -> list[Known]:
        """Jobs to ask for: where somebody listens, and of each kind of which nothing is known the eldest."""
        found, eldest = [], dict[Kind, Known]()
        for job_id, track in tracks.items():
            known = jobs.get(job_id)
            if known is None or known.hintless:
                continue
            if known.wants_hints:
                if now >= track.hint_due:
                    found.append(known)
            elif not self._hintless:
                other = eldest.get(known.kind)
                if other is None or track.born < tracks[other.id].born:
                    eldest[known.kind] = known
        return found + [known for known in eldest.values() if self._worth(known, tracks[known.id], now)]

    def came(self, known: Known, track: Track | None, now: float) -> None:
        """The service was asked about this job."""
        if track is not None:
            track.asked = now - track.born
            track.hint_due = now + _LISTENED * max(self._policy.floor, track.pause)
        self._hintless = self._hintless or known.hintless
        hint = hinted(known.created, known.estimated_end, None)
        if hint is not None:
            self._hints[known.kind] = hint

    def expectation(self, known: Known) -> Expectation | None:
        """When this job is thought to end, in seconds of its age: by the past, else by the service's word."""
        kind = known.kind
        said = None if known.record is None else known.record.estimated_running_time_seconds
        running = self._runs.get(kind) if said is None else said
        return self._durations.expectation(kind, self._hints.get(kind) or hinted(None, None, running))

    def saw(self, known: Known) -> None:
        """A record may say how long the run is thought to take: the shortest counts for those not seen yet."""
        said = None if known.record is None else known.record.estimated_running_time_seconds
        if said is not None:
            kind = known.kind
            self._runs[kind] = min(said, self._runs.get(kind, said))

    def clear(self) -> None:
        """Nothing is watched any more: estimates of then say nothing of jobs to come."""
        self._hints.clear()
        self._runs.clear()

    def _worth(self, known: Known, track: Track, now: float) -> bool:
        old_enough = now - track.born >= max(_FIRST * self._policy.floor, _AGAIN * track.asked)
        hint = self._hints.get(known.kind)
        unknown = hint is None or now - track.born > hint.late
        return old_enough and unknown and self._durations.expectation(known.kind, None) is None
