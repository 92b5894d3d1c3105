"""How long does the loop stand still while many large results arrive at once, until every one's counts were read?

Outcomes as in :mod:`benchmarks.decoding`. *Peaked* ones are counted on the loop, by a plain ``get_counts()``. Where
they are *spread*, so that the answer is a dictionary of several hundred thousand outcomes, that call alone takes
longer than a loop may stand, and belongs in a thread: ``await asyncio.to_thread(bits.get_counts)``.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from .decoding import CASES, SIZE, write
from .race import Contender, Field, Lost, run
from .report import Column, Report, Row
from .stage import stage

COLUMNS = (
    Column("arriving", "longest stall, ms", unit=1e-3, decimals=1),
    Column("busy", "of the thread's CPU, ms", unit=1e-3, decimals=1),
    Column("asleep", "over a sleeping thread, ms", unit=1e-3, decimals=1),
    Column("each", "ms a result", unit=1e-3, decimals=1),
    Column("results", "results"),
)
JOBS = 200
RUNS = 5
THREADED = 10
"""Of the results that are counted in threads, one for so many of the others."""


async def answer(field: Field, jobs: int = JOBS, size: int = SIZE, runs: int = RUNS) -> Report:
    """Each run in a process of its own, against an emulator in another; the median of the runs."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            body = Path(folder, f"{case}.json")
            shots = write(body, case, size)
            on_the_loop = "peaked" in case
            count = jobs if on_the_loop else max(1, jobs // THREADED)
            manner = "on the loop" if on_the_loop else "in a thread"
            found = [await _run(field, body, manner, count, shots) for _ in range(runs)]
            measures = {
                name: statistics.median(run[name] for run in found) for name in ("arriving", "busy", "asleep")
            }
            each = statistics.median(run["seconds"] for run in found) / count
            rows.append(
                Row(
                    contender=f"counted {manner}",
                    case=case,
                    measures={**measures, "each": each, "results": count},
                )
            )
    return Report(
        name="stall",
        question="how long does the loop stand still at worst while large results arrive at once and are counted?",
        setting={"bytes": size, "runs": runs},
        columns=COLUMNS,
        rows=rows,
        skipped={},
        notes=(
            "A heart on the same loop beats every millisecond; the median of the runs of its latest beat.",
        ),
    )


async def _run(field: Field, body: Path, manner: str, jobs: int, shots: int) -> dict[str, float]:
    runner = Contender(name="the heart", script="heart", manner=manner)
    async with stage(body, queue_seconds=0.0, run_seconds=0.0) as ground:
        task = ground.task(jobs=jobs, manner=manner, keep_results=False)
        found: dict[str, float] = (await run(field, runner, "stalls", task)).answer
    if found["shots"] != jobs * shots:
        raise Lost(f"{found['shots']} shots counted, {jobs * shots} sent")
    return found
