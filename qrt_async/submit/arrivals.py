"""Jobs that the service accepted, as handles; also those that nobody waited for any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from qrt_async.api.job_calls import NewJob
from qrt_async.api.models import CreatedJob
from qrt_async.events import Event, SubmissionUnclaimed
from qrt_async.jobs.desk import Desk
from qrt_async.jobs.job import AsyncJob
from qrt_async.jobs.known import Acceptance, Known
from qrt_async.jobs.spool import Spool

J = TypeVar("J", bound=AsyncJob[Any])


class Arrivals:
    """``unclaimed`` are the jobs whose submission was cancelled after it left."""

    def __init__(self, desk: Desk, announce: Callable[[Event], None], spool: Spool | None = None) -> None:
        self.unclaimed: list[AsyncJob[Any]] = []
        self._desk = desk
        self._announce = announce
        self._spool = spool

    def known(self, new: NewJob, created: CreatedJob) -> Known:
        """What is known of a job that was just accepted."""
        acceptance = Acceptance(
            at=datetime.now(UTC),
            program_id=new.program_id,
            backend=created.backend or new.backend,
            tags=new.tags or (),
            session_id=created.session_id or new.session_id,
            private=new.private,
        )
        return self._desk.watcher.know(created.id, acceptance)

    def handle(self, known: Known) -> AsyncJob[Any]:
        """A handle on it."""
        return AsyncJob(known, self._desk)

    def made(self, make: Callable[[Desk], J]) -> J:
        """A handle of another kind."""
        return make(self._desk)

    def of(self, job_id: str) -> Known:
        """What is known of a job that somebody holds."""
        return self._desk.watcher.know(job_id)

    async def body(self, job_id: str) -> bytes:
        """The result of a completed job, undecoded, and nowhere in memory any more."""
        known = self.of(job_id)
        return known.take_body() or await self._desk.delivery(known).body_of_completed(known)

    async def decode(self, program_id: str, body: bytes) -> Any:
        """A result that is read point by point. Raises ``ResultError``."""
        return await self._desk.decode(program_id, body)

    def spool_of(self, job_id: str) -> str | None:
        """Where the result of a private job is put by whoever reads it."""
        return None if self._spool is None else str(self._spool.path(job_id))

    def watch(self, job_id: str) -> None:
        """Look after the job from now on."""
        self._desk.watcher.watch(self.of(job_id))

    def left(self, new: NewJob, created: CreatedJob | None, error: BaseException | None) -> None:
        """A cancelled ``run`` left something behind: say so, and keep it."""
        if created is not None:
            self.unclaimed.append(self.handle(self.known(new, created)))
        self._announce(
            SubmissionUnclaimed(
                job_id=None if created is None else created.id,
                backend=new.backend,
                error=None if error is None else f"{type(error).__name__}: {error}",
            )
        )
