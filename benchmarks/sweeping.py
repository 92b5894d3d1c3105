"""How many jobs does a sweep need, and how long are they submitted, beside a job for each point?

Simulated time: five jobs were submitted a moment before, so that the service has no place for another one within the
minute. Counts come from the server. A plan of a million points takes this machine's time.
"""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from typing import Any

import numpy as np

import qrt_async as qrt
from qrt_async.submit.bucket import RateLimit
from tests.ground import BACKEND, Ground, ground
from tests.sweep.ground import CIRCUIT, Reads
from tests.virtual_time import VirtualLoop

from .report import MIB, Column, Report, Row

COLUMNS = (
    Column("points", "points"),
    Column("jobs", "jobs"),
    Column("submitting", "submitting s", decimals=1),
    Column("plan", "plan s", decimals=2),
    Column("memory", "plan MiB", unit=MIB, decimals=1),
)
SHOTS = 100
LIMIT = RateLimit(5, per=60.0)


def swept(points: int) -> qrt.Sweep:
    return qrt.Sweep(CIRCUIT, {"x": np.arange(points)}, shots=SHOTS)


async def submitted(points: int, pack: Any) -> dict[str, float | None]:
    """From an empty bucket until the service has the last job."""
    config = {"rate_limit": (LIMIT.submissions, LIMIT.per), "queue_seconds": 1.0, "run_seconds": 1.0}
    async with (
        ground(simulator=Reads(), config=config, rate_limit=LIMIT) as here,  # type: ignore[arg-type] # as Sampled
        qrt.Submitter(here.service) as submitter,
    ):
        await _empty(here)
        loop = asyncio.get_running_loop()
        run = submitter.sweep(swept(points), backend=BACKEND, name="packed", pack=pack, isa="off")
        await run.plan()
        begun = loop.time()
        run.start()
        async for progress in run.updates():
            if not progress.missing:
                break
        taken = loop.time() - begun
        await run
        return {"points": points, "jobs": len(await here.jobs()) - LIMIT.submissions, "submitting": taken}


async def _empty(here: Ground) -> None:
    program = qrt.Sampler([(CIRCUIT, {"x": [0]})], shots=1)
    for _ in range(LIMIT.submissions):
        await here.service.run(program, backend=BACKEND, isa="off", watch=False)


async def planned(side: int) -> dict[str, float | None]:
    """The key, the plan and the check of a grid, without sending anything."""
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        circuit = CIRCUIT.replace("input float x;", "input float x; input float y;")
        axis = np.linspace(0.0, 1.0, side)
        sweep = qrt.Sweep(circuit, {"x": axis, "y": axis}, shots=SHOTS)
        run = submitter.sweep(sweep, backend=BACKEND, name="large", isa="off", over_usage="allow")
        tracemalloc.start()
        begun = time.perf_counter()
        plan = await run.plan()
        taken = time.perf_counter() - begun
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return {"points": plan.points, "jobs": len(plan.jobs), "plan": taken, "memory": peak}


def measure(points: int, side: int) -> list[Row]:
    """On loops of their own, whose time is simulated."""
    rows = []
    for case, pack in (("packed", "auto"), ("a job for each point", 1)):
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            rows.append(Row(contender=case, case="landscape", measures=runner.run(submitted(points, pack))))
    with asyncio.Runner() as runner:
        rows.append(Row(contender="ours", case="planning alone", measures=runner.run(planned(side))))
    return rows


async def answer(points: int = 2_500, side: int = 1_000) -> Report:
    return Report(
        name="sweeping",
        question="how many jobs does a sweep need, and how long are they submitted?",
        setting={"shots": SHOTS, "limit": f"{LIMIT.submissions} per {LIMIT.per:g} s, used up at the start"},
        columns=COLUMNS,
        rows=await asyncio.to_thread(measure, points, side),
        skipped={},
        notes=(f"By hand, one broadcast job holds {points:,} points of {SHOTS} shots.",),
    )
