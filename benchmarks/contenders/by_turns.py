"""qrt_async and bare aiohttp in one process, by turns."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

import aiohttp

from benchmarks.contenders import by_hand, ours
from benchmarks.lane import Answer, Task, take_part


async def ask(task: Task) -> Answer:
    async with ours.connect(task) as service, aiohttp.ClientSession() as session:
        hand = by_hand.Hand(session, task)
        await hand.log_in()
        held: dict[str, float] = {}
        await ours.run_one(service, task, held)
        (job,) = held
        sides: dict[str, Callable[[], Awaitable[object]]] = {
            "by_hand": lambda: hand.ask("GET", f"/jobs/{job}?exclude_params=true"),
            "ours": lambda: service.jobs.get(job, exclude_params=True),
        }
        times: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(1 + task["rounds"]):
            for name, request in sides.items():
                times[name].append(await spent(request, task["block"]))
    # The first block of each opens connections and builds decoders.
    return {name: statistics.median(blocks[1:]) for name, blocks in times.items()}


async def spent(request: Callable[[], Awaitable[object]], block: int) -> float:
    """CPU seconds of one request, over a block of them."""
    begun = time.process_time()
    for _ in range(block):
        await request()
    return (time.process_time() - begun) / block


if __name__ == "__main__":
    take_part({"ask": lambda task: asyncio.run(ask(task))})
