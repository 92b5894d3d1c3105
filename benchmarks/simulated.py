"""The client and the service in one loop whose time is simulated: no sockets, no threads, a day in seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

import qrt_async as qrt
from qrt_async.emulator import EmulatorConfig
from qrt_async.emulator.job import Plan
from qrt_async.emulator.memory import MemoryEmulator
from qrt_async.emulator.wishes import Wish
from qrt_async.emulator.work import Outcome, Work
from qrt_async.transport.http import HttpTransport
from qrt_async.transport.retry import RetryPolicy
from qrt_async.transport.timeouts import Timeouts
from qrt_async.transport.wire import Reply, Request

from .stage import BACKEND, CRN, KEY, STATUS

URL = "http://127.0.0.1:9"
QASM = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] meas; meas[0] = measure $0; meas[1] = measure $1;'
BODY = (
    b'{"results":[{"data":{"meas":{"samples":["0x0","0x3","0x3"],"num_bits":2}},"metadata":{}}],'
    b'"metadata":{"version":2}}'
)


class Sampled:
    """Stands in for the simulator: one small result for all."""

    async def run(self, work: Work) -> Outcome:
        return Outcome(kind="completed", body=BODY, quantum_seconds=2.0)

    async def close(self) -> None:
        """Nothing to close."""


class MemoryTransport(HttpTransport):
    """The client's own way to the service, but for the last step: the emulator is asked directly."""

    emulator: MemoryEmulator
    round_trip = 0.0

    async def _exchange(self, line: Any, request: Request, url: str) -> Reply:
        parts = urlsplit(url)
        query = urlencode(request.query)
        if self.round_trip:
            await asyncio.sleep(self.round_trip)
        reply = await self.emulator.send(
            request.method,
            parts.path + ("?" + query if query else ""),
            headers=dict(request.headers),
            body=request.body or b"",
        )
        headers = {name.lower(): value for name, value in reply.headers}
        return Reply(code=reply.status, headers=headers, body=reply.body)


class SimulatedService(qrt.RuntimeService):
    """A service whose transport has no sockets."""

    def __init__(self, emulator: MemoryEmulator, **how: Any) -> None:
        self._memory = emulator
        options = {"rate_limit": None, "spool": False, **how}
        super().__init__(url=URL, token=KEY, instance=CRN, **options)

    def _build_transport(self, retry: RetryPolicy, timeouts: Timeouts, date: str) -> None:
        self._transport = MemoryTransport(
            self._locate,
            home=self._home,
            crew=self._crew,
            announce=self._announce,
            retry=retry,
            timeouts=timeouts,
            api_date=date,
        )
        self._transport.emulator = self._memory


class Scene:
    """A service and its emulator, and the server's books."""

    def __init__(self, emulator: MemoryEmulator, service: SimulatedService) -> None:
        self.emulator = emulator
        self.service = service

    async def control(self, method: str, what: str, body: Any = None) -> Any:
        content = msgspec.json.encode(body)
        reply = await self.emulator.send(method, f"/_emulator/{what}", body=content)
        assert reply.status < 300, reply.body
        return msgspec.json.decode(reply.body) if reply.body else None

    async def submit(self, *tags: str, **how: Any) -> qrt.AsyncJob[qrt.PrimitiveResult]:
        return await self.service.run(qrt.Sampler([QASM], shots=3), backend=BACKEND, tags=tags, **how)

    async def age(self, jobs: int) -> None:
        """Let the user have so many older, unrelated jobs."""
        if jobs:
            await self.control("POST", "history", {"count": jobs, "key": KEY, "instance": CRN})

    async def requests(self) -> dict[str, int]:
        found: dict[str, int] = (await self.control("GET", "stats"))["requests"]
        return found

    async def ended(self) -> dict[str, float]:
        """When each job ended, by the loop's clock."""
        offset = self.emulator._host.now() - asyncio.get_running_loop().time()
        jobs = await self.control("GET", "jobs")
        return {job["id"]: job["finished"] - offset for job in jobs if job["finished"] is not None}


def status_requests(counts: dict[str, int]) -> int:
    """Requests that ask how jobs are."""
    return sum(counts.get(name, 0) for name in STATUS)


@asynccontextmanager
async def scene(
    config: Any = None, plan: Callable[[], Plan] | None = None, **how: Any
) -> AsyncIterator[Scene]:
    """By default a job is queued for 1 s and runs for 4, each within 10 %, and nobody limits anything.

    ``plan`` draws instead what happens to a job and what the service thinks will.
    """
    settings = {"queue_seconds": 1.0, "run_seconds": 4.0, "rate_limit": None, "seed": 7, **(config or {})}
    emulator = MemoryEmulator(EmulatorConfig(backends=(BACKEND,), **settings), simulator=Sampled())
    if plan is not None:
        _replan(emulator, plan)
    service = SimulatedService(emulator, **how)
    async with emulator, service:
        yield Scene(emulator, service)


def _replan(emulator: MemoryEmulator, draw: Callable[[], Plan]) -> None:
    def plan(wish: Wish) -> Plan:
        return draw()

    emulator._host.machine.books.plan = plan  # type: ignore[method-assign]
