"""Twenty jobs, gathered. One task watches them all; the rate limit only makes them wait."""

import asyncio
import math
import os

import qrt_async as qrt

JOBS = 20
SHOTS = 1000
ROTATION = """
OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
bit[1] meas;
sx $0; rz(theta + pi) $0; sx $0;
meas[0] = measure $0;
"""


async def share_of_ones(service: qrt.RuntimeService, backend: str, theta: float) -> float:
    job = await service.run(qrt.Sampler([(ROTATION, {"theta": theta})], shots=SHOTS), backend=backend)
    result = await job
    print(f"{job.id}  theta = {theta:.3f}  done", flush=True)
    return result[0].data.bits("meas").get_counts().get("1", 0) / SHOTS


async def main() -> None:
    channel = None if any(name.startswith("QISKIT_IBM_") for name in os.environ) else "local"
    angles = [math.pi * step / (JOBS - 1) for step in range(JOBS)]
    async with qrt.RuntimeService(channel=channel) as service:
        backend = (await service.backends.least_busy()).name
        shares = await asyncio.gather(*(share_of_ones(service, backend, theta) for theta in angles))
    for theta, share in zip(angles, shares, strict=True):
        print(f"{theta:6.3f}  {share:6.3f}  {'#' * round(40 * share)}")


asyncio.run(main())
