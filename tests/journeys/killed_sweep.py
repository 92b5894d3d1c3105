"""A program that runs a sweep, and is killed: ``python -m tests.journeys.killed_sweep URL JOURNAL MILLISECONDS``.

With 0 milliseconds it runs to its end, unless something else kills it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import qrt_async as qrt
from tests.ground import BACKEND
from tests.journeys.killed import die
from tests.sweep.ground import CIRCUIT

POINTS, JOBS = 20, 4


def run_of(submitter: qrt.Submitter, journal: Path, **how: Any) -> Any:
    """The same sweep in each process. Another journal is another measurement."""
    sweep = qrt.Sweep(CIRCUIT, {"x": range(POINTS)}, shots=3)
    return submitter.sweep(sweep, backend=BACKEND, name=journal.name, pack=POINTS // JOBS, isa="off", **how)


async def main(url: str, journal: Path, milliseconds: int) -> None:
    async with (
        qrt.RuntimeService(url=url, rate_limit=None, spool=False) as service,
        qrt.Submitter(service, journal=journal) as submitter,
    ):
        if milliseconds:
            asyncio.get_running_loop().call_later(milliseconds / 1000, die)
        began = time.perf_counter()
        await run_of(submitter, journal)
        print(round(1000 * (time.perf_counter() - began)))  # noqa: T201 - its answer


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
