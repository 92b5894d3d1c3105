"""The executor: bits of each register at each point of each item of a quantum program."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from typing import Any, Literal

import msgspec
import numpy as np
from qiskit import QuantumCircuit

from qrt_async.emulator.devices.device import Device
from qrt_async.emulator.simulation.circuits import Circuit
from qrt_async.emulator.simulation.points import prepared
from qrt_async.emulator.simulation.shots import digest
from qrt_async.emulator.simulation.timing import charged_seconds, circuit_seconds, utc_now
from qrt_async.emulator.simulation.values import Values

from . import iq
from .quantum_program import CircuitItem, Item, QuantumProgram, read_program
from .samplex import draw
from .tensors import Array, write_tensor

Kind = Literal["bits", "points", "mean"]
TOLD: dict[str, dict[str, Kind]] = {
    "classified": {"": "bits"},
    "kerneled": {"_iq": "points"},
    "avg_kerneled": {"_avg_iq": "mean"},
    "both": {"": "bits", "_iq": "points"},
}
"""What is told of a register at each level, by what is put behind its name."""


class Job(msgspec.Struct, frozen=True):
    """What holds for all items. ``repeats`` counts how often each thing was drawn, so that no draw recurs."""

    device: Device
    seed: int
    shots: int
    level: str
    repeats: Counter[int]

    def fresh(self, first: int, *, of: bytes) -> int:
        """A seed that follows from ``first``, from what is drawn, and from how often that was drawn before."""
        drawn = int.from_bytes(
            hashlib.blake2b(of, key=first.to_bytes(16, "big"), digest_size=16).digest(), "big"
        )
        self.repeats[drawn] += 1
        return drawn + ((self.repeats[drawn] - 1) << 128)


def run_executor(given: Any, device: Device, seed: int) -> tuple[dict[str, Any], float, list[QuantumCircuit]]:
    """The result as JSON has it, the seconds charged, and the circuits that ran."""
    program = read_program(given, device)
    job = Job(device, seed, program.shots, program.level, Counter())
    data, spans = [], []
    for number, item in enumerate(program.items):
        start = utc_now()
        arrays = _run_item(item, job)
        data.append({name: write_tensor(it, compressed=program.compressed) for name, it in arrays.items()})
        part = {"idx_item": number, "size": math.prod(item.shape)} | _whole(item.shape, program)
        spans.append({"start": start.isoformat(), "stop": utc_now().isoformat(), "parts": [part]})
    circuits = [item.circuit.circuit for item in program.items]
    charged = charged_seconds(
        [
            (program.shots * math.prod(item.shape), circuit_seconds(item.circuit.circuit, device))
            for item in program.items
        ],
        device,
    )
    return _document(program, data, spans), charged, circuits


def _run_item(item: Item, job: Job) -> dict[str, Array]:
    if isinstance(item, CircuitItem):
        return _run_points(item.circuit, item.values, job)
    first = digest(job.seed, item.circuit.circuit)
    drawn = draw(item, lambda of: job.fresh(first, of=of))
    return _run_points(item.circuit, drawn.values, job) | drawn.others


def _run_points(circuit: Circuit, values: Values, job: Job) -> dict[str, Array]:
    """What is told of each register, its first bit first: ``(*points, shots, bits)``."""
    runs = prepared(circuit, values, job.device)
    points = values.shape[:-1]
    first = digest(job.seed, circuit.circuit, job.shots)
    told = TOLD[job.level]
    arrays = {
        register.name + suffix: _blank(kind, points, job.shots, len(register.bits))
        for register in circuit.registers
        for suffix, kind in told.items()
    }
    for number, point in enumerate(np.ndindex(points)):
        seed = job.fresh(first, of=values[point].tobytes())
        bits = runs.read(number, job.shots, seed)
        for register in circuit.registers:
            own = bits[:, list(register.bits)]
            for suffix, kind in told.items():
                arrays[register.name + suffix][point] = _as(kind, own, seed)
    return arrays


def _blank(kind: Kind, points: tuple[int, ...], shots: int, width: int) -> Array:
    if kind == "bits":
        return np.zeros((*points, shots, width), np.bool_)
    return np.zeros((*points, shots, width) if kind == "points" else (*points, width), np.complex128)


def _as(kind: Kind, bits: Array, seed: int) -> Array:
    if kind == "bits":
        return bits
    found = iq.points(bits, seed)
    return found if kind == "points" else found.mean(axis=0)


def _whole(shape: tuple[int, ...], program: QuantumProgram) -> dict[str, Any]:
    """That a part is all of its item, in the words that the version has for it."""
    if program.version in ("v0.1", "v0.2"):
        return {}
    return {"permutation": list(range(len(shape))), "element_range": [0, math.prod(shape), 1]}


def _document(
    program: QuantumProgram, data: list[dict[str, Any]], spans: list[dict[str, Any]]
) -> dict[str, Any]:
    metadata = None if program.version == "v0.1" else {"scheduler_timing": None, "stretch_values": None}
    document: dict[str, Any] = {
        "schema_version": program.version,
        "data": [{"results": results, "metadata": metadata} for results in data],
        "metadata": {"chunk_timing": spans},
    }
    if program.version != "v0.1":
        document["passthrough_data"] = program.passthrough
    if program.version not in ("v0.1", "v0.2"):
        document["semantic_role"] = program.role
    return document
