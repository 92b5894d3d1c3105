"""Programs to run, readers of what comes back, and the arithmetic of chance. Readers are this suite's own."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import math
import os
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qpy

from qrt_async.emulator.devices.device import parse
from qrt_async.emulator.devices.processor import Processor
from qrt_async.emulator.programs.execute import execute
from qrt_async.emulator.work import Outcome, Work

ALPHA = 1e-6
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
BELL = HEAD + "qubit[2] q; bit[2] meas; h q[0]; cx q[0], q[1]; meas = measure q;"
BELL_ISA = (
    HEAD + "bit[2] meas; rz(pi/2) $0; sx $0; rz(pi/2) $0; rz(pi/2) $1; sx $1; rz(pi/2) $1; cz $0, $1; "
    "rz(pi/2) $1; sx $1; rz(pi/2) $1; meas[0] = measure $0; meas[1] = measure $1;"
)
ENDLESS = HEAD + "qubit q; bit c; c = measure q; while (!c) { reset q; c = measure q; }"
ROTATION = HEAD + "input float[64] theta; qubit q; bit c; ry(theta) q; c = measure q;"


def noisy(spec: str = "emulator_heron") -> Processor:
    """What is known of a device that is not ideal."""
    processor = parse(spec).processor
    assert processor is not None
    return processor


def work(
    pubs: Any, *, program: str = "sampler", backend: str = "ideal", seed: int = 7, **params: Any
) -> Work:
    return Work(
        program_id=program,
        params=json.dumps({"pubs": pubs, **params}).encode(),
        backend=backend,
        seed=seed,
    )


def run(pubs: Any, **given: Any) -> Outcome:
    return execute(work(pubs, **given))


def results(outcome: Outcome) -> list[dict[str, Any]]:
    """The PUB results of a plain body."""
    assert outcome.kind == "completed", outcome.reason
    pubs: list[dict[str, Any]] = json.loads(outcome.body)["results"]
    return pubs


def counts(samples: list[str]) -> Counter[int]:
    return Counter(int(word, 16) for word in samples)


def counted(pubs: Any, register: str = "meas", **given: Any) -> Counter[int]:
    """What the first PUB, without points, read in a register."""
    return counts(results(run(pubs, **given))[0]["data"][register]["samples"])


def estimated(pubs: Any, **given: Any) -> dict[str, Any]:
    """The data of the first PUB of an estimator job."""
    data: dict[str, Any] = results(run(pubs, program="estimator", **given))[0]["data"]
    return data


def refused(pubs: Any, **given: Any) -> tuple[int | None, str]:
    """The code and the words a program failed with."""
    outcome = run(pubs, **given)
    assert outcome.kind == "failed"
    assert outcome.quantum_seconds == 2.0
    assert outcome.reason_solution
    assert outcome.body.decode().strip().splitlines()[-1].endswith(outcome.reason or "")
    return outcome.reason_code, outcome.reason or ""


def typed(circuit: QuantumCircuit, version: int = 17) -> dict[str, str]:
    """A circuit as the official client sends it."""
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer, version=version)
    return {
        "__type__": "QuantumCircuit",
        "__value__": base64.b64encode(zlib.compress(buffer.getvalue())).decode(),
    }


def typed_array(values: Any) -> dict[str, str]:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(values))
    return {"__type__": "ndarray", "__value__": base64.b64encode(zlib.compress(buffer.getvalue())).decode()}


def untyped(value: Any) -> Any:
    """Typed JSON as plain values; arrays as NumPy's."""
    if isinstance(value, list):
        return [untyped(element) for element in value]
    if not isinstance(value, dict):
        return value
    if value.get("__type__") == "ndarray":
        return np.load(io.BytesIO(zlib.decompress(base64.b64decode(value["__value__"]))))
    if "__type__" in value:
        return untyped(value["__value__"])
    return {key: untyped(element) for key, element in value.items()}


def workers_of(pid: int) -> set[int]:
    """The worker processes of a process, by their command."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            _, parent = _state_and_parent(int(folder.name))
            if parent == pid and b"qrt_async.emulator.workers.worker" in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
    return found


def runs(pid: int) -> bool:
    """Whether a process has not ended; one that nobody has asked for its end has."""
    with contextlib.suppress(OSError):
        return _state_and_parent(pid)[0] != "Z"
    return False


def cpu_seconds(pid: int) -> float:
    """What a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _state_and_parent(pid: int) -> tuple[str, int]:
    state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    return state, int(parent)


def likely(successes: int, trials: int, probability: float, alpha: float = ALPHA) -> bool:
    """Whether an exact two-sided binomial test at ``alpha`` lets this count pass."""
    if probability <= 0.0 or probability >= 1.0:
        return successes == round(trials * probability)

    def chance(k: int) -> float:
        ways = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        return math.exp(ways + k * math.log(probability) + (trials - k) * math.log1p(-probability))

    below = math.fsum(chance(k) for k in range(successes + 1))
    above = math.fsum(chance(k) for k in range(successes, trials + 1))
    return min(below, above) > alpha / 2.0
