"""Sweeps that are under way. The journal has their points and jobs; what they were is among our records."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from contextlib import suppress
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

import qrt_async as qrt
from qrt_async.sweep.run import SweepRun

from .forms import Order
from .records import Record, Records

LOOK = 2.0
"""Seconds after which is looked whether another worker was told to cancel some."""
KEPT = 1000
"""So many that are over are remembered, instead of being read again for every page."""


class Sweeps:
    """Each sweep is run by one worker. The others, asked for it, follow: the library sees to that."""

    def __init__(self, submitter: qrt.Submitter, records: Records) -> None:
        self._submitter = submitter
        self._records = records
        self._runs: dict[str, SweepRun] = {}
        self._over: dict[str, SweepRun] = {}
        self._finding: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
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
        """As it is now: the same one for all who ask. One that is not over becomes ours, to run or to follow."""
        async with self._finding.setdefault(record.id, asyncio.Lock()):
            run = self._runs.get(record.id, self._over.get(record.id))
            if run is None:
                run = self._new(record)
                await run.plan()
                if await self._records.ended([record.id]):
                    self._keep(record, run)
                else:
                    self._start(record, run)
            return run

    def ours(self, record: Record) -> bool:
        """Does this worker run or follow it?"""
        return record.id in self._runs

    async def cancel(self, record: Record) -> None:
        """For good: no later process takes it up again. A worker that runs it sends no more within moments; what it has
        sent is cancelled here and now."""
        await self._records.end(record, "cancelled")  # first, so that it is not begun for this
        run = await self.find(record)
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
        self._tasks.add(asyncio.create_task(self._hear(), name="sweeps cancelled elsewhere"))
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
            self._keep(record, run)
        # Else another worker has it, or the service is closing: whoever asks next goes on with it.
        self._runs.pop(record.id, None)

    async def _hear(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            with suppress(sqlite3.Error, qrt.QrtError):  # a busy disk, say: the next look hears of it
                ended = await self._records.ended(self._runs) if self._runs else {}
                for name in [name for name, end in ended.items() if end == "cancelled"]:
                    if name in self._runs:
                        await self._runs[name].cancel()

    def _keep(self, record: Record, run: SweepRun) -> None:
        self._over[record.id] = run
        while len(self._over) > KEPT:
            del self._over[next(iter(self._over))]
