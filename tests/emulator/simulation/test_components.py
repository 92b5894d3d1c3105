from __future__ import annotations

from qiskit import QuantumCircuit

from qrt_async.emulator.simulation.compact import active_qubits
from qrt_async.emulator.simulation.components import Component, components


def parts(circuit: QuantumCircuit) -> list[Component]:
    return components(circuit, active_qubits(circuit))


def test_qubits_belong_together_when_a_gate_ties_them_however_far_the_chain() -> None:
    circuit = QuantumCircuit(6, 6)
    for pair in [(4, 3), (0, 1), (3, 1)]:
        circuit.cz(*pair)
        circuit.cz(*pair)
    circuit.x(5)
    circuit.measure(range(6), range(6))
    assert parts(circuit) == [
        Component((0, 1, 3, 4), (0, 1, 3, 4)),
        Component((2,), (2,)),
        Component((5,), (5,)),
    ]


def test_a_barrier_ties_nothing_and_idle_qubits_are_no_part() -> None:
    circuit = QuantumCircuit(3, 2)
    circuit.x([0, 1])
    circuit.barrier()
    assert parts(circuit) == [Component((0,), ()), Component((1,), ())]


def test_a_bit_that_decides_ties_what_it_was_read_from_to_what_it_decides() -> None:
    circuit = QuantumCircuit(3, 2)
    circuit.measure(0, 1)
    with circuit.if_test((circuit.clbits[1], 1)):
        circuit.x(2)
    circuit.x(1)
    assert parts(circuit) == [Component((0, 2), (1,)), Component((1,), ())]


def test_two_readings_into_one_bit_stay_together() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.measure([0, 1], [0, 0])
    assert parts(circuit) == [Component((0, 1), (0,))]
