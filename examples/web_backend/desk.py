"""What every handler has at hand: the service, its submitter, and what this application keeps itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import qrt_async as qrt

from .forms import Order
from .records import Record, Records
from .settings import Settings
from .sweeps import Sweeps

TOLD = (
    qrt.events.JobMoved,
    qrt.events.JobStalled,
    qrt.events.PermitAwaited,
    qrt.events.SubmissionFailed,
)
"""Events after which a table of jobs may look different."""
FRESH = 60.0
"""Seconds for which a list of backends is good enough."""


class Bell:
    """An observer of the service, for streams that tell of many jobs: whoever takes ``news`` before it looks around,
    and then waits for it, misses nothing."""

    def __init__(self) -> None:
        self.news = asyncio.Event()

    def __call__(self, event: qrt.events.Event) -> None:
        if isinstance(event, TOLD):
            self.ring()

    def ring(self) -> None:
        self.news.set()
        self.news = asyncio.Event()


class Backends:
    """The backends of the account, asked for now and then."""

    def __init__(self, service: qrt.RuntimeService) -> None:
        self._service = service
        self._lock = asyncio.Lock()
        self._known: list[Any] = []
        self._until = 0.0

    async def list(self) -> list[Any]:
        """The simulator first, the rest by their number of qubits."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if now >= self._until:
                found = await self._service.backends.list()
                self._known = sorted(found, key=lambda one: (not one.is_simulator, one.qubits or 0, one.name))
                self._until = now + FRESH
            return self._known


@dataclass(frozen=True)
class Desk:
    """One for each worker. ``settings.data`` is shared by all of them."""

    settings: Settings
    service: qrt.RuntimeService
    submitter: qrt.Submitter
    records: Records
    sweeps: Sweeps
    backends: Backends
    bell: Bell

    async def order(self, tenant: str, order: Order) -> Record:
        """On its way once this returns, whatever becomes of this process; raises ``QrtError`` where it cannot be."""
        record = await (self.sweeps.begin if order.kind == "sweep" else self._begin)(tenant, order)
        self.bell.ring()
        return record

    async def _begin(self, tenant: str, order: Order) -> Record:
        submission = self.submitter.tenant(tenant).submit(_program(order), backend=order.backend)
        record = Record.new(submission.id, tenant, order)
        await self.records.add(record)
        try:
            await submission.kept()
        except qrt.QrtError:
            await self.records.forget(record)
            raise
        return record

    async def cancel(self, record: Record) -> None:
        """What is not sent stays unsent, what runs is cancelled."""
        if record.order.kind == "sweep":
            await self.sweeps.cancel(record)
        else:
            await self.submitter.tenant(record.tenant).cancel(record.id)
        self.bell.ring()


@asynccontextmanager
async def opened(
    settings: Settings, service: qrt.RuntimeService, submitter: qrt.Submitter, bell: Bell
) -> AsyncIterator[Desk]:
    """With sweeps of earlier processes taken up again."""
    records = Records(settings.data / "orders.db")
    await records.open()
    async with Sweeps(submitter, records) as sweeps:
        await sweeps.resume()
        yield Desk(settings, service, submitter, records, sweeps, Backends(service), bell)


def _program(order: Order) -> qrt.Sampler:
    if order.angle is None:
        return qrt.Sampler([order.text], shots=order.shots)
    return qrt.Sampler([(order.text, {order.angle: order.values[0]})], shots=order.shots)
