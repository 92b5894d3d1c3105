"""A heart that beats every millisecond while results arrive, are decoded and counted; how late was it at worst?"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from benchmarks.contenders import ours
from benchmarks.lane import Answer, Task, on_your_marks, take_part

if TYPE_CHECKING:
    import qrt_async as qrt

BEAT = 0.001


async def stalls(task: Task) -> Answer:
    """``arriving``: the longest stall while all results come at once, until the counts of each were read.
    ``asleep``: the same heart for as long, while nothing but a thread that sleeps shares the process."""
    on_the_loop = task["manner"] == "on the loop"
    async with ours.connect(task) as service:
        jobs = [await submitted(service, task) for _ in range(task["jobs"])]
        await asyncio.gather(*(job.wait() for job in jobs))
        await counted(jobs[0], on_the_loop)  # what is done only once: NumPy's import
        gc.collect()  # the garbage of the start, whose full pass takes as long as a stall may
        on_your_marks()
        shots = asyncio.gather(*(counted(job, on_the_loop) for job in jobs))
        arriving, busy, seconds = await heard(shots)
    asleep, _, _ = await heard(asyncio.to_thread(time.sleep, seconds))
    return {
        "arriving": arriving,
        "busy": busy,
        "asleep": asleep,
        "seconds": seconds,
        "shots": sum(shots.result()),
    }


async def submitted(service: qrt.RuntimeService, task: Task) -> qrt.AsyncJob[qrt.PrimitiveResult]:
    import qrt_async as qrt

    return await service.run(qrt.Sampler([ours.CIRCUIT], shots=1), backend=task["backend"])


async def counted(job: qrt.AsyncJob[qrt.PrimitiveResult], on_the_loop: bool) -> int:
    bits = (await job)[0].data.bits("meas")
    counts = bits.get_counts() if on_the_loop else await asyncio.to_thread(bits.get_counts)
    return sum(counts.values())


async def heard(work: Awaitable[object]) -> tuple[float, float, float]:
    """The longest time by which a beat was late, the most CPU that this thread spent between two of them (which
    other processes cannot lengthen), and the seconds that the work took."""
    task = asyncio.ensure_future(work)
    begun = time.perf_counter()
    late, busy, before, spent = 0.0, 0.0, begun, time.thread_time()
    while not task.done():
        await asyncio.sleep(BEAT)
        now, cpu = time.perf_counter(), time.thread_time()
        late, busy = max(late, now - before - BEAT), max(busy, cpu - spent)
        before, spent = now, cpu
    await task
    return late, busy, before - begun


if __name__ == "__main__":
    take_part({"stalls": lambda task: asyncio.run(stalls(task))})
