from __future__ import annotations

import math
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Parameter

from qrt_async.emulator.simulation.gates import angle, quarters, standardized, walk


def test_operations_inside_of_conditions_are_placed_in_the_outermost_circuit() -> None:
    inner = QuantumCircuit(2, 1)
    inner.cz(1, 0)
    circuit = QuantumCircuit(9, 1)
    circuit.x(8)
    circuit.if_test((circuit.clbits[0], 1), inner, [7, 3], [0])
    assert [(it.name, qubits) for it, qubits in walk(circuit)] == [
        ("x", (8,)),
        ("if_else", (7, 3)),
        ("cz", (3, 7)),
    ]
    assert [qubits for _, qubits in walk(inner, (40, 50))] == [(50, 40)]


def test_a_gate_with_free_angles_is_recognised_too() -> None:
    free = Parameter("t")
    body = QuantumCircuit(2)
    body.cx(0, 1)
    body.rz(2 * free, 1)
    body.cx(0, 1)
    gate = Gate("rzz", 2, [2 * free])
    gate.definition = body
    circuit = QuantumCircuit(2)
    circuit.append(gate, [0, 1])
    assert type(standardized(circuit).data[0].operation) is not Gate


@pytest.mark.parametrize(
    ("given", "expected"),
    [(0, 0), (math.pi / 2, 1), (-math.pi / 2, 3), (7 * math.pi, 2), (0.1, None), (Parameter("t"), None)],
)
def test_angles_are_counted_in_quarter_turns(given: Any, expected: int | None) -> None:
    assert quarters(given) == expected


def test_an_angle_with_free_parameters_is_no_number() -> None:
    assert angle(Parameter("t")) is None
    assert angle(1) == 1.0
