"""A two-qubit circuit with a random angle: submitted, followed, counted. No account needed."""

import asyncio
import math
import os
import random

import qrt_async as qrt

# cos(theta/2) |00> + sin(theta/2) |11>, in gates that IBM's Heron processors have themselves.
CIRCUIT = """
OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
bit[2] meas;
sx $0; rz(theta + pi) $0; sx $0;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
meas[0] = measure $0;
meas[1] = measure $1;
"""
SHOTS = 4096


async def main() -> None:
    # Whoever has set QISKIT_IBM_... variables runs on that account; everybody else on the emulator.
    channel = None if any(name.startswith("QISKIT_IBM_") for name in os.environ) else "local"
    theta = random.uniform(0.2, math.pi - 0.2)

    async with qrt.RuntimeService(channel=channel) as service:
        backend = await service.backends.least_busy(min_qubits=2)
        job = await service.run(qrt.Sampler([(CIRCUIT, {"theta": theta})], shots=SHOTS), backend=backend.name)
        print(f"job {job.id} on {job.backend}")
        shown = None
        async for update in job.updates():
            if update.status is not shown:
                shown = update.status
                print(f"  {update.status_text}")

        result = await job
        counts = result[0].data.bits("meas").get_counts()
        print(f"theta = {theta:.3f}")
        print(f"counts = {dict(sorted(counts.items()))}")
        expected = math.sin(theta / 2) ** 2
        print(f"share of 11: {counts.get('11', 0) / SHOTS:.3f}, from the angle: {expected:.3f}")


asyncio.run(main())
