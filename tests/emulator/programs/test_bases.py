from __future__ import annotations

import itertools

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli, Statevector

from qrt_async.emulator.programs.bases import measured, signs, split, weights
from qrt_async.emulator.programs.observables import Observable
from qrt_async.emulator.simulation.shots import sample


def test_terms_that_commute_qubit_by_qubit_share_a_basis_and_the_identity_is_a_number() -> None:
    observable = Observable((("ZZI", 1.0), ("III", 0.5), ("IIX", 2.0), ("XXI", 3.0), ("IZI", 4.0)))
    constant, groups = split(observable, (0, 1, 2))
    assert constant == 0.5
    assert [(group.basis, [term.coefficient for term in group.terms]) for group in groups] == [
        ("XZZ", [1.0, 2.0, 4.0]),
        ("ZXX", [3.0]),
    ]


def test_bases_name_the_qubits_that_are_read_and_no_others() -> None:
    constant, groups = split(Observable((("YIIIX", 1.0),)), (0, 2, 4))
    assert constant == 0.0
    assert groups[0].basis == "XZY"
    assert groups[0].terms[0].letters == ((0, "X"), (2, "Y"))
    assert groups[0].terms[0].qubits == (0, 2)


@pytest.mark.parametrize("as_rz", [False, True])
def test_a_turned_basis_reads_what_the_paulis_say(as_rz: bool) -> None:
    circuit = QuantumCircuit(2)
    circuit.u(0.7, 0.4, 1.1, 0)
    circuit.cx(0, 1)
    circuit.u(1.7, 2.4, 0.1, 1)
    for letters in itertools.product("XYZ", repeat=2):
        label = "".join(letters)
        _, groups = split(Observable(((label, 1.0),)), (0, 1))
        shots = sample(measured(circuit, groups[0].basis, as_rz=as_rz), 20_000, seed=1)
        seen = float(signs(shots, groups[0].terms, 0)[0] @ weights(shots))
        exact = float(np.real(Statevector(circuit).expectation_value(Pauli(label))))
        assert abs(seen - exact) < 6.0 / np.sqrt(20_000)


def test_readings_go_after_the_bits_that_the_circuit_has_already() -> None:
    circuit = QuantumCircuit(1, 3)
    circuit.x(0)
    whole = measured(circuit, "Z", as_rz=False)
    assert whole.num_clbits == 4
    assert circuit.num_clbits == 3
    shots = sample(whole, 10, 0)
    assert shots.outcomes.tolist() == [[0, 0, 0, 1]]
    assert weights(shots).tolist() == [1.0]
