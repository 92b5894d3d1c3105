"""A program that runs a large sweep and reads it slowly: ``python -m tests.journeys.sweep_memory URL JOURNAL POINTS``.

Prints the megabytes that it holds after each phase, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import numpy as np

import qrt_async as qrt
from tests.ground import BACKEND
from tests.sweep.ground import CIRCUIT, read

JOBS = 10


def resident() -> float:
    """MiB of memory that this process has now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


async def main(url: str, journal: str, count: int) -> None:
    phases: dict[str, float] = {}
    async with (
        qrt.RuntimeService(url=url, rate_limit=None, spool=False) as service,
        qrt.Submitter(service, journal=journal) as submitter,
    ):
        sweep = qrt.Sweep(CIRCUIT, {"x": np.arange(count)}, shots=20)
        run = submitter.sweep(sweep, backend=BACKEND, name="large", pack=count // JOBS, isa="off")
        await run.plan()
        phases["planned"] = resident()
        points = aiter(run)
        first = await anext(points)
        phases["first"] = resident()
        async for _ in run.updates():  # the consumer sleeps until all has arrived
            phases["arriving"] = max(phases.get("arriving", 0.0), resident())
        assert run.progress.done == count, run.progress
        phases["arrived"] = resident()
        seen = 1
        total = read(first)
        async for point in points:
            seen += 1
            total += read(point)
            if seen % (count // 10) == 0:
                await asyncio.sleep(0.05)
                phases["reading"] = max(phases.get("reading", 0.0), resident())
        phases["read"] = resident()
    assert (seen, total) == (count, count * (count - 1) // 2)
    print(json.dumps(phases))  # noqa: T201 - its answer


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
