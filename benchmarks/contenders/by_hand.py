"""What a patient person writes with nothing but aiohttp: POSTs gathered, one loop over the pages of the listing.

No retries, no rate limit, no renewal of the token, one user and one kind of job: the least that works.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from benchmarks import gauge
from benchmarks.lane import Answer, Task, on_your_marks, take_part

if TYPE_CHECKING:
    import aiohttp

SHOTS = 1024
CIRCUIT = """
OPENQASM 3.0;
include "stdgates.inc";
bit[2] meas;
h $0;
cx $0, $1;
meas[0] = measure $0;
meas[1] = measure $1;
"""
PAUSE = 0.5
"""Seconds between two walks through the listing: the official client's pause between two looks at a job."""
PAGE = 200


class Hand:
    """A session that is logged in."""

    def __init__(self, session: aiohttp.ClientSession, task: Task) -> None:
        self._session = session
        self._task = task
        self._headers = {"IBM-API-Version": "2026-02-15", "Service-CRN": task["instance"]}

    async def log_in(self) -> None:
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": self._task["key"]}
        async with self._session.post(f"{self._task['url']}/identity/token", data=form) as reply:
            token = json.loads(await reply.read())["access_token"]
        self._headers["Authorization"] = f"Bearer {token}"

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self._task['url']}/api/v1{path}"
        async with self._session.request(method, url, headers=self._headers, json=body) as reply:
            content = await reply.read()
            reply.raise_for_status()
            return json.loads(content)

    async def submit(self) -> str:
        params = {"pubs": [[CIRCUIT, None, SHOTS]], "version": 2}
        new = {"program_id": "sampler", "backend": self._task["backend"], "params": params}
        job: str = (await self.ask("POST", "/jobs", new))["id"]
        return job

    async def fetch(self, job: str, held: dict[str, float]) -> None:
        result = await self.ask("GET", f"/jobs/{job}/results")
        held[job] = time.time()
        assert Counter(result["results"][0]["data"]["meas"]["samples"]).total() == SHOTS

    async def newest(self, jobs: int) -> dict[str, str]:
        """The states of the user's newest jobs."""
        found: dict[str, str] = {}
        for offset in range(0, jobs, PAGE):
            page = await self.ask("GET", f"/jobs?limit={PAGE}&offset={offset}&exclude_params=true")
            found |= {job["id"]: job["state"]["status"] for job in page["jobs"]}
        return found


async def run_all(hand: Hand, jobs: int, held: dict[str, float]) -> None:
    waiting = set(await asyncio.gather(*(hand.submit() for _ in range(jobs))))
    async with asyncio.TaskGroup() as fetching:
        while waiting:
            await asyncio.sleep(PAUSE)
            states = await hand.newest(jobs)
            done = {job for job in waiting if states.get(job) == "Completed"}
            for job in done:
                fetching.create_task(hand.fetch(job, held))
            waiting -= done


async def wait(task: Task) -> Answer:
    import aiohttp

    held: dict[str, float] = {}
    async with aiohttp.ClientSession() as session:
        hand = Hand(session, task)
        on_your_marks()
        cpu, begun = time.process_time(), time.perf_counter()
        await hand.log_in()
        await run_all(hand, task["jobs"], held)
        wall = time.perf_counter() - begun
    return {
        "held": held,
        "wall": wall,
        "cpu": time.process_time() - cpu,
        "peak": gauge.peak_memory(),
    }


def load(task: Task) -> Answer:
    begun = time.perf_counter()
    importlib.import_module("aiohttp")
    return {"seconds": time.perf_counter() - begun, "memory": gauge.memory()}


if __name__ == "__main__":
    take_part({"load": load, "wait": lambda task: asyncio.run(wait(task))})
