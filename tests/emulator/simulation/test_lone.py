from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_aer import AerSimulator

from qrt_async.emulator.devices.device import Device, parse
from qrt_async.emulator.simulation.lone import as_lone, chances
from qrt_async.emulator.simulation.noise import noise_model, relaxed
from tests.emulator.lab import noisy

HERON = parse("emulator_heron")


def by_aer(circuit: QuantumCircuit, device: Device, qubit: int) -> float:
    """The probability of reading 1 under the device's noise model: Aer's, with the misreadings put in by hand."""
    ready = relaxed(circuit.remove_final_measurements(inplace=False), device, (qubit,))
    ready.save_probabilities_dict()
    simulator = AerSimulator(method="density_matrix", noise_model=noise_model(device, (qubit,)))
    zero = simulator.run(ready).result().data(0)["probabilities"].get(0, 0.0)
    model = noise_model(device, (qubit,))
    assert model is not None
    wrong = model.to_dict()["errors"][-1]["probabilities"]
    return float(zero * wrong[0][1] + (1.0 - zero) * wrong[1][1])


def test_readings_are_those_of_the_noise_model() -> None:
    first, second = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1, 1)
    for step in range(40):
        circuit.rz(first + step, 0)
        circuit.sx(0)
        circuit.rx(second, 0)
        circuit.delay(3000 + step, 0)
        circuit.x(0)
        circuit.id(0)
        circuit.rz(0.1, 0)
    circuit.sx(0)
    circuit.measure(0, 0)
    lone = as_lone(circuit, 0)
    assert lone is not None
    values = np.array([[0.3, -1.2], [2.0, 0.4]])
    seen = chances(lone, tuple(circuit.parameters), values, noisy())
    for row, chance in zip(values, seen, strict=True):
        assert by_aer(circuit.assign_parameters(row), HERON, 0) == pytest.approx(chance, abs=1e-9)


def test_a_reset_forgets_and_each_qubit_has_its_own_misreadings() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.sx([0, 1])
    circuit.reset([0, 1])
    circuit.measure([0, 1], [1, 0])
    found = [as_lone(circuit, qubit) for qubit in (0, 1)]
    assert [it.clbit for it in found if it] == [1, 0]
    ghosts = [chances(it, (), np.zeros((1, 0)), noisy())[0] for it in found if it]
    assert ghosts[0] != ghosts[1]
    assert all(0.0 < ghost < 0.2 for ghost in ghosts)


@pytest.mark.parametrize("case", ["pair", "again", "late", "unknown", "unread"])
def test_what_is_more_than_gates_and_a_reading_is_left_to_the_simulator(case: str) -> None:
    circuit = QuantumCircuit(2, 2)
    if case == "pair":
        circuit.cz(0, 1)
    if case == "unknown":
        circuit.u(math.pi, 0, 0, 0)
    if case != "unread":
        circuit.measure(0, 0)
    if case == "again":
        circuit.measure(0, 1)
    if case == "late":
        circuit.x(0)
    assert as_lone(circuit, 0) is None
