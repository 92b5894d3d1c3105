"""Real worker processes that share a journal: any of them answers for a submission, also for one that was killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.ground import COUNTS, QASM, ground
from tests.integrations.serving import browser, frames

POST = "POST /v1/jobs"
QUICK = {"queue_seconds": 0.5, "run_seconds": 0.5}


@asynccontextmanager
async def worker(url: str, journal: Path) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    command = [sys.executable, "-m", "tests.integrations.worker", url, str(journal)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip(), process
    finally:
        if process.returncode is None:
            process.stdin.close()  # type: ignore[union-attr] # there is one
        assert await process.wait() in {0, -9}


async def posted(url: str, *tags: str) -> str:
    async with browser(url, "alice") as http, http.post("/jobs", json={"qasm": QASM, "tags": tags}) as reply:
        assert reply.status == 202, await reply.text()
        key: str = (await reply.json())["id"]
        return key


@pytest.mark.timeout(120)
async def test_any_worker_answers_for_a_submission(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_debug(False)
    path = tmp_path / "runs.db"
    async with (
        ground(config=QUICK) as here,
        worker(here.emulator.url, path) as (one, _),
        worker(here.emulator.url, path) as (other, _),
    ):
        keys = await asyncio.gather(*(posted(url) for url in (one, other) * 10))
        async with browser(one, "alice") as first, browser(other, "alice") as second:
            for http in (first, second):
                async with http.get("/jobs") as reply:
                    assert set(await reply.json()) == set(keys)
                for key in keys:
                    async with http.get(f"/jobs/{key}") as reply:
                        assert await reply.json() == COUNTS
            async with browser(other, "mallory") as stranger, stranger.get(f"/jobs/{keys[0]}") as reply:
                assert reply.status == 404
        assert (await here.requests())[POST] == len(await here.jobs()) == 20


@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("when", ["before", "after"])
async def test_another_worker_goes_on_for_one_that_was_killed_while_its_request_was_under_way(
    tmp_path: Path, when: str
) -> None:
    asyncio.get_running_loop().set_debug(False)
    path = tmp_path / "runs.db"
    async with ground(config=QUICK) as here, worker(here.emulator.url, path) as (other, _):
        async with worker(here.emulator.url, path) as (one, process):
            warm = await posted(one, "warm")
            async with browser(one, "alice") as http, http.get(f"/jobs/{warm}") as reply:
                assert await reply.json() == COUNTS  # its request is over and meets no fault
            await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=30.0, when=when, times=1)
            key = await posted(one, "killed")
            async with browser(other, "alice") as http, http.get(f"/jobs/{key}/events") as reply:
                events = frames(reply)
                _, name, data = await anext(events)
                assert (name, f"process {process.pid}" in data["why_waiting"]) == ("waiting", True)
                process.kill()
                await process.wait()
                await here.peace()
                *_, (_, name, data) = [event async for event in events]
                assert (name, data["status"]) == ("end", "Completed")
        tags = [tag for job in await here.jobs() for tag in job["tags"]]
        assert tags.count("killed") == 1
