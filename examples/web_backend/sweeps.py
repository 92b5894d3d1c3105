"""Sweeps that are under way. The journal has their points and jobs; what they were is among our records."""

from __future__ import annotations

import asyncio
import secrets
from types import TracebackType
from typing import Self

import qrt_async as qrt
from qrt_async.sweep.run import SweepRun

from .forms import Order
from .records import Record, Records


class Sweeps:
    """Each sweep is run by one worker. The others, asked for it, show how far it was when they were asked."""

    def __init__(self, submitter: qrt.Submitter, records: Records) -> None:
        self._submitter = submitter
        self._records = records
        self._runs: dict[str, SweepRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, tenant: str, order: Order) -> Record:
        """Raises ``QrtError`` where it cannot be sent."""
        record = Record.new(secrets.token_hex(10), tenant, order)
        run = self._new(record)
        await run.plan()
        await self._records.add(record)
        self._start(record, run)
        return record

    async def find(self, record: Record) -> SweepRun:
        """As it is now. One that nobody runs becomes ours."""
        if record.id not in self._runs:
            run = self._new(record)
            await run.plan()
            if record.ended:
                return run
            if record.id not in self._runs:  # nobody else came for it meanwhile
                self._start(record, run)
            return run
        return self._runs[record.id]

    def ours(self, record: Record) -> bool:
        """Does this worker run it, or has it?"""
        return record.id in self._runs

    async def cancel(self, record: Record) -> None:
        """For good: no later process takes it up again. Of one that another worker runs, its jobs are cancelled."""
        run = await self.find(record)
        await self._records.end(record, "cancelled")
        await run.cancel()
        tenant = self._submitter.tenant(record.tenant)
        for one in await tenant.list(limit=1000):
            if record.id in one.tags and one.state in {"waiting", "sending", "accepted"}:
                await tenant.cancel(one.id)

    async def resume(self) -> None:
        """Take up what no living process runs."""
        for record in await self._records.unfinished():
            self._start(record, self._new(record))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _new(self, record: Record) -> SweepRun:
        order = record.order
        sweep = qrt.Sweep(order.text, {str(order.angle): list(order.values)}, shots=order.shots)
        tenant = self._submitter.tenant(record.tenant)
        return tenant.sweep(sweep, backend=order.backend, name=record.id, tags=[record.id])

    def _start(self, record: Record, run: SweepRun) -> None:
        run.start()
        self._runs[record.id] = run
        task = asyncio.create_task(self._follow(record, run), name=f"sweep {record.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, record: Record, run: SweepRun) -> None:
        async for _ in run.updates():
            """Until it is over."""
        if run.error is None:
            await self._records.end(record, "over")
        elif self._runs.get(record.id) is run:  # another worker has it, or the service is closing
            del self._runs[record.id]
