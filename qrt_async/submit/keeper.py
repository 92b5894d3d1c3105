"""Results, kept in the journal: read from the service once, and there in any later process."""

from __future__ import annotations

import contextlib
from typing import Any

from qrt_async.api.status import JobStatus
from qrt_async.errors import JournalError
from qrt_async.jobs.job import AsyncJob
from qrt_async.submit.arrivals import Arrivals
from qrt_async.submit.journal import Journal


class Keeper:
    """Of a private job the journal has the path of its spool, which is where its one reader puts it."""

    def __init__(self, journal: Journal, arrivals: Arrivals) -> None:
        self._journal = journal
        self._arrivals = arrivals

    async def bring(self, key: str, job: AsyncJob[Any]) -> None:
        """Have the result of a completed job at hand, from the journal or for it. A journal that was closed meanwhile,
        or a full disk, costs the copy and not the result."""
        if await job.wait() is not JobStatus.COMPLETED:
            return
        if job.private is None:
            await job.refresh()
        with contextlib.suppress(JournalError):
            if job.private:
                await self._journal.spooled(key, self._arrivals.spool_of(job.id))
            else:
                await self._bring(key, job)

    async def store(self, key: str, job: AsyncJob[Any]) -> bool:
        """Have the result of a completed job in the journal and not in memory. ``False`` where the journal fails: then
        it can be had of the job."""
        known, body = self._arrivals.of(job.id), None
        try:
            if not await self._journal.has_result(key):
                body = await self._arrivals.body(job.id)
                await self._journal.keep(key, body)
        except JournalError:
            known.body = body
            return False
        return True

    async def _bring(self, key: str, job: AsyncJob[Any]) -> None:
        known = self._arrivals.of(job.id)
        body = await self._journal.result(key)
        if body is None:
            body = known.take_body() or await job.raw_results()
            known.body = body
            if body is not None:
                await self._journal.keep(key, body)
        known.body = body
