"""What every topic stands on: IBM's released client, unmodified, in front of an emulator; and checks.

    python -m tests.journeys.official.TOPIC URL RECORD

prints one line of JSON for each check: its name, and what went wrong. The last check reads what the emulator
recorded meanwhile. The client is redirected by configuration alone: ``IAM_URL``,
``QISKIT_FUNCTIONS_EXPERIMENTAL`` and a URL resolver.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

URL, RECORD = sys.argv[1], Path(sys.argv[2])
os.environ["IAM_URL"] = URL
os.environ["QISKIT_FUNCTIONS_EXPERIMENTAL"] = "1"
warnings.simplefilter("ignore")

from qiskit import QuantumCircuit, generate_preset_pass_manager  # noqa: E402 - after the environment is set
from qiskit.circuit import Parameter  # noqa: E402
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2  # noqa: E402

from tests.journeys.official.referee import Referee  # noqa: E402

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:inst0::"
IDEAL, FALCON, HERON = "emulator_ideal", "emulator_falcon", "emulator_heron"
POLL = 0.1
"""Seconds between two looks of the client, at the least; its default of 0.5 only makes the journey long."""
PATIENCE = 60.0
THETA = Parameter("theta")

Check = Callable[[], None]
checks: list[Check] = []


def check(function: Check) -> Check:
    checks.append(function)
    return function


def connect(token: str = "any-key", instance: str = CRN, **given: Any) -> Any:  # noqa: S107 - of an emulator
    """A service of its own: that key is a user of its own."""
    resolver = {} if "url" in given else {"url_resolver": lambda *_: f"{URL}/api/v1"}
    return QiskitRuntimeService(
        channel="ibm_quantum_platform", token=token, instance=instance, **resolver, **given
    )


service = connect()


def rotation(angle: float | Parameter) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    circuit.measure_all()
    return circuit


def flip() -> QuantumCircuit:
    """In gates that a device has itself."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return circuit


def pair(*, measured: bool = True) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure_all()
    return circuit


def tilted(*, measured: bool = True) -> QuantumCircuit:
    """Two qubits that are both 1 with the chance sin²(θ/2), and else both 0."""
    circuit = QuantumCircuit(2)
    circuit.rx(THETA, 0)
    circuit.cx(0, 1)
    if measured:
        circuit.measure_all()
    return circuit


def fitted(circuit: QuantumCircuit, backend: Any) -> QuantumCircuit:
    return generate_preset_pass_manager(optimization_level=1, backend=backend, seed_transpiler=7).run(circuit)


def run(*tags: str, by: Any = None, backend: str = IDEAL, most: int | None = None, **environment: Any) -> Any:
    """A small sampler job with these tags, of at most so many seconds; ``emulate:`` tags ask for how it ends."""
    limit = {} if most is None else {"max_execution_time": most}
    options = {**limit, "environment": {"job_tags": list(tags), **environment}}
    circuit = rotation(1.0) if backend == IDEAL else flip()
    return SamplerV2((by or service).backend(backend), options=options).run([circuit], shots=100)


def result(job: Any) -> Any:
    return job.result(timeout=PATIENCE, poll_interval=POLL)


def ended(job: Any) -> str:
    """Wait for the end; the client's word for it."""
    job.wait_for_final_state(timeout=PATIENCE, poll_interval=POLL)
    return str(job.status())


def raises(kind: type[Exception], work: Callable[[], Any], *words: str) -> Any:
    """The error that this raises: of exactly that class, with these words in its text."""
    try:
        got = work()
    except Exception as error:
        if type(error) is not kind or not all(word in str(error) for word in words):
            raise
        return error
    raise AssertionError(f"{kind.__name__} was not raised; it answered {got!r}")


def control(name: str, value: Any = None, *, query: str = "") -> Any:
    """The emulator's own controls."""
    body = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(f"{URL}/_emulator/{name}{query}", data=body)  # noqa: S310 - our own URL
    with urllib.request.urlopen(request, timeout=PATIENCE) as reply:  # noqa: S310
        text = reply.read()
    return json.loads(text) if text else None


@contextmanager
def configured(**fields: Any) -> Iterator[None]:
    """The emulator with another configuration for a while."""
    control("config", fields)
    try:
        yield
    finally:
        control("config", {"token": None, "instance": None, "rate_limit": None, "pending_cap": None,
                           "usage_limit": None, "retry_after": True, "plan": "premium",
                           "token_seconds": 3600.0, "keys": []})  # fmt: skip


@contextmanager
def troubled(**rule: Any) -> Iterator[None]:
    """One kind of trouble for a while, and none after it."""
    control("faults", [rule])
    try:
        yield
    finally:
        control("faults", [])


def requests() -> dict[str, int]:
    """How many requests of each kind the server has seen."""
    counted: dict[str, int] = control("stats")["requests"]
    return counted


def recorded(begin: int) -> Iterator[dict[str, Any]]:
    """What the emulator has recorded since that byte of the file, complete."""
    mark = f"?end-of={os.getpid()}".encode()
    control("stats", query=mark.decode())
    while mark not in (written := RECORD.read_bytes()[begin:]):
        time.sleep(0.02)
    complete, _, _ = written.rpartition(b"\n")  # the writer may be in the middle of a line
    for line in complete.splitlines():
        yield json.loads(line)


def every_exchange_validates(begin: int) -> None:
    """What the emulator has recorded since that byte of the file is right, and not little."""
    referee = Referee()
    seen = 0
    wrong: list[str] = []
    for exchange in recorded(begin):
        seen += 1
        wrong += referee.objections(exchange)
    assert not wrong, "\n".join(wrong[:10])
    assert seen > 5, "the recording lacks what was asked"
    assert referee.judged, "no job was submitted, or none that IBM's models could judge"


def main() -> None:
    begin = RECORD.read_bytes().rfind(b"\n") + 1
    named: dict[str, Check] = {function.__name__: function for function in checks}
    named["every_exchange_validates"] = partial(every_exchange_validates, begin)
    for name, function in named.items():
        print(json.dumps({"check": name, **outcome(function)}), flush=True)  # noqa: T201 - its answer


def outcome(function: Check) -> dict[str, Any]:
    """What went wrong, if anything, and how long it took."""
    wrong = None
    began = time.perf_counter()
    try:
        function()
    except Exception:  # noqa: BLE001 - each check is judged by itself
        wrong = traceback.format_exc()[-3000:]
    return {"wrong": wrong, "seconds": round(time.perf_counter() - began, 2)}
