from __future__ import annotations

import pytest
from qiskit import QuantumCircuit

from qrt_async.emulator.devices import device as devices
from qrt_async.emulator.simulation.timing import charged_seconds, circuit_seconds

HERON = devices.parse("emulator_heron")


def test_a_circuit_takes_as_long_as_its_longest_chain() -> None:
    circuit = QuantumCircuit(3, 3)
    circuit.sx(0)
    circuit.rz(1, 0)
    circuit.cz(0, 1)
    circuit.x(2)
    circuit.delay(1, 2, unit="us")
    circuit.measure([0, 1], [0, 1])
    assert circuit_seconds(circuit, HERON) == pytest.approx(24e-9 + 84e-9 + 1560e-9)


def test_a_reset_is_a_reading_and_a_flip() -> None:
    circuit = QuantumCircuit(1)
    circuit.reset(0)
    assert circuit_seconds(circuit, HERON) == pytest.approx(1560e-9 + 24e-9)


def test_a_job_is_charged_whole_seconds_and_two_at_least() -> None:
    assert charged_seconds([], HERON) == 2.0
    assert charged_seconds([(4096, 2e-6)], HERON) == 4.0
    assert charged_seconds([(40_000, 0.0), (40_000, 0.0)], HERON) == 22.0
