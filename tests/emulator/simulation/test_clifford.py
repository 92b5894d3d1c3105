from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.quantum_info import Operator

from qrt_async.emulator.simulation.clifford import as_clifford

GATES = get_standard_gate_name_mapping()
WITH_ANGLES = {"rz": 1, "p": 1, "u1": 1, "rx": 1, "ry": 1, "u2": 2, "u": 3, "u3": 3, "rzz": 1}


@pytest.mark.parametrize("name", WITH_ANGLES)
def test_quarter_turns_are_spelled_as_the_gates_they_are(name: str) -> None:
    for turns in np.ndindex((5,) * WITH_ANGLES[name]):
        gate = GATES[name].base_class(*[(turn - 1) * np.pi / 2 for turn in turns])
        circuit = QuantumCircuit(gate.num_qubits)
        circuit.append(gate, range(gate.num_qubits))
        spelled = as_clifford(circuit)
        assert spelled is not None
        assert {it.operation.name for it in spelled.data} <= {
            "s",
            "sdg",
            "z",
            "x",
            "y",
            "h",
            "sx",
            "sxdg",
            "cz",
        }
        assert Operator(spelled).equiv(Operator(circuit))


@pytest.mark.parametrize(
    ("name", "angles"), [("iswap", []), ("cp", [0.0]), ("cp", [np.pi]), ("swap", []), ("ecr", [])]
)
def test_clifford_gates_on_two_qubits_are_known(name: str, angles: list[float]) -> None:
    circuit = QuantumCircuit(2)
    circuit.append(GATES[name].base_class(*angles), (0, 1))
    spelled = as_clifford(circuit)
    assert spelled is not None
    assert Operator(spelled).equiv(Operator(circuit))


def test_any_other_gate_makes_a_circuit_other_than_clifford() -> None:
    for gate in ("t", "ccx", "ch"):
        circuit = QuantumCircuit(3)
        circuit.append(GATES[gate], range(GATES[gate].num_qubits))
        assert as_clifford(circuit) is None
    circuit = QuantumCircuit(1)
    circuit.rx(0.3, 0)
    assert as_clifford(circuit) is None


def test_conditions_are_looked_into() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.rz(np.pi / 2, 1)
    assert as_clifford(circuit) is not None
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.t(1)
    assert as_clifford(circuit) is None
