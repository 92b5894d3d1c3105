"""Decides what to ask the service next: the watched jobs, the time and what was learned in, requests out. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import msgspec

from qrt_async.api.models import JobRecord
from qrt_async.api.status import JobStatus
from qrt_async.jobs.allowance import Allowance
from qrt_async.jobs.cadence import PollPolicy, pause
from qrt_async.jobs.cover import Cover, Sight, cover
from qrt_async.jobs.durations import Durations
from qrt_async.jobs.estimates import Estimates
from qrt_async.jobs.known import Known
from qrt_async.jobs.lags import Lags
from qrt_async.jobs.outage import Outage, Way
from qrt_async.jobs.peeks import Peeks
from qrt_async.jobs.stalls import Place, Stalls
from qrt_async.jobs.tags import of_users
from qrt_async.jobs.tracks import Moment, Track

_TOGETHER = 0.25
"""A job that is due within this part of its pause is looked at with those that are due now."""
_RESERVE = 0.25
"""This part of the burst is kept for looks: asking for estimates waits until there is more."""
_SPARED = 1
"""Requests that a peek leaves for the next look."""
_DEAR = 0.5
"""A look of many requests is not repeated before this part of what it cost beyond one has come back."""
_BETWEEN = 2.0
"""A job that a listing first showed long after another did not is thought to have been this much later."""
_LISTINGS = 1000
"""Listings whose lengths are remembered."""
_FEW = 2
"""Jobs that are watched otherwise than many: a lone one, and one that has become two."""
_RANK: dict[JobStatus | None, int] = {JobStatus.QUEUED: 0, JobStatus.RUNNING: 1}


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
        self.peeks = Peeks(policy, jobs, self.tracks)
        self.estimates = Estimates(policy, self.durations)
        self.stalls = Stalls(self.estimates)
        self.outage = Outage(policy, roll)
        self._dear = 0.0
        self._looked = -math.inf
        self._resume = math.inf

    def may_peek(self, now: float) -> int:
        """How many results may be asked for that might not be there, before a look is due."""
        if not self.tracks or now >= self._look_due(now) or now < self.outage.until:
            return 0
        return max(0, min(int(self.allowance.left(now)) - _SPARED, self.peeks.credit))

    def add(self, known: Known, moment: Moment) -> bool:
        """Watch this job; ``True`` where that calls for a step before the next one. One that was just accepted is
        not asked for at once."""
        if known.settled:
            return False
        anew = known.id not in self.tracks and self._begin(known, moment)
        track = self.tracks[known.id]
        return anew or min(track.due, self.peeks.ripe(known, self.durations)) < self._resume

    def _begin(self, known: Known, moment: Moment) -> bool:
        """One more; does it change what may be done for the others?"""
        track = self.tracks[known.id] = Track(born=moment.now, due=moment.now, changed=moment.now)
        track.dated = known.accepted is not None
        self._date(track, known, moment)
        if known.accepted is not None or known.record is not None:
            self._next(track, known, moment.now)
        before = self.peeks.credit
        self.peeks.joined()
        return len(self.tracks) <= _FEW or before == 0 < self.peeks.credit

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
            self.peeks.clear()
            self.estimates.clear()
            self.stalls.clear()
            return None
        due = self._look_due(moment.now)
        if due <= moment.now:
            look, self._looked = self._cover(moment), moment.now
            self._dear = _DEAR * (look.requests - 1) * 60.0 / self.policy.allowance
            return Step(look=look)
        round_due, ripe = self.peeks.next(self.durations, moment.now)
        spare = moment.now + self.allowance.wait(moment.now, _SPARED)
        peek_at = max(round_due, spare, self.outage.until)
        if peek_at <= moment.now:
            return Step(peek=tuple(ripe))
        self._resume = min(due, peek_at)
        return Step(wait=self._resume - moment.now)

    def spend(self, now: float) -> None:
        """A request was made for news."""
        self.allowance.spend(now)

    def may_spend(self, now: float) -> bool:
        """Is there enough allowance for a request that only might help?"""
        return self.allowance.wait(now, _RESERVE * self.policy.burst) == 0.0 and now >= self.outage.until

    def saw(self, known: Known, moment: Moment, *, listed: bool) -> None:
        """The job's record was just read, in a listing or by itself, and taken in."""
        track = self.tracks.get(known.id)
        if track is None:
            return
        if listed:
            self._appeared(track, known, moment.now)
        if known.final:
            self._ended(track, known, moment.now - (self.lags.usual if listed else 0.0))
            return
        self._date(track, known, moment)
        self.estimates.saw(known)
        if known.record is not None and track.said != known.record.state.status_text:
            track.said, track.changed = known.record.state.status_text, moment.now
        self._lives(track, known, moment.now, listed=listed)

    def _lives(self, track: Track, known: Known, now: float, *, listed: bool) -> None:
        track.missing, track.overdue, track.failures = None, False, 0
        track.alive = now - (self.lags.usual if listed else 0.0)
        track.listed = track.listed or listed
        self._next(track, known, now)

    def says_nothing_new(self, known: Known, row: int, moment: Moment) -> bool:
        """Is this (a hash of) the row that a listing showed of the job the last time?"""
        track = self.tracks.get(known.id)
        if track is None:
            return True
        if track.row == row and track.listed:
            self._lives(track, known, moment.now, listed=True)
            return True
        track.row = row
        return False

    def is_stale(self, known: Known, row: JobRecord, now: float) -> bool:
        """Does a listing that lags show an older state than one already seen?"""
        here = _RANK.get(known.status, -1)
        there = _RANK.get(row.state.status, -1) if here > 0 else here
        track = self.tracks.get(known.id)
        recent = track is not None and track.alive is not None and now - track.alive < self.lags.grace
        return -1 < there < here and recent

    def not_there(self, job_id: str, now: float) -> None:
        """A result that was peeked at was not there: that was a request for news, like any other."""
        self.spend(now)
        self.peeks.vain(self.tracks.get(job_id), now)

    def hintable(self, now: float) -> list[Known]:
        """Jobs to ask place in the queue and estimates of."""
        return self.estimates.wanted(self._jobs, self.tracks, now)

    def hinted(self, known: Known, now: float) -> None:
        """The service was asked for them."""
        self.estimates.came(known, self.tracks.get(known.id), now)

    def standing_still(self, now: float) -> tuple[Place, list[Known]] | None:
        """A place to look for a reason at, and the jobs that do not move on there."""
        return self.stalls.next(self._jobs, self.tracks, now) if self.may_spend(now) else None

    def measured(self, key: str, rows: int) -> None:
        """So many rows of the listing with this key had to be read."""
        if len(self.lengths) >= _LISTINGS:
            self.lengths.clear()
        self.lengths[key] = rows

    def missed(self, job_ids: Iterable[str], now: float) -> None:
        """A listing that should have shown these did not: it is late, or they are gone. That proves nothing."""
        for job_id in job_ids:
            track, known = self.tracks.get(job_id), self._jobs.get(job_id)
            if track is not None and known is not None:
                track.missing = now if track.missing is None else track.missing
                if not track.listed:
                    track.late = now - track.born
                track.overdue = now - track.missing > self.lags.grace
                self._next(track, known, now)

    def not_recent(self, job_ids: Iterable[str], now: float) -> None:
        """The newest rows do not show these: they are old, or not there at all."""
        for job_id in job_ids:
            track = self.tracks.get(job_id)
            if track is not None:
                track.overdue, track.due = True, now

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

    def failed(self, job_ids: Iterable[str], now: float, asked: float | None, *, listing: bool) -> float:
        """A request for these jobs failed; returns the seconds until the service is asked again."""
        tracks = [self.tracks[job_id] for job_id in job_ids if job_id in self.tracks]
        return self.outage.failed(tracks, now, asked, listing=listing)

    def _look_due(self, now: float) -> float:
        """When the most urgent job is due. New ones join the looks at others, which need not come sooner."""
        urgent = min(self.tracks.values(), key=lambda track: track.due)
        apart = min(urgent.pause, self.policy.floor) if len(self.tracks) > 1 else 0.0
        due = max(urgent.due, self._looked + max(apart, self.allowance.ration(now)))
        return max(due, now + self.allowance.wait(now), self.outage.until)

    def _cover(self, moment: Moment) -> Cover:
        now, way = moment.now, self.outage.way()
        sights = []
        for job_id, track in self._in_view(way):
            known = self._jobs.get(job_id)
            if known is not None:
                sights.append(
                    Sight(
                        id=job_id,
                        created=known.created,
                        session=known.session_id,
                        tags=of_users(known.tags),
                        due=track.due <= now + _TOGETHER * track.pause,
                        missing=way != "together" or track.overdue,
                        listed=track.listed,
                    )
                )
        return cover(sights, moment.wall, self.lengths)

    def _in_view(self, way: Way) -> Iterable[tuple[str, Track]]:
        if way != "probe":
            return self.tracks.items()
        return [min(self.tracks.items(), key=lambda item: item[1].due)]

    def _date(self, track: Track, known: Known, moment: Moment) -> None:
        """A job that we did not submit is as old as the service says."""
        if not track.dated and known.created is not None:
            age = max(0.0, (moment.wall - known.created).total_seconds())
            track.born, track.dated = min(track.born, moment.now - age), True

    def _next(self, track: Track, known: Known, now: float) -> None:
        expected = self.estimates.expectation(known)
        if expected is not None and track.listed:
            expected = expected.later(self.lags.usual)
        wished = pause(self.policy, now - track.born, expected, self._roll())
        track.pause = max(wished, self._dear)
        track.due = now + track.pause

    def _appeared(self, track: Track, known: Known, now: float) -> None:
        if known.accepted is not None and track.dated and not track.listed:
            self.lags.saw(min(now - track.born, _BETWEEN * track.late))

    def _ended(self, track: Track, known: Known, at: float) -> None:
        """It ended at this time at the latest. Remember how long it took, as far as that is known."""
        self.drop(known.id)
        if known.status is JobStatus.COMPLETED and track.dated and not track.hurried and track.alive:
            self.durations.saw(known.kind, min(track.alive, at) - track.born, at - track.born)
