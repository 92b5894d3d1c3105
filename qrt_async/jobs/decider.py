"""Decides what to ask the service next: the watched jobs, the time and what was learned in, requests out. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from qrt_async.api.models import JobRecord
from qrt_async.api.status import JobStatus
from qrt_async.jobs.allowance import Allowance
from qrt_async.jobs.cadence import Expectation, PollPolicy, pause, pause_after_failure
from qrt_async.jobs.cover import Cover, Sight, cover
from qrt_async.jobs.durations import Durations, Kind, hinted
from qrt_async.jobs.known import Known
from qrt_async.jobs.lags import Lags
from qrt_async.jobs.tags import of_users

_TOGETHER = 0.25
"""A job that is due within this part of its pause is looked at with those that are due now."""
_RESERVE = 0.25
"""This part of the burst is kept for looks: asking for estimates waits until there is more."""
_SPARED = 1
"""Requests that a peek leaves for the next look."""
_PEEK_PART, _PEEK_RARER = 0.03, 2.0
"""Rounds of peeking are this part of a job's age apart, and rarer up to so many times while they find nothing."""
_PEEK_FLOOR = 0.1
"""… and never nearer than this part of the policy's floor."""
_DEAR = 0.5
"""A look of many requests is not repeated before this part of what it cost beyond one has come back."""
_EXACT = 0.5
"""An end is remembered if it is known to within this part of the job's length."""
_FIRST_ESTIMATE = 4.0
"""Floors of age before a job is worth asking for an estimate; most short ones have ended by then or soon."""
_RANK = {JobStatus.QUEUED: 0, JobStatus.RUNNING: 1}


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
    late: bool = False
    """Has a listing been read that should have shown it, before one did?"""
    listed: bool = False
    """Has a listing shown it? Then its absence from one of pending jobs means that it left."""
    dated: bool = False
    """Is ``born`` the creation, or only when we began to watch?"""
    hurried: bool = False
    """Was its age set back, so that it does not tell how long the job took?"""
    failures: int = 0
    asked: float = 0.0
    """The age at which the service was last asked for an estimate."""
    hint_due: float = 0.0
    """When it may be asked again for those who listen."""


class Step(msgspec.Struct, frozen=True):
    """What to do next: a look with this cover, or a peek at the results of these jobs, or wait so long."""

    wait: float = 0.0
    look: Cover | None = None
    peek: tuple[str, ...] = ()


