"""Forty programs through one Submitter: in the order in which they end, in little memory, within a budget."""

import asyncio
import math
import os
from collections.abc import Iterator

import qrt_async as qrt

PROGRAMS = 40
SHOTS = 200
ROTATION = """
OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
bit[1] meas;
sx $0; rz(theta + pi) $0; sx $0;
meas[0] = measure $0;
"""


def programs() -> Iterator[qrt.Sampler]:
    """Taken from here only as fast as they are sent: there could be a million."""
    for step in range(PROGRAMS):
        theta = math.pi * step / (PROGRAMS - 1)
        yield qrt.Sampler([(ROTATION, {"theta": theta})], shots=SHOTS)


async def main() -> None:
    channel = None if any(name.startswith("QISKIT_IBM_") for name in os.environ) else "local"
    budget = qrt.Budget(seconds=3600, cost=30)
    async with (
        qrt.RuntimeService(channel=channel) as service,
        qrt.Submitter(service, budget=budget, max_in_flight=10) as submitter,
    ):
        backend = (await service.backends.least_busy()).name
        ones = done = 0
        async for submission in submitter.map(programs(), backend=backend, ahead=20):
            try:
                result = await submission
            except qrt.QrtError as error:
                print(f"{submission.id}  {error}", flush=True)
                continue
            done += 1
            ones += result[0].data.bits("meas").get_counts().get("1", 0)
            print(f"{submission.id}  {done:3} of {PROGRAMS}", flush=True)
    if done:
        print(f"a half circle of angles gives {ones / done / SHOTS:.3f} ones; half of them are expected")


asyncio.run(main())
