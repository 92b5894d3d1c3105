from __future__ import annotations

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, QuantumRegister
from qiskit.circuit.classical import expr, types

from qrt_async.emulator.failure import ProgramFailed
from qrt_async.emulator.simulation.compact import active_qubits, compacted


def wide() -> QuantumCircuit:
    circuit = QuantumCircuit(QuantumRegister(100, "q"), ClassicalRegister(2, "a"), ClassicalRegister(1, "b"))
    circuit.x(40)
    circuit.barrier()
    circuit.delay(100, 7)
    circuit.cz(40, 90)
    circuit.measure(90, 2)
    return circuit


def test_qubits_that_only_wait_are_not_active() -> None:
    assert active_qubits(wide()) == {40, 90}


def test_a_compacted_circuit_has_the_given_qubits_and_all_classical_bits() -> None:
    small = compacted(wide(), (40, 90))
    assert small.num_qubits == 2
    assert [(register.name, register.size) for register in small.cregs] == [("a", 2), ("b", 1)]
    done = [
        (it.operation.name, [small.find_bit(bit).index for bit in (*it.qubits, *it.clbits)])
        for it in small.data
    ]
    assert done == [("x", [0]), ("cz", [0, 1]), ("measure", [1, 2])]


def test_conditions_and_variables_survive() -> None:
    circuit = QuantumCircuit(5, 1)
    flag = circuit.add_var("flag", expr.lift(False))
    circuit.measure(3, 0)
    circuit.store(flag, circuit.clbits[0])
    with circuit.if_test(flag):
        circuit.x(4)
    small = compacted(circuit, tuple(sorted(active_qubits(circuit))))
    assert small.num_qubits == 2
    assert [it.operation.name for it in small.data] == ["store", "measure", "store", "if_else"]


def test_input_variables_have_nobody_to_set_them() -> None:
    circuit = QuantumCircuit(1)
    circuit.add_input("given", types.Bool())
    with pytest.raises(ProgramFailed, match="input variables"):
        compacted(circuit, (0,))
