"""One job, awaited: a Bell pair on the backend with the shortest queue."""

import asyncio
import os

import qrt_async as qrt

BELL = """
OPENQASM 3.0;
include "stdgates.inc";
bit[2] meas;
rz(pi/2) $0; sx $0; rz(pi/2) $0;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
meas[0] = measure $0;
meas[1] = measure $1;
"""


async def main() -> None:
    channel = None if any(name.startswith("QISKIT_IBM_") for name in os.environ) else "local"
    async with qrt.RuntimeService(channel=channel) as service:
        backend = await service.backends.least_busy(min_qubits=2)
        job = await service.run(qrt.Sampler([BELL], shots=1000), backend=backend.name, tags=["example"])
        print(f"submitted {job.id} to {backend.name}")
        try:
            result = await job.result(timeout=600)
        except qrt.JobFailed as error:
            print(f"the service says: {error.reason} (code {error.reason_code})")
            raise
        print(result[0].data.bits("meas").get_counts())
        metrics = await job.metrics()
        print(f"charged {metrics.charged} s of QPU time")


asyncio.run(main())
