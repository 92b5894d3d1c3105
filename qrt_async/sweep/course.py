"""The course of the jobs of a sweep: into the line, to their end, and on in a search for what made one fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from qrt_async.api.status import JobStatus
from qrt_async.errors import (
    InvalidInput,
    JobError,
    LineFull,
    NotFound,
    NotSent,
    QrtError,
    ResultError,
    ResultGone,
    ServiceClosed,
)
from qrt_async.programs.program import Program
from qrt_async.submit.diary import Withdrawn
from qrt_async.submit.passage import Passage
from qrt_async.sweep.holdings import Holdings
from qrt_async.sweep.order import Hands, Mode
from qrt_async.sweep.piece import Pieces
from qrt_async.sweep.rows import Failure, Row
from qrt_async.sweep.split import (
    Step,
    begin,
    condemned,
    condemns,
    fell,
    is_of_circuit,
    is_worth_splitting,
    next_step,
    passed,
)

_AHEAD = 10
"""So many jobs are in line at a time: each holds its encoded points."""
_FINAL = (JobError, NotFound, ResultGone)
"""What makes an end of a job that there is: with any other error it may still run, or its result be read later."""
_ANOTHERS = (
    "The job of this point is another Submitter's, which is still open: once that is left, retry_failed(), or the sweep"
    " run again, has it. It was not sent again."
)


class Course:
    """``allowed`` are the jobs that may be spent on searching. Ends when every job has; raises ``NotSent`` or
    ``ServiceClosed`` where the rest cannot be sent or heard of."""

    def __init__(self, held: Holdings, hands: Hands, mode: Mode, allowed: int) -> None:
        self.passages: dict[str, Passage] = {}
        """Of the jobs that have not ended, by key."""
        self._held = held
        self._hands = hands
        self._mode: Mode = mode
        self._allowed = allowed
        self._spoilt: dict[int, QrtError] = {}
        """Circuits for which a job failed, and the error of points that are not sent for it."""
        self._session: str | None = None
        self._places = asyncio.Semaphore(_AHEAD)
        self._turn = asyncio.Lock()
        """Jobs get in line in the order of their points."""
        self._group = asyncio.TaskGroup()

    async def run(self) -> None:
        """All jobs that the rows speak of."""
        keys = self._held.standing.jobs()
        self.passages |= await self._take_up(keys)
        async with AsyncExitStack() as stack:
            if self._mode == "batch" and len(keys) > len(self.passages):
                self._session = (await stack.enter_async_context(self._hands.batch())).id
            async with self._group:
                for key in list(self.passages):
                    self._group.create_task(self._follow(key))
                for origin, failure in self._held.standing.searches().items():
                    await self._go_on(origin, failure)
                for key in keys:
                    if key in self._held.known and key not in self.passages:
                        await self._fail(key, ResultError(_ANOTHERS))
                    elif key not in self.passages:
                        await self._places.acquire()
                        self._group.create_task(self._send(key))

    async def _take_up(self, keys: Sequence[str]) -> dict[str, Passage]:
        """What an earlier run left on its way, and the charges that it did not hear of any more."""
        held = self._held
        found = {key: passage for key, passage in held.unread.items() if key in keys}
        found |= await self._hands.take_up([key for key in keys if key in held.known and key not in found])
        held.unread = {}
        for key in found:
            held.money.reserve(key)
        for key, passage in (await self._hands.take_up(held.uncharged)).items():
            if passage.job is not None:
                held.money.settle_later(key, passage.job)
        return found

    @property
    def all_sent(self) -> bool:
        """Does no job wait to be sent?"""
        keys = self._held.standing.jobs()
        return all(key in self.passages and not self.passages[key].unsent for key in keys)

    # --- one job -----------------------------------------------------------------------------------------

    async def _send(self, key: str) -> None:
        try:
            async with self._turn:
                await self._held.money.afford(key, lambda: self._hands.left)
                pieces = self._pieces(key)
                if (error := self._error_of(pieces)) is not None:
                    raise error
                program = await asyncio.to_thread(self._held.sweep.program, pieces)
                self.passages[key] = passage = await self._in_line(program, key)
            self._held.bell.ring()
            await passage.settled()
        except QrtError as error:
            await self._fail(key, error)
            return
        finally:
            self._places.release()
        await self._follow(key)

    async def _in_line(self, program: Program[object], key: str) -> Passage:
        while not self._hands.left:
            try:
                passage = self._hands.send(program, key, self._session)
            except LineFull:
                room = asyncio.Event()
                self._hands.when_room(room.set)
                await room.wait()
            else:
                passage.heard = True  # an error of it becomes an error of its points
                return passage
        raise NotSent("The rest of the sweep was not sent: its Submitter was left.")

    async def _follow(self, key: str) -> None:
        """From the line to the end of the job."""
        passage = self.passages[key]
        await passage.settled()
        self._held.bell.ring()
        if passage.error is not None:
            await self._fail(key, self._error_of(self._pieces(key)) or passage.error)
            return
        error = await self._outcome(key, passage)
        if condemns(error, pieces := self._pieces(key)):
            self._spoil(pieces[0].circuit, error)
        if error is not None and not is_worth_splitting(error, pieces):
            await self._fail(key, error)
            return
        del self.passages[key]
        self._held.jobs_ended.add(key)
        if error is None:
            await self._completed(key)
        else:
            await self._search(key, error)

    async def _outcome(self, key: str, passage: Passage) -> QrtError | None:
        job = passage.job
        assert job is not None  # noqa: S101 - settled without an error
        self._held.store.job_ids[key] = job.id
        try:
            if await job.wait() is JobStatus.COMPLETED:
                await self._held.store.keep(passage, job)
            else:
                await job.result()
        except ServiceClosed:
            raise
        except QrtError as error:
            return error
        finally:
            if job.done():
                self._held.money.settle(key, job)
        return None

    async def _completed(self, key: str) -> None:
        standing = self._held.standing
        origin = standing.origin_of(key)
        await self._ended(standing.end(key))
        await self._passed(origin)

    async def _fail(self, key: str, error: QrtError) -> None:
        """The points of the job have an error. Where it may still come to be, that is not written down."""
        if isinstance(error, ServiceClosed | NotSent) and not isinstance(error, Withdrawn):
            raise error
        standing = self._held.standing
        passage = self.passages.pop(key, None)
        self._held.money.free(key)
        origin, pieces = standing.origin_of(key), self._pieces(key)
        if passage is not None and passage.job is not None:
            self._held.jobs_ended.add(key)
        if unread := passage is not None and passage.job is not None and not isinstance(error, _FINAL):
            self._held.unread[key] = passage
        open_end = unread or error.submitted == "unknown" or isinstance(error, ResultError)
        await self._ended(standing.fail(standing.of_job(key), Failure.of(error)), keep=not open_end)
        if passage is not None and passage.job is not None and passage.job.status is JobStatus.COMPLETED:
            await self._passed(origin)  # a search asks no more of a job
        elif origin:
            rest = standing.search(origin)
            step = Step(failed=(*rest.suspects, *rest.held))
            if self._error_of(pieces) is not None:
                step = condemned(rest, pieces[0].circuit, self._allowed - standing.extra)
            await self._take_step(origin, step, standing.failure_of(origin))

    def _pieces(self, key: str) -> Pieces:
        return tuple(row.piece for row in self._held.standing.of_job(key))

    # --- circuits that cannot be run ---------------------------------------------------------------------

    def _error_of(self, pieces: Pieces) -> QrtError | None:
        """Why a job of these is not to be sent: a job failed for the only circuit that it has."""
        circuits = {piece.circuit for piece in pieces}
        return self._spoilt.get(pieces[0].circuit) if len(circuits) == 1 else None

    def _spoil(self, circuit: int, error: QrtError | None) -> None:
        """What is left of this circuit would only cost: it is not sent, or taken out of the line."""
        self._spoilt[circuit] = InvalidInput(
            f"Not sent, since an earlier job failed for this circuit: {error}"
        )
        for key, passage in self.passages.items():
            if passage.unsent and self._error_of(self._pieces(key)) is not None:
                self._hands.withdraw(passage)

    # --- looking for a bad point -------------------------------------------------------------------------

    async def _search(self, key: str, error: QrtError) -> None:
        """The job failed for its input."""
        standing = self._held.standing
        tested, pieces = standing.of_job(key), self._pieces(key)
        origin = standing.origin_of(key)
        search = fell(standing.search(origin), pieces, error) if origin else begin(pieces, error)
        if search is None:
            await self._fail(key, error)
        else:
            failure = Failure.of(error)
            whole = is_of_circuit(failure.reason_code)
            step = next_step(search, self._allowed - standing.extra, whole=whole)
            await self._take_step(origin or key, step, failure, tested)

    async def _go_on(self, origin: str, failure: Failure) -> None:
        standing = self._held.standing
        whole = is_of_circuit(failure.reason_code)
        step = next_step(standing.search(origin), self._allowed - standing.extra, whole=whole)
        await self._take_step(origin, step, failure)

    async def _passed(self, origin: str) -> None:
        """A job of this search completed. Others of it may be out: one whose result is read again, for example."""
        standing = self._held.standing
        if origin in standing.searches() and passed(standing.search(origin)) is not None:
            await self._go_on(origin, standing.failure_of(origin))

    async def _take_step(self, origin: str, step: Step, failure: Failure, tested: Sequence[Row] = ()) -> None:
        rows = self._held.standing.go_on(origin, step, failure, tested)
        await self._ended([row for row in rows if row.state == "failed"], beside=rows)
        for key in dict.fromkeys(row.job for row in rows if row.state == "planned"):
            await self._places.acquire()
            self._group.create_task(self._send(key))

    async def _ended(self, rows: Sequence[Row], beside: Sequence[Row] = (), *, keep: bool = True) -> None:
        if keep:
            await self._held.save(beside or rows)
        await self._held.finish(rows)
