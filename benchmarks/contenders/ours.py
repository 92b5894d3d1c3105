"""qrt_async: submit all, gather all."""

from __future__ import annotations

import asyncio
import sys

import qrt_async as qrt
from benchmarks.contenders.measure import Meter

QASM = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; x $0; c[0] = measure $0; c[1] = measure $1;'


async def one(service: qrt.RuntimeService, meter: Meter) -> None:
    job = await service.run(qrt.Sampler([QASM], shots=100), backend="bench")
    (await job)[0].data.bits("c").get_counts()
    meter.in_hand(job.id)


async def main(url: str, token: str, instance: str, jobs: int) -> None:
    meter = Meter()
    async with qrt.RuntimeService(url=url, token=token, instance=instance, rate_limit=None) as service:
        await asyncio.gather(*(one(service, meter) for _ in range(jobs)))
    meter.report()


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[5])))
