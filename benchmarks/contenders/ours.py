"""qrt_async, as its users write it."""

from __future__ import annotations

import asyncio
import importlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import gauge
from benchmarks.lane import Answer, Task, on_your_marks, take_part

if TYPE_CHECKING:
    import qrt_async as qrt

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


def connect(task: Task) -> qrt.RuntimeService:
    import qrt_async as qrt

    return qrt.RuntimeService(
        url=task["url"],
        token=task["key"],
        instance=task["instance"],
        rate_limit=None,
        spool=False,
        keep_results=task.get("keep_results", True),
    )


async def run_one(service: qrt.RuntimeService, task: Task, held: dict[str, float]) -> None:
    """Submit a job and note when its result was in hand."""
    import qrt_async as qrt

    job = await service.run(qrt.Sampler([CIRCUIT], shots=SHOTS), backend=task["backend"])
    result = await job
    held[job.id] = time.time()
    assert sum(result[0].data.bits("meas").get_counts().values()) == SHOTS


async def wait(task: Task) -> Answer:
    # IBM's client has it by now, and ours would load it with the first result.
    importlib.import_module("numpy")
    held: dict[str, float] = {}
    async with connect(task) as service:
        if task["manner"] == "after one":
            await run_one(service, task, {})
        on_your_marks()
        cpu, begun = time.process_time(), time.perf_counter()
        await asyncio.gather(*(run_one(service, task, held) for _ in range(task["jobs"])))
        wall = time.perf_counter() - begun
    return {
        "held": held,
        "wall": wall,
        "cpu": time.process_time() - cpu,
        "peak": gauge.peak_memory(),
    }


def load(task: Task) -> Answer:
    begun = time.perf_counter()
    importlib.import_module("qrt_async")
    if task["manner"] == "service":
        connect(task)
    return {"seconds": time.perf_counter() - begun, "memory": gauge.memory()}


def decode(task: Task) -> Answer:
    from qrt_async.programs.results import decode as read

    body = Path(task["body"]).read_bytes()

    def counts() -> dict[str, int]:
        found: dict[str, int] = read("sampler", body)[0].data.bits("meas").get_counts()
        return found

    def numbers() -> dict[str, int]:
        result = read("estimator", body)
        return {str(at): min(pub.data.array(name).size for name in pub.data) for at, pub in enumerate(result)}

    return gauge.timed(counts if task["program"] == "sampler" else numbers, task["runs"])


if __name__ == "__main__":
    take_part({"load": load, "decode": decode, "wait": lambda task: asyncio.run(wait(task))})
