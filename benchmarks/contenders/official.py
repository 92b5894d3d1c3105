"""IBM's own client, unmodified: a loop, a pool of 32 threads, or 32 threads that submit and wait."""

from __future__ import annotations

import os
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.contenders.measure import Meter

url, token, instance, mode, count = sys.argv[1:6]
os.environ["IAM_URL"] = url
os.environ["QISKIT_FUNCTIONS_EXPERIMENTAL"] = "1"
warnings.simplefilter("ignore")

from qiskit import QuantumCircuit  # noqa: E402 - after the environment is set
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2  # noqa: E402

meter = Meter()
service = QiskitRuntimeService(
    channel="ibm_quantum_platform",
    token=token,
    instance=instance,
    url_resolver=lambda *_: f"{url}/api/v1",
)
circuit = QuantumCircuit(2, 2)
circuit.x(0)
circuit.measure([0, 1], [0, 1])
sampler = SamplerV2(service.backend("bench"))


def submit(_: int) -> Any:
    return sampler.run([circuit], shots=100)


def wait(job: Any) -> None:
    job.result()[0].data.c.get_counts()
    meter.in_hand(job.job_id())


if mode == "loop":
    for job in [submit(n) for n in range(int(count))]:
        wait(job)
else:
    with ThreadPoolExecutor(32) as pool:
        if mode == "pool":
            list(pool.map(wait, list(pool.map(submit, range(int(count))))))
        else:
            list(pool.map(lambda n: wait(submit(n)), range(int(count))))
meter.report()
