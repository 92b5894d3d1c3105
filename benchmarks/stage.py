"""The server that contenders run on, as the benchmark sees it: a process of its own, and its books."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from .lane import Task
from .race import LINE, ROOT

KEY = "a-key-for-benchmarks"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:benchmarks::"
BACKEND = "bench_ideal"
STATUS = ("GET /v1/jobs", "GET /v1/jobs/{id}", "GET /v1/jobs/{id}/metrics")
"""Requests that ask how jobs are."""


class Stage:
    """One running server."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    def task(self, **more: Any) -> Task:
        """What a contender has to know, and more."""
        return {"url": self.url, "key": KEY, "instance": CRN, "backend": BACKEND, **more}

    async def control(self, method: str, what: str, body: Any = None) -> Any:
        async with self._session.request(
            method, f"{self.url}/_emulator/{what}", data=msgspec.json.encode(body)
        ) as reply:
            content = await reply.read()
            reply.raise_for_status()
            return msgspec.json.decode(content) if content else None

    async def requests(self) -> dict[str, int]:
        """How often each endpoint was asked, as the server counted."""
        found: dict[str, int] = (await self.control("GET", "stats"))["requests"]
        return found

    async def ended(self) -> dict[str, dict[str, Any]]:
        """Completed jobs by id, with ``created`` and ``finished`` in seconds since 1970."""
        jobs = await self.control("GET", "jobs")
        return {job["id"]: job for job in jobs if job["status"] == "Completed"}

    async def age(self, jobs: int) -> None:
        """Let the user have so many older, unrelated jobs."""
        if jobs:
            await self.control("POST", "history", {"count": jobs, "key": KEY, "instance": CRN})


@asynccontextmanager
async def stage(body: Path | None = None, **config: Any) -> AsyncIterator[Stage]:
    """An emulator with these fields of its configuration, for as long as the block lasts. ``body``: a file
    that every job's result is read from."""
    settings = {"rate_limit": None, "backends": [BACKEND], "seed": 7, **config}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.server", json.dumps(settings), *([str(body)] if body else [])),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = json.loads(await process.stdout.readline())["url"]
        async with aiohttp.ClientSession() as session:
            yield Stage(url, session)
    finally:
        process.stdin.close()
        await process.wait()
