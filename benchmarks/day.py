"""What does it cost to watch very many jobs for a day? In simulated time; CPU time and memory are this machine's.

Ten thousand jobs end evenly over a day, each awaited by a task of its own. Requests are counted as they arrive. The
service's own CPU time is measured apart and taken off.
"""

from __future__ import annotations

import asyncio
import bisect
import gc
import random
import time
from typing import Any

from qrt_async.emulator.job import Plan
from qrt_async.emulator.memory import MemoryEmulator
from tests.virtual_time import VirtualLoop

from .gauge import memory
from .report import MIB, Column, Report, Row
from .simulated import Scene, scene

DAY = 86_400.0
COLUMNS = (
    Column("news", "status req."),
    Column("minute", "most in a minute"),
    Column("p50", "late p50 s", decimals=1),
    Column("p95", "p95 s", decimals=1),
    Column("max", "max s", decimals=1),
    Column("cpu", "CPU ms/job", unit=1e-3, decimals=2),
    Column("first", "MiB after an hour", unit=MIB, decimals=1),
    Column("last", "at the end", unit=MIB, decimals=1),
)


class Counter:
    """When requests for news came, and the CPU time that answering all requests took."""

    def __init__(self, emulator: MemoryEmulator) -> None:
        self.times: list[float] = []
        self.cpu = 0.0
        self._send = emulator.send
        emulator.send = self.send  # type: ignore[method-assign] # counts, and passes on

    async def send(self, method: str, target: str, **more: Any) -> Any:
        if method == "GET" and target.startswith("/api/v1/jobs") and "/results" not in target:
            self.times.append(asyncio.get_running_loop().time())
        begun = time.process_time()
        try:
            return await self._send(method, target, **more)
        finally:
            self.cpu += time.process_time() - begun

    def most(self, seconds: float) -> int:
        """The most that came within so many seconds."""
        ends = (bisect.bisect_left(self.times, start + seconds) for start in self.times)
        return max((end - number for number, end in enumerate(ends)), default=0)


def answer(jobs: int) -> Report:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        measures = runner.run(_day(jobs))
    return Report(
        name="day",
        question="what does it cost to watch very many jobs for a day? (simulated time)",
        setting={"jobs": jobs, "policy": "default"},
        columns=COLUMNS,
        rows=[Row(contender="ours", measures=measures)],
        skipped={},
        notes=("Memory is that of client and service together; the service forgets no job.",),
    )


async def _day(jobs: int) -> dict[str, float | None]:
    draws = random.Random(3)

    def plan() -> Plan:
        run = draws.uniform(60.0, DAY - 600.0)
        lag = draws.uniform(0.0, 1.0)
        return Plan(queue=10.0, run=run, lag=lag, expected_queue=10.0, expected_run=run)

    async with scene(plan=plan, api_version="2026-04-15") as stage:
        counter = Counter(stage.emulator)
        held: dict[str, float] = {}
        begun, served = time.process_time(), counter.cpu
        tasks = [asyncio.create_task(_one(stage, held)) for _ in range(jobs)]
        await asyncio.sleep(3600.0)
        first = _resident()
        await asyncio.gather(*tasks)
        cpu = time.process_time() - begun - (counter.cpu - served)
        ended = await stage.ended()
        late = sorted(at - ended[job_id] for job_id, at in held.items())
        return {
            "news": len(counter.times),
            "minute": counter.most(60.0),
            "p50": late[len(late) // 2],
            "p95": late[int(0.95 * len(late))],
            "max": late[-1],
            "cpu": cpu / jobs,
            "first": first,
            "last": _resident(),
        }


def _resident() -> int | None:
    gc.collect()
    return memory()


async def _one(stage: Scene, held: dict[str, float]) -> None:
    job = await stage.submit()
    await job.wait()
    held[job.id] = asyncio.get_running_loop().time()
