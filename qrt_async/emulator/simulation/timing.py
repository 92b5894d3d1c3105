"""How long a machine would take."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from qiskit import QuantumCircuit

from qrt_async.emulator.devices.device import Device
from qrt_async.emulator.devices.families import HERON, NANO
from qrt_async.emulator.failure import OVERHEAD_SECONDS

from .noise import delay_seconds

FREE = frozenset({"barrier", "rz", "p", "u1", "id", "store"})
"""What takes no time on an ideal machine."""


def circuit_seconds(circuit: QuantumCircuit, device: Device) -> float:
    """One execution, along the longest chain of operations."""
    ready = [0.0] * max(1, circuit.num_qubits)
    for instruction in circuit.data:
        places = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        if not places:
            continue
        end = max(ready[place] for place in places) + _seconds(instruction.operation, places, device)
        for place in places:
            ready[place] = end
    return max(ready)


def charged_seconds(executions: list[tuple[int, float]], device: Device) -> float:
    """What is charged for these counts of executions and the seconds of each: whole seconds, at least two."""
    run = sum(count * (device.rep_delay + seconds) for count, seconds in executions)
    return float(math.ceil(OVERHEAD_SECONDS + run))


def _seconds(operation: Any, places: tuple[int, ...], device: Device) -> float:
    """The length of one operation; what the machine has no word for takes no time."""
    processor = device.processor
    if operation.name == "delay":
        return delay_seconds(operation, NANO if processor is None else processor.dt)
    if processor is None:
        return _like_a_heron(operation, places)
    if operation.name in ("measure", "reset"):
        return processor.read_seconds if operation.name == "measure" else processor.reset_seconds
    placed = processor.placed(operation.name, places)
    return 0.0 if placed is None else placed.seconds


def _like_a_heron(operation: Any, places: tuple[int, ...]) -> float:
    """Ideal machines count with the times of a Heron."""
    if operation.name in ("measure", "reset"):
        return HERON.readout_time * NANO
    if operation.name in FREE:
        return 0.0
    return (HERON.gate_time if len(places) == 1 else HERON.pair_time) * NANO


def utc_now() -> datetime:
    """The moment, as results state it: the service writes naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
