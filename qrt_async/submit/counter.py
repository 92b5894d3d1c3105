"""Where programs are handed in: what ``service.run`` and every ``Submitter`` of a service share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from qrt_async.api.call import Call
from qrt_async.api.job_calls import LogLevel, NewJob, create_job
from qrt_async.api.models import CreatedJob
from qrt_async.api.pieces import Long
from qrt_async.errors import InvalidInput, ServiceClosed
from qrt_async.events import SubmissionBegun, SubmissionOver, wanted
from qrt_async.jobs.job import AsyncJob
from qrt_async.jobs.tags import check_users
from qrt_async.programs.program import Program
from qrt_async.submit.arrivals import Arrivals
from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.errand import Errand, Means
from qrt_async.submit.gates import Load
from qrt_async.submit.intake import Intake, Isa
from qrt_async.submit.key import fresh_key, tag_of
from qrt_async.submit.sender import Sender
from qrt_async.transport.tasks import Home

if TYPE_CHECKING:
    from qrt_async.submit.journal import Journal

Told = Callable[[AsyncJob[Any] | None, BaseException | None], None]


class Wishes(TypedDict, total=False):
    """What may be said of a job besides its program and backend; see ``service.run``."""

    tags: Sequence[str]
    session_id: str | None
    private: bool
    cost: int | None
    log_level: LogLevel | None
    calibration_id: str | None
    runtime: str | None
    isa: Isa
    watch: bool


class Counter:
    """One for a service. ``instance`` is the CRN that usage is limited by."""

    def __init__(
        self,
        means: Means,
        home: Home,
        intake: Intake,
        arrivals: Arrivals,
        limit: RateLimit | None,
        instance: str | None,
    ) -> None:
        self.means = means
        self.home = home
        self.arrivals = arrivals
        self.sender = Sender(means, limit)
        self.instance = instance
        self.limit = limit
        self.journals: list[Journal] = []
        """Those of the Submitters that are open; sessions are written down there, too."""
        self._intake = intake

    async def run(self, program: Program[Any], backend: str, wishes: Wishes) -> AsyncJob[Any]:
        """Submit at once, and return the job once it is accepted."""
        self.home.enter()
        new = draft(program, backend, wishes)
        key = fresh_key()
        told = self.told(key, new)
        try:
            job = await self._run(program, new, key, wishes)
        except BaseException as error:
            told(None, error)
            raise
        told(job, None)
        return job

    def told(self, key: str, new: NewJob, *, again: bool = False) -> Told:
        """Tell those who want to know that a submission begins; call what it returns when it is over."""
        announce = self.means.announce
        if not wanted(announce, SubmissionBegun):
            return _untold
        started = asyncio.get_running_loop().time()
        announce(SubmissionBegun(key=key, backend=new.backend, program_id=new.program_id, again=again))

        def over(job: AsyncJob[Any] | None, error: BaseException | None) -> None:
            announce(
                SubmissionOver(
                    key=key,
                    seconds=asyncio.get_running_loop().time() - started,
                    job_id=None if job is None else job.id,
                    error=None if error is None else type(error).__name__,
                )
            )

        return over

    async def _run(self, program: Program[Any], new: NewJob, key: str, wishes: Wishes) -> AsyncJob[Any]:
        errand = Errand(
            self.means,
            await self.written(program, new, wishes.get("isa", "check"), tag_of(key)),
            key,
            Load(new.backend, self.instance, new.cost),
        )
        created = await self.sender.send(errand, lambda _, made, error: self.arrivals.left(new, made, error))
        job = self.accepted(errand, new, created)
        if wishes.get("watch", True):
            with suppress(ServiceClosed):  # there is a job, though nobody looks after it
                self.arrivals.watch(job.id)
        return job

    async def check(self, program: Program[Any], backend: str) -> None:
        """Does it fit the backend? Raises ``NotISA``, before anything is sent."""
        await self._intake.check(program, backend)

    @property
    def max_payload(self) -> int:
        """Bytes of params in one job."""
        return self._intake.max_payload

    async def written(self, program: Program[Any], new: NewJob, isa: Isa, tag: str) -> Call[CreatedJob]:
        """The POST, checked against the backend and encoded. ``tag`` is the reserved one."""
        params = await self._intake.params(program, new.backend, new.calibration_id, isa)
        new = msgspec.structs.replace(new, params=params, tags=(*(new.tags or ()), tag))
        if isinstance(params, Long):  # copying them into the body of the request takes a while
            return await self._intake.worker.do(create_job, new)
        return create_job(new)

    def accepted(self, errand: Errand, new: NewJob, created: CreatedJob) -> AsyncJob[Any]:
        """The handle of what the service took in."""
        known = self.arrivals.known(
            msgspec.structs.replace(new, tags=(*(new.tags or ()), errand.tag)), created
        )
        entrance = self.sender.entered
        if entrance is not None:
            entrance.accepted(errand, known)
        return self.arrivals.handle(known)

    def stop(self, error: ServiceClosed) -> None:
        """The service closes: nothing that waits here is sent."""
        self._intake.stop(error)
        self.sender.stop(error)

    async def close(self) -> None:
        """Nothing is under way any more."""
        await self.sender.close()


def _untold(job: AsyncJob[Any] | None, error: BaseException | None) -> None:
    """Nobody listens."""


def check_wishes(wishes: Wishes) -> None:
    """A misspelt name is told as Python tells it, rather than left out of what is sent."""
    unknown = sorted(wishes.keys() - Wishes.__annotations__.keys())
    if unknown:
        known = ", ".join(Wishes.__annotations__)
        raise TypeError(f"unexpected keyword argument {unknown[0]!r}; allowed besides: {known}")


def draft(program: Program[Any], backend: str, wishes: Wishes) -> NewJob:
    """The submission without its params; raises ``InvalidInput`` for anything that cannot be sent."""
    check_wishes(wishes)
    if not isinstance(program, Program):
        raise InvalidInput(
            f"run() was given {type(program).__name__}; it takes a Sampler, an Estimator or a Program."
        )
    return NewJob(
        program_id=program.program_id,
        backend=backend,
        params=msgspec.Raw(b"{}"),  # until everything else is known to be right
        tags=check_users(wishes.get("tags", ())) or None,
        session_id=wishes.get("session_id"),
        private=wishes.get("private", False),
        cost=wishes.get("cost"),
        log_level=wishes.get("log_level"),
        calibration_id=wishes.get("calibration_id"),
        runtime=wishes.get("runtime"),
    )
