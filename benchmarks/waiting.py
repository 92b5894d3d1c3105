"""What does it cost to submit many short jobs and to wait for them, and how late does one learn?

The shape is the one that the official client was measured with: every job is queued for 1 s and runs for 4 s,
each drawn within 10 %, all of them side by side, without a rate limit. Five hundred older jobs of the same user
stand in the listing, which learns of every job 0 to 1 s late.

A contender loads and connects, says so, and is let go: from there on wall and CPU time and requests are counted. NumPy
is loaded by then: IBM's client brings it at its import, ours with the first result.
The detection latency of a job is the moment at which its result was in hand minus its end on the server; both
read the clock of one machine.

How soon can one learn for 425 requests? 200 submit and 200 bring results; a token and the dates leave 23 for listings
and for asking in vain. ``python -m benchmarks bound`` computes what anybody could reach with them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from .race import Contender, Field, Finish, Lost, run
from .report import MIB, Column, Report, Row
from .stage import STATUS, Stage, stage

CONTENDERS = (
    Contender(name="ours", script="ours"),
    Contender(name="ours, after one such job", script="ours", manner="after one"),
    Contender(name="aiohttp by hand, batched", script="by_hand"),
    Contender(name="official, loop", script="official", manner="loop"),
    Contender(name="official, pool", script="official", manner="pool"),
    Contender(name="official, pool-run", script="official", manner="pool-run"),
    Contender(
        name="official, pool, no usage data",
        script="official",
        manner="pool",
        environment={"USAGE_DATA_OPT_OUT": "True"},
    ),
)
COLUMNS = (
    Column("wall", "wall s", decimals=2),
    Column("over", "over ideal s", decimals=2),
    Column("requests", "requests"),
    Column("status", "status req."),
    Column("p50", "late p50 s", decimals=2),
    Column("p95", "p95 s", decimals=2),
    Column("max", "max s", decimals=2),
    Column("cpu", "CPU ms/job", unit=1e-3, decimals=2),
    Column("peak", "peak RSS MiB", unit=MIB),
    Column("threads", "threads"),
)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs, and what else is in the listing."""

    jobs: int = 200
    queue_seconds: float = 1.0
    run_seconds: float = 4.0
    jitter: float = 0.1
    older: int = 500
    lag: tuple[float, float] = (0.0, 1.0)


QUICK = Setting(jobs=2, queue_seconds=0.1, run_seconds=0.2, older=5, lag=(0.0, 0.1))


async def answer(field: Field, setting: Setting) -> Report:
    """All contenders, one after the other, each on a server of its own."""
    runners, skipped = field.divide(CONTENDERS)
    return Report(
        name="waiting",
        question="what does it cost to submit and await many short jobs, and how late does one learn?",
        setting=msgspec.to_builtins(setting),
        columns=COLUMNS,
        rows=[await _row(field, runner, setting) for runner in runners],
        skipped=skipped,
        notes=("over ideal: wall time beyond the last job's end on the server. Threads: the most seen.",),
    )


async def _row(field: Field, runner: Contender, setting: Setting) -> Row:
    timing = msgspec.to_builtins(setting)
    config = {name: timing[name] for name in ("queue_seconds", "run_seconds", "jitter")}
    async with stage(**config, listing_lag=setting.lag) as ground:
        await ground.age(setting.older)
        books = _Books(ground)
        task = ground.task(jobs=setting.jobs, manner=runner.manner)
        finish = await run(field, runner, "wait", task, books.open)
        return Row(contender=runner.name, measures=await books.settle(finish, setting.jobs))


class _Books:
    """The server's account of one race, from the word to go."""

    def __init__(self, ground: Stage) -> None:
        self._ground = ground
        self._asked: dict[str, int] = {}
        self._known: set[str] = set()

    async def open(self) -> None:
        """The race begins: what was before does not count."""
        self._asked = await self._ground.requests()
        self._known = set(await self._ground.ended())

    async def settle(self, finish: Finish, jobs: int) -> dict[str, float | None]:
        """The measures. Raises ``Lost`` unless exactly the jobs that completed are in the contender's hands."""
        asked = await self._ground.requests()
        counts = {name: count - self._asked.get(name, 0) for name, count in asked.items()}
        ended = {name: job for name, job in (await self._ground.ended()).items() if name not in self._known}
        held: dict[str, float] = finish.answer["held"]
        if set(held) != set(ended) or len(held) != jobs:
            raise Lost(f"{jobs} jobs wanted, {len(ended)} completed on the server, {len(held)} in hand")
        late = sorted(at - ended[name]["finished"] for name, at in held.items())
        return {
            **_measured(finish, jobs),
            "over": max(held.values()) - max(job["finished"] for job in ended.values()),
            "requests": sum(counts.values()),
            "status": sum(counts.get(name, 0) for name in STATUS),
            "submissions": counts.get("POST /v1/jobs", 0),
            "p50": _share(late, 0.50),
            "p95": _share(late, 0.95),
            "max": late[-1],
        }


def _measured(finish: Finish, jobs: int) -> dict[str, Any]:
    answer = finish.answer
    return {
        "wall": answer["wall"],
        "cpu": answer["cpu"] / jobs,
        "peak": answer["peak"],
        "threads": finish.threads,
    }


def _share(ordered: Sequence[float], part: float) -> float:
    """The smallest value that is not exceeded by this part of them."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]
