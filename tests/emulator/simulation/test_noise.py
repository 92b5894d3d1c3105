from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import DensityMatrix
from qiskit_aer import AerSimulator

from qrt_async.emulator.devices import device as devices
from qrt_async.emulator.simulation.noise import delay_seconds, noise_model, relaxed
from qrt_async.emulator.simulation.shots import sample
from tests.emulator.lab import likely, noisy

HERON = devices.parse("emulator_heron")
NOISE = noisy()


def ones(circuit: QuantumCircuit, shots: int, qubits: tuple[int, ...], bit: int = 0) -> int:
    samples = sample(relaxed(circuit, HERON, qubits), shots, 3, noise_model(HERON, qubits))
    return int(samples.outcomes[samples.picks, bit].sum())


def test_readings_err_as_the_properties_say() -> None:
    for qubit in (0, 77):
        nothing = QuantumCircuit(1, 1)
        nothing.measure(0, 0)
        assert likely(ones(nothing, 50_000, (qubit,)), 50_000, NOISE.qubits[qubit].reads_1_when_0)


def test_gates_err_by_the_average_infidelity_that_the_properties_say() -> None:
    """A depolarizing channel leaves the fidelity 1 - e, averaged over all pure states."""
    for qubits, gate in (((5,), "x"), ((3, 16), "cz")):
        circuit = QuantumCircuit(len(qubits))
        getattr(circuit, gate)(*range(len(qubits)))
        circuit.save_density_matrix()
        state = (
            AerSimulator(method="density_matrix")
            .run(circuit, noise_model=noise_model(HERON, qubits))
            .result()
        )
        whole = np.asarray(state.data(0)["density_matrix"])
        ideal = circuit.copy_empty_like()
        getattr(ideal, gate)(*range(len(qubits)))
        fidelity = float(np.real(np.trace(np.asarray(DensityMatrix(ideal)) @ whole)))
        stated = NOISE.error(gate, qubits)
        assert 1.0 - fidelity == pytest.approx(stated, rel=1e-6)


def test_amplified_noise_is_that_of_a_gate_folded_as_often() -> None:
    def whole(circuit: QuantumCircuit, factor: float) -> np.ndarray[Any, Any]:
        circuit.save_density_matrix()
        model = noise_model(HERON, (3, 16), factor=factor)
        result = AerSimulator(method="density_matrix").run(circuit, noise_model=model).result()
        return np.asarray(result.data(0)["density_matrix"])

    once, folded = QuantumCircuit(2), QuantumCircuit(2)
    once.cz(0, 1)
    for _ in range(3):
        folded.cz(0, 1)
    assert np.allclose(whole(once.copy(), 3.0), whole(folded, 1.0))
    assert not np.allclose(whole(once.copy(), 1.0), whole(once.copy(), 3.0))


def test_a_delay_lets_an_excited_qubit_decay_with_its_t1() -> None:
    noise = NOISE.qubits[9]
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.delay(noise.t1 * 1e6, 0, unit="us")
    circuit.measure(0, 0)
    excited = (1.0 - NOISE.error("x", (9,))) * math.exp(-1.0)
    read = excited * (1.0 - noise.reads_0_when_1) + (1.0 - excited) * noise.reads_1_when_0
    assert likely(ones(circuit, 20_000, (9,)), 20_000, read, alpha=1e-5)


def test_twirled_readings_err_either_way_alike() -> None:
    model = noise_model(HERON, (4,), twirled=True)
    rate = NOISE.qubits[4].readout_error
    for flip in (False, True):
        circuit = QuantumCircuit(1, 1)
        if flip:
            circuit.rx(math.pi, 0)
            circuit.delay(0, 0)
        circuit.measure(0, 0)
        samples = sample(circuit, 50_000, 1, model)
        wrong = int((samples.outcomes[samples.picks, 0] != flip).sum())
        gate = NOISE.error("rx", (4,)) if flip else 0.0
        assert likely(wrong, 50_000, rate + gate * (1 - 2 * rate))


def test_the_ideal_device_has_no_noise_and_its_delays_do_nothing() -> None:
    ideal = devices.parse("emulator_ideal")
    circuit = QuantumCircuit(1)
    circuit.delay(100, 0)
    assert noise_model(ideal, (0,)) is None
    assert relaxed(circuit, ideal, (0,)) is circuit


@pytest.mark.parametrize(
    ("length", "unit", "seconds"), [(10, "dt", 40e-9), (5, "ns", 5e-9), (2, "us", 2e-6), (1, "s", 1)]
)
def test_delays_are_in_the_units_they_say(length: float, unit: str, seconds: float) -> None:
    circuit = QuantumCircuit(1)
    circuit.delay(length, 0, unit=unit)
    assert delay_seconds(circuit.data[0].operation, NOISE.dt) == pytest.approx(seconds)
