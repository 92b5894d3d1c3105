"""Making the gates of a circuit the standard ones, so that names mean what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Gate
from qiskit.circuit.library import IGate, get_standard_gate_name_mapping
from qiskit.quantum_info import Operator

STANDARD: dict[str, Any] = get_standard_gate_name_mapping()

Placed = tuple[Any, tuple[int, ...]]
"""An operation, and the places of its qubits in the outermost circuit."""


def standardized(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit with ``U(0,0,0)`` as ``id``, and defined gates that equal their standard namesake as that.

    A definition that differs from the standard gate of its name is left alone: an ideal machine runs
    it as defined, a device does not know it.
    """
    known: dict[str, bool] = {}
    return _standardized(circuit, known)


def _standardized(circuit: QuantumCircuit, known: dict[str, bool]) -> QuantumCircuit:
    for place, instruction in enumerate(circuit.data):
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            blocks = [_standardized(block, known) for block in operation.blocks]
            circuit.data[place] = instruction.replace(operation=operation.replace_blocks(blocks))
        elif operation.name == "u" and all(
            isinstance(it, (int, float)) and it == 0 for it in operation.params
        ):
            circuit.data[place] = instruction.replace(operation=IGate())
        elif type(operation) is Gate and operation.name in STANDARD:
            if operation.name not in known:
                known[operation.name] = _as_named(operation)
            if known[operation.name]:
                standard = STANDARD[operation.name].base_class(*operation.params)
                circuit.data[place] = instruction.replace(operation=standard)
    return circuit


def _as_named(gate: Gate) -> bool:
    """Whether a defined gate does, up to a global phase, what the standard gate of its name does."""
    standard = STANDARD[gate.name]
    if gate.definition is None or standard.num_qubits != gate.num_qubits:
        return False
    if len(standard.params) != len(gate.params):
        return False
    free = {name: 0.37 + 0.61 * place for place, name in enumerate(gate.definition.parameters)}
    values = [
        float(it.bind(free, allow_unknown_parameters=True)) if hasattr(it, "bind") else it
        for it in gate.params
    ]
    defined = Operator(gate.definition.assign_parameters(free))
    return bool(defined.equiv(Operator(standard.base_class(*values))))


def walk(circuit: QuantumCircuit, places: tuple[int, ...] | None = None) -> Iterator[Placed]:
    """Every operation, those inside of control flow too, with its qubits counted in the outermost circuit."""
    outer = tuple(range(circuit.num_qubits)) if places is None else places
    for instruction in circuit.data:
        qubits = tuple(outer[circuit.find_bit(qubit).index] for qubit in instruction.qubits)
        yield instruction.operation, qubits
        if isinstance(instruction.operation, ControlFlowOp):
            for block in instruction.operation.blocks:
                yield from walk(block, qubits)


def angle(value: Any) -> float | None:
    """An angle as a number; ``None`` while it has free parameters."""
    try:
        return float(value)
    except TypeError:
        return None


def quarters(value: Any) -> int | None:
    """An angle in quarter turns modulo a full one, if it is a whole number of them."""
    number = angle(value)
    if number is None:
        return None
    turns = number / (np.pi / 2.0)
    return round(turns) % 4 if abs(turns - round(turns)) < 1e-9 else None
