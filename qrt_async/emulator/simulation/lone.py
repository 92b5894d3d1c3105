"""Noisy qubits that nothing ties to another one: their readings follow from their Bloch vectors, exactly.

A primitive of the official client reads every qubit of a device. Those that no two-qubit gate touches need
no simulation together, and none one by one.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterExpression

from qrt_async.emulator.devices.processor import Processor

from .noise import delay_seconds
from .values import Values

QUARTER = {"sx": 1, "x": 2, "id": 0}
"""Quarter turns around X."""
KNOWN = frozenset({*QUARTER, "rx", "rz", "delay", "reset"})

Chances = np.ndarray[Any, np.dtype[np.float64]]


class Lone(msgspec.Struct, frozen=True):
    """What happens to a qubit before it is read, once and at the end, into a classical bit."""

    qubit: int
    clbit: int
    steps: tuple[Any, ...]


def as_lone(circuit: QuantumCircuit, qubit: int) -> Lone | None:
    """The qubit, if no other one is involved and it is only read at the end; ``None`` else."""
    steps: list[Any] = []
    clbit = None
    for instruction in circuit.data:
        if circuit.qubits[qubit] not in instruction.qubits or instruction.operation.name == "barrier":
            continue
        if clbit is not None:
            return None
        if instruction.operation.name == "measure":
            clbit = circuit.find_bit(instruction.clbits[0]).index
        elif instruction.operation.name in KNOWN and len(instruction.qubits) == 1:
            steps.append(instruction.operation)
        else:
            return None
    return None if clbit is None else Lone(qubit, clbit, tuple(steps))


def chances(lone: Lone, parameters: tuple[Parameter, ...], values: Values, processor: Processor) -> Chances:
    """The probability at each point, a row of ``values``, that a 1 is read."""
    noise = processor.qubits[lone.qubit]
    places = {parameter: place for place, parameter in enumerate(parameters)}
    bloch = np.zeros((3, len(values)))
    bloch[2] = 1.0
    for step in lone.steps:
        bloch = _stepped(bloch, step, places, values, processor, lone.qubit)
    excited = (1.0 - bloch[2]) / 2.0
    read: Chances = excited * (1.0 - noise.reads_0_when_1) + (1.0 - excited) * noise.reads_1_when_0
    return read


def _stepped(
    bloch: Values, step: Any, places: dict[Parameter, int], values: Values, processor: Processor, qubit: int
) -> Values:
    x, y, z = bloch
    if step.name == "reset":
        return np.stack([np.zeros_like(x), np.zeros_like(y), np.ones_like(z)])
    if step.name == "delay":
        seconds, noise = delay_seconds(step, processor.dt), processor.qubits[qubit]
        phase, decay = math.exp(-seconds / noise.t2), math.exp(-seconds / noise.t1)
        return np.stack([x * phase, y * phase, 1.0 - (1.0 - z) * decay])
    if step.name == "rz":
        turn = _angles(step.params[0], places, values)
        return np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn), z])
    if step.name == "rx":
        turn = _angles(step.params[0], places, values)
    else:
        turn = np.full(len(values), QUARTER[step.name] * math.pi / 2.0)
    turned = np.stack([x, y * np.cos(turn) - z * np.sin(turn), y * np.sin(turn) + z * np.cos(turn)])
    return turned * (1.0 - 2.0 * processor.error(step.name, (qubit,)))


def _angles(angle: Any, places: dict[Parameter, int], values: Values) -> Values:
    """An angle at each point."""
    if isinstance(angle, Parameter):
        return values[:, places[angle]]
    if not isinstance(angle, ParameterExpression):
        return np.full(len(values), float(angle))
    free = list(angle.parameters)
    rows = values[:, [places[parameter] for parameter in free]].tolist()
    return np.array([float(angle.bind(dict(zip(free, row, strict=True)))) for row in rows])
