"""The ground that tests of the client stand on: an emulator and a service in the test's own loop.

Circuits are not simulated here (that is tested where it belongs); each job's result is a fixed sample,
so that on the loop with simulated time a day of queueing takes milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

import qrt_async as qrt
from qrt_async.emulator import Emulator, EmulatorConfig
from qrt_async.emulator.work import Outcome, Work

BACKEND = "ideal"
API_DATE: ContextVar[str | None] = ContextVar("API_DATE", default=None)
"""Which date the service speaks, unless a test says so itself."""
COUNTS = {"00": 1, "11": 2}
BODY = (
    b'{"results":[{"data":{"meas":{"samples":["0x0","0x3","0x3"],"num_bits":2}},"metadata":{}}],'
    b'"metadata":{"version":2}}'
)
QASM = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] meas; meas[0] = measure $0; meas[1] = measure $1;'


class Sampled:
    """Stands in for the simulator."""

    def __init__(self, body: bytes = BODY) -> None:
        self.body = body

    async def run(self, work: Work) -> Outcome:
        return Outcome(kind="completed", body=self.body, quantum_seconds=2.0)

    async def close(self) -> None:
        """Nothing to close."""


class Ground:
    """An emulator, and a service that talks to it."""

    def __init__(self, emulator: Emulator, service: qrt.RuntimeService) -> None:
        self.emulator = emulator
        self.service = service

    async def run(self, *tags: str, **how: Any) -> qrt.AsyncJob[qrt.PrimitiveResult]:
        return await self.service.run(qrt.Sampler([QASM], shots=3), backend=BACKEND, tags=tags, **how)

    async def control(self, method: str, what: str, body: Any = None) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                method, f"{self.emulator.url}/_emulator/{what}", data=msgspec.json.encode(body)
            ) as reply,
        ):
            content = await reply.read()
            assert reply.status < 300, content
            return msgspec.json.decode(content) if content else None

    async def fault(self, **rule: Any) -> None:
        """One rule of trouble, in the place of all others."""
        await self.control("POST", "faults", [rule])

    async def peace(self) -> None:
        """No more trouble."""
        await self.control("POST", "faults", [])

    async def jobs(self) -> list[dict[str, Any]]:
        """The jobs on the server, by its own account."""
        found: list[dict[str, Any]] = await self.control("GET", "jobs")
        return found

    async def requests(self) -> dict[str, int]:
        """How often each endpoint was asked so far."""
        found: dict[str, int] = (await self.control("GET", "stats"))["requests"]
        return found


@asynccontextmanager
async def ground(
    spool: Path | bool = False, simulator: Sampled | None = None, config: Any = None, **how: Any
) -> AsyncIterator[Ground]:
    """By default a job is queued for 10 s and runs for 4, exactly, and nobody limits anything."""
    settings = {"queue_seconds": 10.0, "run_seconds": 4.0, "jitter": 0.0, "rate_limit": None, "seed": 7}
    emulator = Emulator(
        EmulatorConfig(**{"backends": (BACKEND,), **settings, **(config or {})}),
        simulator=simulator or Sampled(),
    )
    async with emulator:
        options = {
            "api_version": API_DATE.get(),
            "rate_limit": None,
            "retry": qrt.RetryPolicy(base=0.1),
            **how,
        }
        async with qrt.RuntimeService(url=emulator.url, spool=spool, **options) as service:
            yield Ground(emulator, service)


async def cut_short(closing: Coroutine[Any, Any, None], *others: asyncio.Task[Any]) -> list[type]:
    """How it and the others end where the loop ends in the middle of it, and cancels what is left, as after a second
    Ctrl-C."""
    leaving = asyncio.create_task(closing)
    await asyncio.sleep(1)
    for task in asyncio.all_tasks():
        if task is leaving or task.get_name().startswith("qrt "):
            task.cancel()
    ends = await asyncio.gather(leaving, *others, return_exceptions=True)
    await asyncio.sleep(1)
    return [type(end) for end in ends]
