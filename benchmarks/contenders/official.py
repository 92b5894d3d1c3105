"""IBM's own client, qiskit-ibm-runtime, in three manners. Its interpreter needs nothing of ours installed."""

from __future__ import annotations

import importlib
import os
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import gauge
from benchmarks.lane import Answer, Task, on_your_marks, take_part

SHOTS = 1024
THREADS = 32


class Runner:
    """A sampler on a backend, and the note of when each result was in hand."""

    def __init__(self, task: Task) -> None:
        from qiskit import QuantumCircuit
        from qiskit_ibm_runtime import SamplerV2

        self.held: dict[str, float] = {}
        self._circuit = QuantumCircuit(2)
        self._circuit.h(0)
        self._circuit.cx(0, 1)
        self._circuit.measure_all()
        self._sampler = SamplerV2(mode=service(task).backend(task["backend"]))

    def submit(self, number: int) -> Any:
        return self._sampler.run([self._circuit], shots=SHOTS)

    def collect(self, job: Any) -> None:
        result = job.result()
        self.held[job.job_id()] = time.time()
        assert sum(result[0].data.meas.get_counts().values()) == SHOTS

    def both(self, number: int) -> None:
        self.collect(self.submit(number))


def service(task: Task) -> Any:
    """The released client, led to another server by its own settings."""
    os.environ["IAM_URL"] = task["url"]
    os.environ["QISKIT_FUNCTIONS_EXPERIMENTAL"] = "1"  # skips the search for instances
    from qiskit_ibm_runtime import QiskitRuntimeService

    return QiskitRuntimeService(
        channel="ibm_quantum_platform",
        token=task["key"],
        instance=task["instance"],
        url_resolver=lambda *_, **__: f"{task['url']}/api/v1",
    )


def loop(runner: Runner, jobs: int) -> None:
    """Submit all, then ask for each result in turn."""
    for job in [runner.submit(number) for number in range(jobs)]:
        runner.collect(job)


def pool(runner: Runner, jobs: int) -> None:
    """The same two passes, in threads."""
    with ThreadPoolExecutor(THREADS) as executor:
        submitted = list(executor.map(runner.submit, range(jobs)))
        list(executor.map(runner.collect, submitted))


def pool_run(runner: Runner, jobs: int) -> None:
    """Each thread submits and waits."""
    with ThreadPoolExecutor(THREADS) as executor:
        list(executor.map(runner.both, range(jobs)))


MANNERS = {"loop": loop, "pool": pool, "pool-run": pool_run}


def wait(task: Task) -> Answer:
    runner = Runner(task)
    on_your_marks()
    cpu, begun = time.process_time(), time.perf_counter()
    MANNERS[task["manner"]](runner, task["jobs"])
    return {
        "held": runner.held,
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu,
        "peak": gauge.peak_memory(),
    }


def load(task: Task) -> Answer:
    begun = time.perf_counter()
    importlib.import_module("qiskit_ibm_runtime")
    return {"seconds": time.perf_counter() - begun, "memory": gauge.memory()}


def decode(task: Task) -> Answer:
    import numpy as np
    from qiskit.primitives import BitArray
    from qiskit_ibm_runtime.decoders.result_decoder import ResultDecoder

    body = Path(task["body"]).read_bytes()

    def counts() -> dict[str, int]:
        result = ResultDecoder.decode(body.decode())
        if task["typed"]:
            bits = result[0].data.meas
        else:
            bits = BitArray.from_samples(result["results"][0]["data"]["meas"]["samples"], task["qubits"])
        found: dict[str, int] = bits.get_counts()
        return found

    def numbers() -> dict[str, int]:
        result = ResultDecoder.decode(body.decode())
        pubs = [pub.data for pub in result] if task["typed"] else [pub["data"] for pub in result["results"]]
        return {str(at): min(np.asarray(data[name]).size for name in data) for at, data in enumerate(pubs)}

    return gauge.timed(counts if task["program"] == "sampler" else numbers, task["runs"])


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # it warns of itself: SamplerV2 is deprecated
    take_part({"load": load, "decode": decode, "wait": wait})
