"""How long a circuit takes, by what the backend says of its gates; the emulator's own count is the judge."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import Parameter

from qrt_async.emulator.devices import device as devices
from qrt_async.emulator.simulation import timing as emulated
from qrt_async.programs.circuits import read_circuit
from qrt_async.sweep.timing import REP_DELAY, UNREAD_SECONDS, Machine, circuit_seconds

AT = datetime(2026, 1, 1, tzinfo=UTC)
IDEAL, FALCON, HERON = (devices.parse(name) for name in devices.DEFAULT_BACKENDS)


def machine(device: devices.Device) -> Machine:
    return Machine.of(devices.configuration(device), devices.properties(device, AT))


def seconds(given: Any, on: Machine | None = None) -> float:
    return circuit_seconds(read_circuit(given), on or machine(HERON))


def drawn(seed: int, pair: str, pairs: list[list[int]]) -> QuantumCircuit:
    chance = random.Random(seed)
    circuit = QuantumCircuit(27, 27)
    for _ in range(60):
        kind = chance.choice(["sx", "x", "rz", "pair", "delay", "reset", "barrier"])
        qubit = chance.randrange(27)
        if kind == "pair":
            getattr(circuit, pair)(*chance.choice(pairs))
        elif kind == "rz":
            circuit.rz(0.3, qubit)
        elif kind == "delay":
            circuit.delay(chance.randrange(1, 2000), qubit, unit="dt")
        elif kind == "barrier":
            circuit.barrier(qubit, (qubit + 5) % 27)
        else:
            getattr(circuit, kind)(qubit)
    circuit.measure(range(27), range(27))
    return circuit


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("device", "pair"), [(HERON, "cz"), (FALCON, "ecr")])
def test_seconds_are_those_of_the_device(device: devices.Device, pair: str, seed: int) -> None:
    coupling = devices.configuration(device)["coupling_map"]
    circuit = drawn(seed, pair, [places for places in coupling if max(places) < 27])
    expected = emulated.circuit_seconds(circuit, device)
    assert seconds(circuit, machine(device)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_a_text_takes_as_long_as_its_circuit(seed: int) -> None:
    circuit = drawn(seed, "cz", [[0, 1], [1, 2], [4, 5]])
    circuit.data = [entry for entry in circuit.data if entry.name != "barrier"]
    text = qasm3.dumps(circuit)
    assert "delay[" in text
    assert seconds(text) == pytest.approx(seconds(circuit), rel=1e-9)


def test_a_simulator_counts_with_the_times_of_a_heron() -> None:
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.rz(0.1, 1)
    circuit.measure([0, 1], [0, 1])
    ideal = machine(IDEAL)
    assert ideal.rep_delay == REP_DELAY
    assert seconds(circuit, ideal) == pytest.approx(emulated.circuit_seconds(circuit, IDEAL))


def test_a_delay_counts_in_its_own_unit_and_not_at_all_where_it_is_open() -> None:
    for unit, length in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("dt", 4e-9)):
        circuit = QuantumCircuit(1)
        circuit.delay(7, 0, unit=unit)
        assert seconds(circuit) == pytest.approx(7 * length), unit
    circuit = QuantumCircuit(1)
    circuit.delay(Parameter("t"), 0, unit="ns")
    assert seconds(circuit) == 0.0


def test_what_cannot_be_placed_may_be_anywhere() -> None:
    text = "OPENQASM 3.0; qubit[3] q; x q[0]; for uint i in [0:2] { x q[i]; } x q[2];"
    assert seconds(text) == pytest.approx(3 * 24e-9)


def test_a_text_that_cannot_be_followed_counts_as_usual() -> None:
    assert seconds("OPENQASM 3.0; let a = $0; x a;") == UNREAD_SECONDS


def test_the_gate_that_is_slow_here_counts_here() -> None:
    properties = {
        "gates": [
            {"gate": "sx", "qubits": [0], "parameters": [{"name": "gate_length", "unit": "ns", "value": 30}]},
            {"gate": "sx", "qubits": [1], "parameters": [{"name": "gate_length", "unit": "us", "value": 5}]},
            {
                "gate": "cz",
                "qubits": [0, 1],
                "parameters": [{"name": "gate_length", "unit": "ns", "value": 70}],
            },
        ],
        "qubits": [[{"name": "readout_length", "unit": "us", "value": 2.5}], []],
    }
    slow = Machine.of({"default_rep_delay": 100.0}, properties)
    assert slow.rep_delay == pytest.approx(100e-6)
    assert seconds("OPENQASM 3.0; sx $0;", slow) == pytest.approx(30e-9)
    assert seconds("OPENQASM 3.0; sx $1;", slow) == pytest.approx(5e-6)
    assert seconds("OPENQASM 3.0; sx $7;", slow) == pytest.approx(5e-6)  # nothing is known: the slowest
    assert seconds("OPENQASM 3.0; cz $1, $0;", slow) == pytest.approx(70e-9)
    assert seconds("OPENQASM 3.0; bit c; c = measure $0;", slow) == pytest.approx(2.5e-6)


def test_a_machine_of_which_nothing_is_known() -> None:
    assert Machine.of(None, None) == Machine()
    assert Machine.of({}, {}) == Machine()
