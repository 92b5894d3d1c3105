"""Do the pages of a web backend stay quick while large results arrive for its users, and does every user hear all?

Users submit through a small backend of one process, follow each job by server-sent events to its end, and ask for
the counts of its result. A visitor in a process of its own asks for a plain page all the while; the same visitor had
the backend for itself before. The service sets no limit.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from .decoding import SIZE, write
from .lane import Task
from .race import ROOT, Contender, Field, Lost, run
from .report import Column, Report, Row
from .stage import stage

COLUMNS = (
    Column("p50", "ms, p50", unit=1e-3, decimals=1),
    Column("p99", "ms, p99", unit=1e-3, decimals=1),
    Column("max", "ms, max", unit=1e-3, decimals=1),
    Column("visits", "visits"),
)
USERS = 200
JOBS = 5
VISITS = 2000
"""Of a backend that has nothing else to do."""
GOAL = 3.0
CASE = "typed, peaked"


async def answer(
    field: Field, users: int = USERS, jobs: int = JOBS, size: int = SIZE, visits: int = VISITS
) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder, "body.json")
        shots = write(body, CASE, size)
        async with (
            stage(body, queue_seconds=0.2, run_seconds=0.2) as ground,
            _site(ground.task(keep_results=False)) as url,
        ):
            idle = await _visited(field, url, visits, 0)
            crowd = _Crowd(url, users, jobs, shots)
            loaded = await _visited(field, url, 0, users * jobs, crowd)
            posted = (await ground.requests())["POST /v1/jobs"]
    crowd.check(posted)
    rows = [
        Row(contender=name, measures=_spread(took)) for name, took in {"idle": idle, "loaded": loaded}.items()
    ]
    return Report(
        name="backend",
        question="how long does a plain page take while results arrive for many users?",
        setting={"users": users, "jobs": jobs, "bytes": size},
        columns=COLUMNS,
        rows=rows,
        skipped={},
        notes=(f"Each of {users * jobs} jobs was told to its end, and its shots were counted.",),
    )


async def _visited(
    field: Field, url: str, visits: int, counted: int, crowd: _Crowd | None = None
) -> list[float]:
    """How long each visit took."""
    visitor = Contender(name="the visitor", script="visitor")
    task = {"page": url, "visits": visits, "counted": counted}
    finish = await run(field, visitor, "visits", task, *([] if crowd is None else [crowd.begin]))
    if crowd is not None:
        await crowd.gone()
    seconds: list[float] = finish.answer["seconds"]
    return seconds


class _Crowd:
    """All users, each with a connection of its own."""

    def __init__(self, url: str, users: int, jobs: int, shots: int) -> None:
        self._url = url
        self._users = users
        self._jobs = jobs
        self._shots = shots
        self._task: asyncio.Task[None] | None = None
        self._ends: list[str | None] = []
        self._wrong: list[int] = []

    async def begin(self) -> None:
        self._task = asyncio.create_task(self._come())

    async def gone(self) -> None:
        assert self._task is not None
        await self._task

    def check(self, posted: int) -> None:
        """Was everything sent once, told to its end, and right?"""
        wanted = self._users * self._jobs
        completed = self._ends.count("Completed")
        if not posted == completed == wanted or self._wrong:
            raise Lost(
                f"{wanted} jobs: {posted} posted, {completed} told to their end, {len(self._wrong)} wrong"
            )

    async def _come(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        async with (
            aiohttp.ClientSession(self._url, connector=connector, timeout=timeout) as session,
            asyncio.TaskGroup() as group,
        ):
            for number in range(self._users):
                group.create_task(self._user(session, {"x-user": f"user{number}"}))

    async def _user(self, session: aiohttp.ClientSession, headers: dict[str, str]) -> None:
        keys = []
        for _ in range(self._jobs):
            async with session.post("/jobs", headers=headers) as reply:
                keys.append((await reply.json())["id"])
        for key in keys:
            async with session.get(f"/jobs/{key}/events", headers=headers) as reply:
                self._ends.append(_end((await reply.read()).decode()))
            async with session.get(f"/jobs/{key}", headers=headers) as reply:
                shots = (await reply.json())["shots"]
            if shots != self._shots:
                self._wrong.append(shots)


def _end(stream: str) -> str | None:
    """The status that the last event told; ``None`` where there was no end."""
    _, _, last = stream.partition("event: end\ndata: ")
    told: dict[str, Any] = json.loads(last.partition("\n")[0] or "{}")
    return told.get("status")


@asynccontextmanager
async def _site(task: Task) -> AsyncIterator[str]:
    """The address of the backend, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.site", json.dumps(task)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())["url"]
    finally:
        process.stdin.close()
        await process.wait()


def _spread(seconds: list[float]) -> dict[str, float | None]:
    ordered = sorted(seconds)
    at = [ordered[min(len(ordered) - 1, int(part * len(ordered)))] for part in (0.5, 0.99)]
    return {"p50": at[0], "p99": at[1], "max": ordered[-1], "visits": len(ordered)}
