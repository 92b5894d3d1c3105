"""Brings results home: downloaded and decoded once, shared by all who wait, never lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from qrt_async.api.call import Ask
from qrt_async.api.job_calls import get_job, get_results, get_results_once
from qrt_async.errors import JobError, QrtError, ResultError, ResultGone, ResultTooLong, ServiceError
from qrt_async.events import Event, ResultRead, wanted
from qrt_async.jobs.decoder import Decoder
from qrt_async.jobs.known import Known
from qrt_async.jobs.outcome import error_of, last_line
from qrt_async.jobs.spool import Part, Spool, cut
from qrt_async.transport.flight import Flight
from qrt_async.transport.tasks import Crew
from qrt_async.transport.wire import Keep

_LATE = (0.5, 1.0, 2.0, 4.0)
"""Seconds to wait for the result of a completed job that the service does not have yet. Nothing arrives with
that answer, so that asking again loses no private result either."""


class Delivery:
    """The results of one job. Holds nothing of the job's state, so that dropping handles ends watching."""

    def __init__(
        self,
        ask: Ask,
        crew: Crew,
        decoder: Decoder,
        spool: Spool | None,
        announce: Callable[[Event], None],
        *,
        keep: bool,
    ) -> None:
        self._ask = ask
        self._decoder = decoder
        self._spool = spool
        self._announce = announce
        self._keep = keep
        self._decoding: Flight[Any] = Flight(crew, "result")
        self._reading: Flight[bytes | None] = Flight(crew, "private result", precious=True)
        self._kept: tuple[Any] | None = None
        self._held: bytes | None = None
        """A private body that is nowhere else: without a spool until it is decoded, beside a broken one."""

    async def result(self, known: Known) -> Any:
        """The decoded result of a completed job."""
        if self._kept is not None:
            return self._kept[0]
        return await self._decoding.join(lambda: self._bring(known))

    async def body(self, known: Known, keep: Keep | None = None) -> bytes | None:
        """The bytes as the service sends them; of a private job from the spool, if they are there.

        ``keep`` may hold up the others; never those of a private job, whose read must not be risked.
        """
        if await self._is_private(known):
            return await self._reading.join(lambda: self._read(known))
        return await self._ask(get_results(known.id, keep))

    @property
    def held(self) -> bytes | None:
        """The bytes of a private job that are nowhere else."""
        return self._held

    async def error(self, known: Known) -> JobError | None:
        """How a settled job went wrong. Where the record is silent, the error text is asked for."""
        assert known.record is not None  # noqa: S101 - only a record settles a job
        error = error_of(known.record)
        if error is None or error.reason or known.private:
            return error
        try:
            text = last_line(await self._ask(get_results(known.id)))
        except QrtError:
            return error
        return error_of(known.record, text)

    async def _bring(self, known: Known) -> Any:
        async with self._decoder.room() as keep:
            body = known.take_body() or await self.body_of_completed(known, keep)
            try:
                value = await self._decoder.decode(known.program_id or "", body)
            except ResultError as error:
                raise ResultError(f"{error} The bytes of job {known.id}: await job.raw_results().") from error
        if self._keep:
            self._kept = (value,)
        if self._spool is None:
            self._held = None
        return value

    async def body_of_completed(self, known: Known, keep: Keep | None = None) -> bytes:
        """As ``body``; a result that the service does not have yet is waited for."""
        started = asyncio.get_running_loop().time()
        body = await self._body_of_completed(known, keep)
        if wanted(self._announce, ResultRead):
            seconds = asyncio.get_running_loop().time() - started
            self._announce(ResultRead(job_id=known.id, seconds=seconds, size=len(body)))
        return body

    async def _body_of_completed(self, known: Known, keep: Keep | None) -> bytes:
        body = await self.body(known, keep)
        for pause in _LATE:
            if body is not None:
                return body
            await asyncio.sleep(pause)
            body = await self.body(known, keep)
        if body is None and known.private:
            raise ResultGone(
                f"The result of private job {known.id} was read before, and the service keeps none."
                " Only the first reader has it."
            )
        if body is None:
            raise ResultError(f"Job {known.id} completed, but the service has no result of it.")
        return body

    async def _is_private(self, known: Known) -> bool:
        """Who does not know asks first: reading may be possible only once."""
        if known.private is None:
            record = await self._ask(get_job(known.id, exclude_params=True))
            known.learn(record, datetime.now(UTC))
        return bool(known.private)

    async def _read(self, known: Known) -> bytes | None:
        """The one read. What arrives is on disk before anything else is done with it."""
        if self._held is not None:
            return self._held
        if self._spool is None:
            self._held = await self._ask(get_results_once(known.id, None))
            return self._held
        kept = await self._spool.load(known.id)
        if kept is not None:
            return kept
        return await self._spooled(known.id, self._spool, await self._spool.begin(known.id))

    async def _spooled(self, job_id: str, spool: Spool, part: Part) -> bytes | None:
        try:
            body = await self._ask(get_results_once(job_id, part.add))
            if body is not None and not await part.finish():
                self._held = body  # the disk failed: memory is all there is
            await part.leave()
        except ResultTooLong as error:
            if await part.finish():
                raise spool.too_long(job_id, part.arrived) from error
            raise cut(job_id, f"cut by a full disk after {part.arrived} bytes", part.path) from error
        except ServiceError as error:
            await part.leave()
            if part.arrived:
                raise cut(job_id, f"cut after {part.arrived} bytes", part.path) from error
            raise
        except asyncio.CancelledError:
            await part.leave()  # in a thread: a disk may take its time to sync, and the loop has other users
            raise
        finally:
            part.close()
        return body
