from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qrt_async.emulator.devices.device import parse
from qrt_async.emulator.failure import LIMIT, ProgramFailed
from qrt_async.emulator.simulation.circuits import Circuit, registers_of
from qrt_async.emulator.simulation.points import prepared
from tests.emulator.lab import likely

HERON = parse("emulator_heron")


def read(circuit: QuantumCircuit) -> Circuit:
    return Circuit(circuit, registers_of(circuit), tuple(circuit.parameters))


def test_a_device_read_as_a_whole_is_simulated_in_its_parts() -> None:
    circuit = QuantumCircuit(156, 156)
    circuit.x([0, 2])
    circuit.cz(0, 1)
    circuit.cz(5, 6)
    circuit.measure(range(156), range(156))
    points = prepared(read(circuit), np.zeros(0), HERON)
    assert [part.component.qubits for part in points.parts] == [(0, 1), (5, 6)]
    assert len(points.lone) == 152
    ones = points.read(0, 1000, 5).mean(axis=0)
    assert ones.shape == (156,)
    assert (ones[[0, 2]] > 0.8).all()
    assert (np.delete(ones, [0, 2]) < 0.2).all()


def test_lone_qubits_are_read_with_their_chances() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.sx([0, 1])
    circuit.measure([0, 1], [0, 1])
    points = prepared(read(circuit), np.zeros(0), HERON)
    bits = points.read(0, 4000, 1)
    for lone, chance in points.lone:
        assert likely(int(bits[:, lone.clbit].sum()), 4000, float(chance[0]))
    both = float(points.lone[0][1][0] * points.lone[1][1][0])
    assert likely(int(bits.all(axis=1).sum()), 4000, both)


def test_only_the_largest_part_counts_against_the_width() -> None:
    chain = QuantumCircuit(156, 156)
    for qubit in range(10):
        chain.cz(qubit, qubit + 1)
    with pytest.raises(ProgramFailed, match="11 qubits") as caught:
        prepared(read(chain), np.zeros(0), HERON)
    assert caught.value.code == LIMIT


def test_ideal_circuits_are_not_taken_apart() -> None:
    circuit = QuantumCircuit(3, 3)
    circuit.x(1)
    circuit.measure(range(3), range(3))
    points = prepared(read(circuit), np.zeros(0), parse("ideal"))
    assert [part.component.qubits for part in points.parts] == [(0, 1, 2)]
    assert points.read(0, 4, math.factorial(30)).tolist() == [[0, 1, 0]] * 4
