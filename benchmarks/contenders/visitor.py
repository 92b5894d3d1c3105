"""Somebody who asks for a plain page again and again: how long did it take?"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from benchmarks.lane import Answer, Task, on_your_marks, take_part

if TYPE_CHECKING:
    import aiohttp

PAUSE = 0.005
"""Seconds between an answer and the next question."""


async def visits(task: Task) -> Answer:
    """For as many visits as are asked for; or until the page says that so many results were ``counted``."""
    import aiohttp

    async with aiohttp.ClientSession() as session:
        await visit(session, task["page"])
        on_your_marks()
        seconds: list[float] = []
        while True:
            took, counted = await visit(session, task["page"])
            seconds.append(took)
            if len(seconds) >= task["visits"] and counted >= task["counted"]:
                return {"seconds": seconds}
            await asyncio.sleep(PAUSE)


async def visit(session: aiohttp.ClientSession, page: str) -> tuple[float, int]:
    begun = time.perf_counter()
    async with session.get(page) as reply:
        text = await reply.text()
    return time.perf_counter() - begun, int(text.partition("<p>")[2].partition("</p>")[0])


if __name__ == "__main__":
    take_part({"visits": lambda task: asyncio.run(visits(task))})
