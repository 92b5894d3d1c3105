from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import Operator, Pauli, SuperOp
from qiskit_aer.noise import depolarizing_error

from qrt_async.emulator.devices.device import parse
from qrt_async.emulator.programs.execute import execute
from qrt_async.emulator.programs.layers import Layer
from qrt_async.emulator.programs.noise_learner import layer_rates
from qrt_async.emulator.simulation.circuits import from_qpy
from qrt_async.emulator.work import Outcome, Work
from tests.emulator.lab import BELL, BELL_ISA, HEAD, noisy, typed, untyped

MODULE = "qiskit_ibm_runtime.utils.noise_learner_result"


def learned(circuits: Any, *, backend: str = "emulator_heron", **options: Any) -> Outcome:
    params = {"circuits": circuits, "options": options}
    work = Work(program_id="noise-learner", params=json.dumps(params).encode(), backend=backend, seed=1)
    return execute(work)


def document(outcome: Outcome) -> dict[str, Any]:
    assert outcome.kind == "completed", outcome.reason
    result: dict[str, Any] = json.loads(outcome.body)
    return result


def anticommute(one: str, other: str) -> bool:
    return sum(a != b and "I" not in (a, b) for a, b in zip(one, other, strict=True)) % 2 == 1


def fidelities(rates: dict[tuple[tuple[int, str], ...], float], width: int) -> dict[str, float]:
    """How much of each Pauli a Pauli-Lindblad channel leaves."""
    labels = {
        "".join(dict(generator).get(place, "I") for place in reversed(range(width))): rate
        for generator, rate in rates.items()
    }
    return {
        pauli: math.exp(-2.0 * sum(rate for label, rate in labels.items() if anticommute(label, pauli)))
        for pauli in map("".join, itertools.product("IXYZ", repeat=width))
    }


@pytest.mark.parametrize(
    ("backend", "name", "pair"),
    [
        ("emulator_heron", "cz", (1, 0)),
        ("emulator_falcon", "ecr", (0, 1)),
        ("emulator_falcon", "ecr", (1, 2)),
    ],
)
def test_rates_are_the_channel_of_the_twirled_layer_exactly(
    backend: str, name: str, pair: tuple[int, int]
) -> None:
    device = parse(backend)
    noise = noisy(backend)
    layer = Layer(((name, pair),), tuple(sorted(pair)))
    gate = SuperOp(Operator(layer.circuit()))
    whole = SuperOp(np.eye(16))
    for place, qubit in enumerate(layer.qubits):
        for _ in range(2):
            error = SuperOp(depolarizing_error(noise.error("sx", (qubit,)) * 2.0, 1))
            whole = whole.compose(error, qargs=[place])
    whole = whole.compose(gate).compose(SuperOp(depolarizing_error(noise.error(name, pair) * 4.0 / 3.0, 2)))
    errors_alone = SuperOp(Operator(layer.circuit()).adjoint()).compose(whole)  # the gate undone first
    for label, expected in fidelities(layer_rates(layer, device), 2).items():
        pauli = Pauli(label).to_matrix()
        left = (errors_alone.data @ pauli.reshape(-1, order="F")).reshape(4, 4, order="F")
        assert np.trace(pauli @ left).real / 4 == pytest.approx(expected, abs=1e-12)


def test_a_qubit_that_is_twirled_beside_a_gate_has_the_errors_of_its_twirling_only() -> None:
    device = parse("emulator_heron")
    rates = layer_rates(Layer((("cz", (0, 1)),), (0, 1, 2)), device)
    error = noisy().error("sx", (2,))
    single = {letter: rates[((2, letter),)] for letter in "XYZ"}
    assert single == pytest.approx(dict.fromkeys("XYZ", -2 * math.log(1 - 2 * error) / 4))
    assert all(rates[((1, a), (2, b))] == 0.0 for a in "XYZ" for b in "XYZ")


def test_a_typed_result_has_the_types_of_the_service() -> None:
    result = document(learned([BELL_ISA]))
    assert result.keys() == {"data", "metadata"}
    assert result["metadata"] == {
        "backend": "emulator_heron",
        "input_options": {
            "max_layers_to_learn": 4,
            "shots_per_randomization": 128,
            "num_randomizations": 32,
            "layer_pair_depths": [0, 1, 2, 4, 16, 32],
            "twirling_strategy": "active-accum",
        },
    }
    [layer] = result["data"]
    assert (layer["__type__"], layer["__module__"], layer["__class__"]) == ("_json", MODULE, "LayerError")
    value = layer["__value__"]
    assert value["qubits"] == [0, 1]
    assert dict(from_qpy(value["circuit"]["__value__"]).circuit.count_ops()) == {"cz": 1}
    assert value["error"]["__class__"] == "PauliLindbladError"
    generators = value["error"]["__value__"]["generators"]
    assert generators["__class__"] == "PauliList"
    assert len(set(generators["__value__"]["data"])) == 15
    rates = untyped(value["error"]["__value__"]["rates"])
    assert rates.shape == (15,)
    assert (rates > 0).all()


def test_a_plain_result_says_the_same() -> None:
    [typed_layer] = document(learned([BELL_ISA]))["data"]
    [plain] = document(learned([BELL_ISA], support_qiskit=False))["data"]
    assert plain["qubits"] == [0, 1]
    assert (
        plain["error"]["rates"] == untyped(typed_layer["__value__"]["error"]["__value__"]["rates"]).tolist()
    )
    assert "ZI" in plain["error"]["generators"]
    assert dict(qasm3.loads(plain["circuit"]).count_ops()) == {"cz": 1}


def test_an_ideal_machine_has_nothing_to_learn() -> None:
    [layer] = document(learned([BELL], backend="ideal", support_qiskit=False))["data"]
    assert layer["error"]["rates"] == [0.0] * 15


def test_different_pairs_have_their_own_rates() -> None:
    circuit = QuantumCircuit(156)
    circuit.cz(0, 1)
    circuit.cz(1, 2)
    one, other = document(learned([typed(circuit)], support_qiskit=False, twirling_strategy="active"))["data"]
    assert (one["qubits"], other["qubits"]) == ([0, 1], [1, 2])
    assert one["error"]["rates"] != other["error"]["rates"]


def test_learning_is_charged_by_its_executions() -> None:
    few = learned([BELL_ISA], num_randomizations=1, shots_per_randomization=1, layer_pair_depths=[0])
    assert few.quantum_seconds == 3.0
    many = learned([BELL_ISA], num_randomizations=10, shots_per_randomization=100, layer_pair_depths=[0, 1])
    assert many.quantum_seconds >= 2 + 2 * 9 * 1000 * 250e-6


@pytest.mark.parametrize(
    ("circuits", "options", "code", "says"),
    [
        (["nonsense"], {}, 1603, "OpenQASM 3"),
        ([BELL], {}, 1517, "h on qubits (0,)"),
        ([BELL_ISA], {"no_such": 1}, 1521, "no_such"),
        ([BELL_ISA], {"num_randomizations": 0}, 1521, "num_randomizations"),
        ([BELL_ISA], {"twirling_strategy": "some"}, 1521, "twirling_strategy"),
        (7, {}, 1521, "circuits"),
    ],
)
def test_what_cannot_be_learned_fails_for_its_own_reason(
    circuits: Any, options: dict[str, Any], code: int, says: str
) -> None:
    outcome = learned(circuits, **options)
    assert (outcome.kind, outcome.reason_code) == ("failed", code)
    assert says in (outcome.reason or "")


def test_a_circuit_without_layers_gives_an_empty_result() -> None:
    assert document(learned([HEAD + "sx $0;"]))["data"] == []
