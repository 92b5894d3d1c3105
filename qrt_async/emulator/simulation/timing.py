"""How long a machine would take."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from qiskit import QuantumCircuit

from qrt_async.emulator.devices.device import REP_DELAY, Device
from qrt_async.emulator.devices.families import FAMILIES, HERON
from qrt_async.emulator.failure import OVERHEAD_SECONDS

from .noise import delay_seconds

FREE = frozenset({"barrier", "rz", "p", "u1", "id", "store"})


def circuit_seconds(circuit: QuantumCircuit, device: Device) -> float:
    """One execution, along the longest chain of operations; ideal machines count with the times of a Heron."""
    family = FAMILIES.get(device.kind, HERON)
    ready = [0.0] * max(1, circuit.num_qubits)
    for instruction in circuit.data:
        operation = instruction.operation
        places = [circuit.find_bit(qubit).index for qubit in instruction.qubits]
        if not places:
            continue
        if operation.name == "delay":
            length = delay_seconds(operation, device)
        elif operation.name in ("measure", "reset"):
            length = family.readout_time * 1e-9
        elif operation.name in FREE:
            length = 0.0
        else:
            length = (family.gate_time if len(places) == 1 else family.pair_time) * 1e-9
        end = max(ready[place] for place in places) + length
        for place in places:
            ready[place] = end
    return max(ready)


def charged_seconds(executions: list[tuple[int, float]]) -> float:
    """What is charged for these counts of executions and the seconds of each: whole seconds, at least two."""
    run = sum(count * (REP_DELAY + seconds) for count, seconds in executions)
    return float(math.ceil(OVERHEAD_SECONDS + run))


def utc_now() -> datetime:
    """The moment, as results state it: the service writes naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
