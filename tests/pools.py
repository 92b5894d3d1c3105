"""A pool of services whose accounts are all on one emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import qrt_async as qrt
from qrt_async.transport.account import LOCAL_INSTANCE
from tests.ground import BACKEND, QASM, Ground, ground


@asynccontextmanager
async def pooled(
    size: int = 2, *, config: Any = None, spool: Path | bool = False, **how: Any
) -> AsyncIterator[tuple[Ground, qrt.RuntimePool]]:
    """An emulator, and a pool whose accounts are on it."""
    async with ground(config=config) as here:
        options: dict[str, Any] = {
            "spool": spool,
            "rate_limit": None,
            "retry": qrt.RetryPolicy(base=0.1),
            **how,
        }
        async with qrt.RuntimePool(size, **options) as pool:
            yield here, pool


def of(here: Ground, user: str) -> dict[str, Any]:
    """The credentials of a user of that name."""
    return {"token": f"secret-of-{user}", "instance": LOCAL_INSTANCE, "url": here.emulator.url}


async def run(service: qrt.RuntimeService, *tags: str) -> qrt.AsyncJob[qrt.PrimitiveResult]:
    return await service.run(qrt.Sampler([QASM], shots=3), backend=BACKEND, tags=tags)


async def counts(service: qrt.RuntimeService) -> dict[str, int]:
    return counted(await (await run(service)))


def counted(result: qrt.PrimitiveResult) -> dict[str, int]:
    found: dict[str, int] = result[0].data.bits("meas").get_counts()
    return found


def now() -> float:
    return asyncio.get_running_loop().time()


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def squeezed(here: Ground, pool: qrt.RuntimePool) -> None:
    """Somebody else wants the only place; whether they get it is theirs to see."""
    async with pool.service(**of(here, "other")) as service:
        await service.jobs.list()
