from __future__ import annotations

from qiskit import QuantumCircuit

from qrt_async.emulator.programs.layers import Layer, layers, unique_layers


def ladder() -> QuantumCircuit:
    """Two gates at once, one between them, and the first two again."""
    circuit = QuantumCircuit(5, 4)
    for pair in [(0, 1), (2, 3), (1, 2), (0, 1), (2, 3)]:
        circuit.h(pair[0])
        circuit.cz(*pair)
    circuit.measure(range(4), range(4))
    return circuit


OUTER = (("cz", (0, 1)), ("cz", (2, 3)))
INNER = (("cz", (1, 2)),)


def test_gates_that_can_act_at_once_are_a_layer() -> None:
    assert [layer.gates for layer in layers(ladder(), "active")] == [OUTER, INNER, OUTER]


def test_a_barrier_keeps_layers_apart() -> None:
    circuit = QuantumCircuit(4)
    circuit.cz(0, 1)
    circuit.barrier()
    circuit.cz(2, 3)
    assert [layer.gates for layer in layers(circuit, "active")] == [(("cz", (0, 1)),), (("cz", (2, 3)),)]


def test_a_gate_that_cannot_be_twirled_keeps_its_place_and_is_left_out() -> None:
    circuit = QuantumCircuit(3)
    circuit.cz(0, 1)
    circuit.rzz(0.3, 1, 2)
    circuit.cz(0, 1)
    assert [layer.gates for layer in layers(circuit, "active")] == [(("cz", (0, 1)),)] * 2


def test_the_strategy_says_which_qubits_are_twirled() -> None:
    circuit = QuantumCircuit(4)
    circuit.cz(1, 0)
    circuit.cz(1, 2)
    assert [it.qubits for it in layers(circuit, "active")] == [(0, 1), (1, 2)]
    assert [it.qubits for it in layers(circuit, "active-accum")] == [(0, 1), (0, 1, 2)]
    assert [it.qubits for it in layers(circuit, "active-circuit")] == [(0, 1, 2)] * 2
    assert [it.qubits for it in layers(circuit, "all")] == [(0, 1, 2, 3)] * 2


def test_the_most_frequent_layers_come_first_and_each_comes_once() -> None:
    later = QuantumCircuit(5)
    for _ in range(3):
        later.cz(3, 4)
    found = unique_layers([ladder(), later], "active", None)
    assert [it.gates for it in found] == [(("cz", (3, 4)),), OUTER, INNER]
    assert unique_layers([ladder(), later], "active", 1) == found[:1]
    assert unique_layers([ladder()], "active", 0) == []


def test_a_layer_as_a_circuit_counts_its_own_qubits() -> None:
    circuit = Layer((("ecr", (7, 4)),), (2, 4, 7)).circuit()
    [instruction] = circuit.data
    assert instruction.operation.name == "ecr"
    assert [circuit.find_bit(qubit).index for qubit in instruction.qubits] == [2, 1]
