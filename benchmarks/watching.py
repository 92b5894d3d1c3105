"""What does watching cost, and how late does one learn? Counted in simulated time, so no machine has a part in it.

Client and service share one loop without sockets, on which an hour passes in milliseconds. All jobs of a row are
submitted at once and their results awaited; 500 older, unrelated jobs of the same user stand in the listing. A job of
5 s is queued for 1 s and runs for 4; others alike. Requests are counted by the server; the latency of a job is the
moment at which its result was in hand minus its end on the server. "alone" is the goal of one job without hints.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from qrt_async.emulator.job import Plan
from tests.virtual_time import VirtualLoop

from .report import Column, Report, Row
from .simulated import Scene, scene, status_requests

COLUMNS = (
    Column("requests", "requests"),
    Column("status", "status req."),
    Column("vain", "read in vain"),
    Column("p50", "late p50 s", decimals=2),
    Column("p95", "p95 s", decimals=2),
    Column("max", "max s", decimals=2),
    Column("part", "max % of length", unit=0.01, decimals=1),
)
WITH_HINTS, WITHOUT = "2026-02-15", "2026-04-15"
NAMES = {1.0: "1 s", 5.0: "5 s", 8.0: "8 s", 30.0: "30 s", 300.0: "5 min", 18_000.0: "5 h"}

Spread = Literal["10 %", "σ 0.3", "σ 1"]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One row. ``hints`` is what the service's estimates are multiplied with; ``None``: it sends none."""

    jobs: int = 200
    length: float = 5.0
    spread: Spread = "10 %"
    lag: tuple[float, float] = (0.0, 1.0)
    seen: bool = False
    hints: float | None = 1.0
    older: int = 500
    seed: int = 7

    @property
    def name(self) -> str:
        parts = [f"{self.jobs} × {NAMES.get(self.length, f'{self.length:g} s')} ± {self.spread}"]
        parts.append(
            f"lag {self.lag[0]:g}-{self.lag[1]:g}" if self.lag[0] != self.lag[1] else f"lag {self.lag[1]:g}"
        )
        if self.hints != 1.0:
            parts.append("no hints" if self.hints is None else f"hints × {self.hints:.2g}")
        return ", ".join(parts)


def few() -> Iterator[Case]:
    """Each dimension by itself, around the jobs that the goals are stated for."""
    for seen in (False, True):
        for jobs in (1, 20, 200, 500, 2000):
            yield Case(jobs=jobs, seen=seen)
    for seen, length in itertools.product((False, True), (1.0, 8.0, 30.0, 300.0, 18_000.0)):
        yield Case(length=length, seen=seen)
    for length in (5.0, 300.0, 18_000.0):
        yield Case(jobs=1, length=length, hints=None)
    for spread, seen in itertools.product(("σ 0.3", "σ 1"), (False, True)):
        yield Case(spread=spread, seen=seen)  # type: ignore[arg-type] # a product forgets literals
    for lag, seen in itertools.product(((0.0, 0.0), (1.0, 1.0), (5.0, 5.0)), (False, True)):
        yield Case(lag=lag, seen=seen)
    for hints, length in itertools.product((None, 1 / 3, 3.0), (5.0, 300.0)):
        yield Case(hints=hints, length=length)


def every() -> Iterator[Case]:
    """All of them: more than two thousand rows, and hours."""
    for jobs, length, spread, lag, seen, hints in itertools.product(
        (1, 20, 200, 500, 2000),
        NAMES,
        ("10 %", "σ 0.3", "σ 1"),
        ((0.0, 0.0), (1.0, 1.0), (5.0, 5.0)),
        (False, True),
        (None, 1.0, 1 / 3, 3.0),
    ):
        yield Case(jobs=jobs, length=length, spread=spread, lag=lag, seen=seen, hints=hints)  # type: ignore[arg-type] # a product forgets literals


QUICK = (Case(jobs=3, older=5), Case(jobs=3, older=5, seen=True))


def answer(cases: Sequence[Case]) -> Report:
    """One row a case."""
    begun = time.perf_counter()
    rows = [
        Row(contender="seen" if case.seen else "never seen", case=case.name, measures=play(case))
        for case in cases
    ]
    return Report(
        name="watching",
        question="what does watching cost, and how late does one learn? (simulated time)",
        setting={
            "rows": len(rows),
            "older": 500,
            "policy": "default",
            "took": f"{time.perf_counter() - begun:.0f} s",
        },
        columns=COLUMNS,
        rows=rows,
        skipped={},
        notes=(
            "Read in vain: results that were asked for before they were there; status requests do not count them.",
        ),
    )


def play(case: Case) -> dict[str, float | None]:
    """The measures of one case, on a loop of its own; the same case gives the same measures."""
    random.seed(case.seed)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_play(case))


def drawn(case: Case) -> Callable[[], Plan]:
    """Draws what happens to a job, and what the service thinks will."""
    draws = random.Random(case.seed)
    factor = case.hints or 1.0

    def plan() -> Plan:
        queue, run = _about(case, draws, case.length / 5), _about(case, draws, 4 * case.length / 5)
        return Plan(
            queue=queue,
            run=run,
            lag=draws.uniform(*case.lag),
            expected_queue=factor * case.length / 5,
            expected_run=factor * 4 * case.length / 5,
        )

    return plan


def _about(case: Case, draws: random.Random, mean: float) -> float:
    if case.spread == "10 %":
        return mean * draws.uniform(0.9, 1.1)
    return mean * math.exp(draws.gauss(0.0, 0.3 if case.spread == "σ 0.3" else 1.0))


async def _play(case: Case) -> dict[str, float | None]:
    date = WITHOUT if case.hints is None else WITH_HINTS
    async with scene(plan=drawn(case), api_version=date) as stage:
        await stage.age(case.older)
        if case.seen:
            await (await stage.submit())
        before = await stage.requests()
        held: dict[str, float] = {}
        await asyncio.gather(*(_one(stage, held) for _ in range(case.jobs)))
        ended, after = await stage.ended(), await stage.requests()
    counts = {name: count - before.get(name, 0) for name, count in after.items()}
    late = sorted(at - ended[job_id] for job_id, at in held.items())
    assert len(late) == case.jobs
    return {
        "requests": sum(counts.values()),
        "status": status_requests(counts),
        "vain": counts.get("GET /v1/jobs/{id}/results", 0) - case.jobs,
        "p50": _share(late, 0.50),
        "p95": _share(late, 0.95),
        "max": late[-1],
        "part": late[-1] / case.length,
    }


async def _one(stage: Scene, held: dict[str, float]) -> None:
    job = await stage.submit()
    await job
    held[job.id] = asyncio.get_running_loop().time()


def _share(ordered: Sequence[float], part: float) -> float:
    """The smallest value that is not exceeded by this part of them."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]