class Decider:
    """Knows which jobs are watched and what was learned; makes no request and reads no clock."""

    def __init__(self, policy: PollPolicy, jobs: Mapping[str, Known], roll: Callable[[], float]) -> None:
        self.policy = policy
        self.tracks: dict[str, Track] = {}
        self.durations = Durations()
        self.lags = Lags(policy.lag)
        self.lengths: dict[str, int] = {}
        self.allowance = Allowance(policy)
        self._jobs = jobs
        self._roll = roll
        self._hints: dict[Kind, Expectation] = {}
        self._hintless = False
        self._dear = 0.0
        self._looked = -math.inf
        self._peek_due = 0.0
        self._peek_rarer = 1.0
        self._failures = 0
        self._held_until = -math.inf

    def peeks(self, now: float) -> int:
        """How many results may be asked for that might not be there, before a look is due."""
        if now >= self._look_due(now) or now < self._held_until or not self.tracks:
            return 0
        return max(0, int(self.allowance.left(now)) - _SPARED)

    def add(self, known: Known, moment: Moment) -> None:
        """Watch this job. One that was just accepted is not asked for at once."""
        if known.settled or known.id in self.tracks:
            return
        track = self.tracks[known.id] = Track(born=moment.now, due=moment.now)
        track.dated = known.accepted is not None
        self._date(track, known, moment)
        if known.accepted is not None or known.record is not None:
            self._next(track, known, moment.now)

    def drop(self, job_id: str) -> None:
        self.tracks.pop(job_id, None)

    def hurry(self, job_id: str, now: float) -> None:
        """Something is about to change: the job is young again."""
        track = self.tracks.get(job_id)
        if track is not None:
            track.born = track.due = now
            track.dated = track.hurried = True

    def step(self, moment: Moment) -> Step | None:
        """What to do now; ``None`` when nothing is watched."""
        for job_id in [job_id for job_id in self.tracks if job_id not in self._jobs]:
            self.drop(job_id)
        if not self.tracks:
            self.lengths.clear()
            return None
        due = self._look_due(moment.now)
        if due <= moment.now:
            look, self._looked = self._cover(moment), moment.now
            self._dear = _DEAR * (look.requests - 1) * 60.0 / self.policy.allowance
            return Step(look=look)
        peek_at, ripe = self._ripe(moment.now)
        if peek_at <= moment.now:
            return Step(peek=tuple(ripe))
        return Step(wait=min(due, peek_at) - moment.now)

    def spend(self, now: float) -> None:
        """A request was made for news."""
        self.allowance.spend(now)

    def may_spend(self, now: float) -> bool:
        """Is there enough allowance for a request that only might help?"""
        return self.allowance.wait(now, _RESERVE * self.policy.burst) == 0.0 and now >= self._held_until

    def saw(self, known: Known, moment: Moment, *, listed: bool) -> None:
        """The job's record was just read, in a listing or by itself, and taken in."""
        track = self.tracks.get(known.id)
        if track is None:
            return
        if listed:
            self._appeared(track, known, moment.now)
        if known.final:
            self._ended(track, known, moment.now)
            return
        self._date(track, known, moment)
        track.missing, track.failures = None, 0
        track.alive = moment.now
        track.listed = track.listed or listed
        self._next(track, known, moment.now)

    def is_stale(self, known: Known, row: JobRecord, now: float) -> bool:
        """Does a listing that lags show an older state than one already seen?"""
        if known.status is None or row.state.status.final:
            return False
        here, there = _RANK.get(known.status, -1), _RANK.get(row.state.status, -1)
        track = self.tracks.get(known.id)
        recent = track is not None and track.alive is not None and now - track.alive < self.lags.grace
        return -1 < there < here and recent

    def not_yet(self, known: Known, now: float) -> None:
        """The job's result was not there."""
        track = self.tracks.get(known.id)
        if track is not None:
            track.alive = now

    def missed(self, job_ids: Iterable[str], now: float) -> None:
        """A listing that should have shown these did not: it is late, or they are gone. That proves nothing."""
        for job_id in job_ids:
            track, known = self.tracks.get(job_id), self._jobs.get(job_id)
            if track is not None and known is not None:
                track.missing, track.late = now if track.missing is None else track.missing, True
                self._next(track, known, now)

    def not_recent(self, job_ids: Iterable[str], now: float) -> None:
        """The newest rows do not show these: they are old, or not there at all."""
        for job_id in job_ids:
            track = self.tracks.get(job_id)
            if track is not None:
                track.missing, track.due = -math.inf, now

    def left(self, job_ids: Iterable[str], now: float) -> None:
        """A listing of what is pending no longer shows these: ask for them otherwise, at once."""
        for job_id in job_ids:
            track = self.tracks.get(job_id)
            if track is not None:
                track.listed, track.due = False, now

    def not_found(self, known: Known, now: float) -> bool:
        """Is a job that a direct read does not find lost? One that was just accepted may be late."""
        track = self.tracks.get(known.id)
        if track is None or known.accepted is None or now - track.born >= self.lags.grace:
            return True
        self._next(track, known, now)
        return False

    def failed(self, job_ids: Iterable[str], now: float, asked: float | None, *, everywhere: bool) -> float:
        """A request for these jobs failed: they are put off, and all are where the trouble is everybody's.

        Returns the seconds until they are asked for again.
        """
        self._failures += 1
        count = self._failures
        tracks = [self.tracks[job_id] for job_id in job_ids if job_id in self.tracks]
        for track in tracks:
            track.failures += 1
            count = max(count, track.failures)
        wait = pause_after_failure(self.policy, count, asked, self._roll())
        for track in tracks:
            track.due = max(track.due, now + wait)
        if everywhere:
            self._held_until = now + wait
        return wait

    def succeeded(self) -> None:
        """A request was answered."""
        self._failures = 0

    def peeked(self, found: int, now: float) -> None:
        """A round of peeking is over."""
        self._peek_rarer = 1.0 if found else min(_PEEK_RARER, 2.0 * self._peek_rarer)
        ages = [now - self.tracks[job_id].born for job_id in self._peekable()]
        part = max(_PEEK_FLOOR * self.policy.floor, _PEEK_PART * max(ages, default=0.0))
        self._peek_due = now + part * self._peek_rarer

    def wanting_hints(self, now: float) -> list[Known]:
        """Jobs to ask queue position and estimates of: where somebody listens, and of each kind of which
        nothing is known the eldest, as often as its age quadruples."""
        found, eldest = [], {}
        for job_id, track in sorted(self.tracks.items(), key=lambda item: item[1].born):
            known = self._jobs.get(job_id)
            if known is None or known.hintless or known.settled:
                continue
            if known.wants_hints:
                if now >= track.hint_due:
                    found.append(known)
            elif not self._hintless and _kind(known) not in eldest:
                eldest[_kind(known)] = known
        for kind, known in eldest.items():
            track = self.tracks[known.id]
            due = now - track.born >= max(_FIRST_ESTIMATE * self.policy.floor, 4.0 * track.asked)
            if due and self.durations.expectation(kind, None) is None:
                found.append(known)
        return found

    def estimated(self, known: Known, now: float) -> None:
        """The service was asked for an estimate of this job."""
        track = self.tracks.get(known.id)
        if track is not None:
            track.asked = now - track.born
            track.hint_due = now + max(2.0 * self.policy.floor, 2.0 * track.pause)
        self._hintless = self._hintless or known.hintless
        hint = hinted(known.created, known.estimated_end, None)
        if hint is not None:
            self._hints[_kind(known)] = hint

    def expectation(self, known: Known) -> Expectation | None:
        """When this job is thought to end, in seconds of its age."""
        kind = _kind(known)
        running = None if known.record is None else known.record.estimated_running_time_seconds
        return self.durations.expectation(kind, self._hints.get(kind) or hinted(None, None, running))

    def _look_due(self, now: float) -> float:
        """When the most urgent job is due. New ones join the looks at others, which need not come sooner."""
        urgent = min(self.tracks.values(), key=lambda track: track.due)
        apart = min(urgent.pause, self.policy.floor) if len(self.tracks) > 1 else 0.0
        due = max(urgent.due, self._looked + max(apart, self.allowance.ration(now)))
        return max(due, now + self.allowance.wait(now), self._held_until)

    def _cover(self, moment: Moment) -> Cover:
        now, grace = moment.now, self.lags.grace
        sights = []
        for job_id, track in self.tracks.items():
            known = self._jobs.get(job_id)
            if known is not None:
                due = track.due <= now + _TOGETHER * track.pause
                late = track.missing is not None and now - track.missing > grace
                tags = of_users(known.tags)
                sights.append(Sight(job_id, known.created, known.session_id, tags, due, late, track.listed))
        return cover(sights, moment.wall, self.lengths)

    def _peekable(self) -> list[str]:
        """Jobs whose result somebody waits for and may be read any number of times."""
        if len(self.tracks) < 2:
            return []
        known = [self._jobs.get(job_id) for job_id in self.tracks]
        return [job.id for job in known if job is not None and job.wanted and job.private is False]

    def _ripe(self, now: float) -> tuple[float, list[str]]:
        """When to peek next, and at which jobs, those first that are most likely to have ended."""
        spare = self.allowance.wait(now, _SPARED)
        earliest, ripe = math.inf, []
        expectations: dict[Kind, Expectation | None] = {}
        for job_id in self._peekable():
            known, track = self._jobs[job_id], self.tracks[job_id]
            kind = _kind(known)
            if kind not in expectations:
                expectations[kind] = self.durations.expectation(kind, None)
            expected = expectations[kind]
            if expected is None or expected.likely is None:
                continue
            at = track.born + expected.likely
            earliest = min(earliest, at)
            if at <= now < track.born + 2.0 * expected.late:
                ripe.append(((now - track.born) / expected.likely, job_id))
        ripe.sort(reverse=True)
        at = max(earliest, self._peek_due, now + spare, self._held_until)
        return (at, [job_id for _, job_id in ripe]) if ripe or earliest > now else (math.inf, [])

    def _date(self, track: Track, known: Known, moment: Moment) -> None:
        """A job that we did not submit is as old as the service says."""
        if not track.dated and known.created is not None:
            age = max(0.0, (moment.wall - known.created).total_seconds())
            track.born, track.dated = min(track.born, moment.now - age), True

    def _next(self, track: Track, known: Known, now: float) -> None:
        expected = self.expectation(known)
        if expected is not None and track.listed:
            expected = expected.later(self.lags.usual)
        wished = pause(self.policy, now - track.born, expected, self._roll())
        track.pause = max(wished, self._dear)
        track.due = now + track.pause

    def _appeared(self, track: Track, known: Known, now: float) -> None:
        if known.accepted is not None and track.dated and not track.listed:
            self.lags.saw(now - track.born if track.late else 0.0)

    def _ended(self, track: Track, known: Known, now: float) -> None:
        """Remember how long it took, where that is known well enough."""
        self.drop(known.id)
        if known.status is JobStatus.COMPLETED and track.dated and not track.hurried and track.alive:
            longest, shortest = now - track.born, track.alive - track.born
            if longest - shortest <= _EXACT * longest:
                self.durations.saw(_kind(known), (longest + shortest) / 2)


def _kind(known: Known) -> Kind:
    return known.backend, known.program_id
