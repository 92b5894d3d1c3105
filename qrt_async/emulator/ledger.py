"""All jobs, and the only place where one is replaced by its next state."""

from __future__ import annotations

import base64
import bisect
from collections.abc import Callable, Iterator

import msgspec

from . import job as life
from .agenda import Agenda
from .job import Job
from .wire import Problem
from .work import Outcome


class JobIds:
    """20 characters, base32hex in lower case: seconds, 40 random bits of this run, a counter.

    They sort by time, and another run does not draw them again.
    """

    def __init__(self, run: bytes) -> None:
        self._run = run[:5]
        self._count = 0

    def next(self, now: float) -> str:
        self._count += 1
        raw = int(now).to_bytes(4, "big") + self._run + self._count.to_bytes(3, "big")
        return base64.b32hexencode(raw).decode().rstrip("=").lower()


class Ledger:
    """Jobs by id and by owner. Each change is told to ``told``; ``held`` may keep a job from starting."""

    def __init__(
        self, agenda: Agenda, told: Callable[[Job, float], None], held: Callable[[Job], bool]
    ) -> None:
        self._agenda = agenda
        self._told = told
        self._is_held = held
        self._jobs: dict[str, Job] = {}
        self._owned: dict[tuple[str, str], list[str]] = {}
        self._queued: dict[str, dict[str, float]] = {}
        self._pending: dict[str, set[str]] = {}
        self._sessions: dict[str, dict[str, None]] = {}
        self._running: dict[str, dict[str, None]] = {}
        self._held: list[str] = []

    def add(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._owned.setdefault((job.user_id, job.crn), []).append(job.id)
        self._queued.setdefault(job.posted.backend, {})[job.id] = job.starts
        self._pending.setdefault(job.user_id, set()).add(job.id)
        if job.posted.session_id is not None:
            self._sessions.setdefault(job.posted.session_id, {})[job.id] = None
        self._agenda.add(job.starts, "start", job.id)
        self._told(job, job.created)

    def add_past(self, job: Job) -> None:
        """Enter a job that ended before anybody looked; it takes its place by its id."""
        self._jobs[job.id] = job
        bisect.insort(self._owned.setdefault((job.user_id, job.crn), []), job.id)

    def find(self, job_id: str, crn: str) -> Job:
        """A job of this instance; raises 404 with code 1291."""
        job = self._jobs.get(job_id)
        if job is None or job.deleted is not None or job.crn != crn:
            raise Problem(
                404,
                1291,
                f"Job not found. Job ID: {job_id}",
                "Verify the job ID is correct and that you have the correct access permissions.",
            )
        return job

    def all(self) -> Iterator[Job]:
        """Every job ever accepted, deleted ones too."""
        return iter(self._jobs.values())

    def owned(self, user_id: str, crn: str) -> Iterator[Job]:
        """A user's jobs of one instance, newest first."""
        for job_id in reversed(self._owned.get((user_id, crn), [])):
            yield self._jobs[job_id]

    def pending(self, user_id: str) -> int:
        return len(self._pending.get(user_id, ()))

    def queue_length(self, backend: str) -> int:
        return len(self._queued.get(backend, ()))

    def position(self, job: Job) -> int:
        """How many queued jobs of that backend start earlier."""
        queued = self._queued[job.posted.backend]
        return sum(starts < queued[job.id] for starts in queued.values())

    def in_session(self, session_id: str) -> list[Job]:
        """The session's jobs that are not final, in the order of submission."""
        return [self._jobs[job_id] for job_id in self._sessions.get(session_id, ())]

    def start(self, job_id: str, at: float) -> None:
        """The queue lets a job through."""
        job = self._jobs[job_id]
        if job.status != "Queued":
            return
        if self._is_held(job):
            self._held.append(job_id)
            return
        running = life.start(job, at)
        if job.wish.ending != "never":
            self._agenda.add(running.due, "end", job_id)
        self._replace(running, at)

    def release(self, now: float) -> None:
        """What held jobs may have gone: those that should have started do so now."""
        held, self._held = self._held, []
        for job_id in held:
            self.start(job_id, now)

    def end(self, job_id: str, at: float) -> None:
        """The run is over, unless its simulation is not."""
        job = self._jobs[job_id]
        if job.status == "Running" and job.ready:
            self._replace(life.end(job, at), at)

    def finished(self, job_id: str, outcome: Outcome, now: float) -> None:
        """The simulation of a job is over; nobody learns of it before the run is."""
        job = self._jobs.get(job_id)
        if job is None or job.final:
            return
        self._jobs[job_id] = job = msgspec.structs.replace(job, outcome=outcome)
        if job.status == "Running" and job.due <= now:
            self.end(job_id, now)

    def cancel(self, job: Job, now: float) -> None:
        self._replace(life.cancel(job, now), now)

    def busy_instances(self) -> list[str]:
        """Those with running jobs."""
        return [crn for crn, jobs in self._running.items() if jobs]

    def cut(self, crn: str, now: float) -> None:
        """The instance's usage is spent: what runs has run too long, what is queued waits."""
        for job_id in [*self._running.get(crn, ())]:
            job = self._jobs[job_id]
            if not job.final:
                self._replace(life.out_of_usage(job, now), now)

    def close(self, job: Job, now: float) -> None:
        """The session of a queued job is gone."""
        self._replace(life.close(job, now), now)

    def retag(self, job: Job, tags: tuple[str, ...]) -> None:
        self._jobs[job.id] = msgspec.structs.replace(job, tags=tags)

    def read_private(self, job: Job) -> None:
        """The one read of a private result has happened: it is gone."""
        self._jobs[job.id] = msgspec.structs.replace(job, result=None, outcome=None)

    def delete(self, job: Job, now: float) -> None:
        """Forget all but the facts that the control endpoints show."""
        self._owned[job.user_id, job.crn].remove(job.id)
        posted = msgspec.structs.replace(job.posted, params=b"{}")
        self._jobs[job.id] = msgspec.structs.replace(
            job, deleted=now, posted=posted, result=None, outcome=None
        )

    def _replace(self, job: Job, at: float) -> None:
        self._jobs[job.id] = job
        if job.status != "Queued":
            self._queued[job.posted.backend].pop(job.id, None)
        if job.status == "Running":
            self._running.setdefault(job.crn, {})[job.id] = None
        if job.final:
            self._running.get(job.crn, {}).pop(job.id, None)
            self._pending[job.user_id].discard(job.id)
            self._sessions.get(job.posted.session_id or "", {}).pop(job.id, None)
        self._told(job, at)
