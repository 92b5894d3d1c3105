from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import Statevector
from samplomatic import InjectNoise, Twirl, build
from samplomatic.serialization import samplex_to_json
from samplomatic.transpiler import generate_boxing_pass_manager

from qrt_async.emulator.programs.execute import execute
from qrt_async.emulator.programs.tensors import read_tensor, write_tensor
from qrt_async.emulator.work import Outcome, Work
from tests.emulator.lab import likely
from tests.emulator.programs.test_executor import written

SHOTS = 500


def turned() -> QuantumCircuit:
    """Two qubits, entangled and turned by one angle, without readings."""
    circuit = QuantumCircuit(2)
    circuit.rx(Parameter("a"), 0)
    circuit.cx(0, 1)
    circuit.rx(0.7, 1)
    return circuit


def twirled(circuit: QuantumCircuit, *, gates: bool = True, measures: bool = True) -> tuple[Any, str]:
    """A template and its samplex, as the official client makes them."""
    read = circuit.copy()
    read.measure_all()
    boxing = generate_boxing_pass_manager(enable_gates=gates, enable_measures=measures)
    template, samplex = build(boxing.run(read))
    return template, samplex_to_json(samplex)


def item(samplex: str, shape: tuple[int, ...], **arguments: Any) -> dict[str, Any]:
    return {
        "item_type": "samplex",
        "samplex": {"ssv": 4, "samplex_json": samplex},
        "samplex_arguments": {
            name: write_tensor(value, compressed=True) if isinstance(value, np.ndarray) else value
            for name, value in arguments.items()
        },
        "shape": list(shape),
        "chunk_size": "auto",
    }


def executed(
    circuits: list[Any], items: list[dict[str, Any]], *, backend: str = "ideal", seed: int = 7
) -> Outcome:
    data = {"b64_data": written(circuits, compressed=True), "qpy_version": 16, "num_programs": len(circuits)}
    program = {"shots": SHOTS, "circuits": data, "items": items}
    params = {"schema_version": "v2.0", "quantum_program": program, "options": {}}
    return execute(
        Work(program_id="executor", params=json.dumps(params).encode(), backend=backend, seed=seed)
    )


def arrays(outcome: Outcome) -> dict[str, Any]:
    assert outcome.kind == "completed", outcome.reason
    results = json.loads(outcome.body)["data"][0]["results"]
    return {name: read_tensor(tensor, compressed=True) for name, tensor in results.items()}


@pytest.mark.parametrize(("gates", "measures"), [(True, False), (False, True), (True, True)])
def test_twirled_shots_have_the_probabilities_of_the_circuit(gates: bool, measures: bool) -> None:
    angles = np.array([[0.4], [1.9], [2.6]])
    template, samplex = twirled(turned(), gates=gates, measures=measures)
    seen = arrays(executed([template], [item(samplex, (16, 3), parameter_values=angles)]))
    bits = seen["meas"]
    assert bits.shape == (16, 3, SHOTS, 2)
    assert ("measurement_flips.meas" in seen) == measures
    if measures:
        assert seen["measurement_flips.meas"].shape == (16, 3, 1, 2)
        bits = bits ^ seen["measurement_flips.meas"]
    for point in range(3):
        exact = Statevector(turned().assign_parameters(angles[point])).probabilities()
        outcomes = bits[:, point] @ np.array([1, 2])
        for value in range(4):
            assert likely(int((outcomes == value).sum()), 16 * SHOTS, float(exact[value]))


def test_flips_differ_between_randomizations_and_before_they_are_undone_hide_the_outcome() -> None:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    template, samplex = twirled(circuit)
    seen = arrays(executed([template], [item(samplex, (64,))]))
    ones = int(seen["meas"][:, 0, 0].sum())
    assert likely(ones, 64, 0.5)
    assert (seen["meas"] ^ seen["measurement_flips.meas"]).all()


def test_readings_of_a_twirled_device_are_wrong_equally_often_either_way() -> None:
    wrong = []
    for excited in (False, True):
        circuit = QuantumCircuit(1)
        if excited:
            circuit.x(0)
        template, samplex = twirled(circuit)
        seen = arrays(executed([template], [item(samplex, (64,))], backend="emulator_falcon"))
        bits = seen["meas"] ^ seen["measurement_flips.meas"]
        wrong.append(int((bits != excited).sum()))
    assert wrong[0] > 0
    assert likely(wrong[0], sum(wrong), 0.5)


def test_the_same_seed_draws_the_same_and_another_one_does_not() -> None:
    template, samplex = twirled(turned())
    given = [item(samplex, (8,), parameter_values=np.array([0.4]))]
    one, again, other = (arrays(executed([template], given, seed=seed)) for seed in (7, 7, 8))
    assert {name: it.tobytes() for name, it in one.items()} == {
        name: it.tobytes() for name, it in again.items()
    }
    assert one["meas"].tobytes() != other["meas"].tobytes()


def test_an_item_without_axes_is_one_randomization() -> None:
    template, samplex = twirled(turned())
    seen = arrays(executed([template], [item(samplex, (), parameter_values=np.array([0.4]))]))
    assert seen["meas"].shape == (SHOTS, 2)
    assert seen["measurement_flips.meas"].shape == (1, 2)


def test_drawn_quarter_turns_are_exact_so_that_wide_clifford_templates_run_as_such() -> None:
    circuit = QuantumCircuit(40)
    circuit.h(0)
    for qubit in range(39):
        circuit.cx(qubit, qubit + 1)
    template, samplex = twirled(circuit)
    seen = arrays(executed([template], [item(samplex, (2,))]))
    bits = seen["meas"] ^ seen["measurement_flips.meas"]
    assert (bits == bits[..., :1]).all()


@pytest.mark.long
@pytest.mark.parametrize("scale", [1.0, -1.0])
def test_noise_is_injected_at_its_rates_and_signs_tell_what_was_negative(scale: float) -> None:
    rate, number = 0.3, 2000
    circuit = QuantumCircuit(2)
    with circuit.box([Twirl(), InjectNoise("n", "m")]):
        circuit.cz(0, 1)
    with circuit.box([Twirl()]):
        circuit.measure_all()
    template, samplex = build(circuit)
    noise = {"sparse_terms": [["X", [0], rate]], "num_qubits": 2}
    arguments = {"pauli_lindblad_maps.n": noise, "noise_scales.m": np.array(scale)}
    seen = arrays(executed([template], [item(samplex_to_json(samplex), (number,), **arguments)]))
    flipped = (seen["meas"] ^ seen["measurement_flips.meas"])[:, 0, 0]
    assert likely(int(flipped.sum()), number, (1.0 - math.exp(-2.0 * rate)) / 2.0)
    signs = seen["pauli_signs"]
    assert signs.shape == (number, 1)
    assert signs[:, 0].tolist() == (flipped.tolist() if scale < 0 else [False] * number)


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"samplex": None}, 1515, "samplex"),
        ({"samplex": {"ssv": 4, "samplex_json": "{}"}}, 1603, "samplex"),
        ({"samplex_arguments": {}}, 1515, "parameter_values"),
        ({"samplex_arguments": {"parameter_values": 7}}, 1515, "do not fit"),
        ({"samplex_arguments": {"other": 7}}, 1515, "do not fit"),
        ({"samplex_arguments": {"parameter_values": {"sparse_terms": [], "num_qubits": 1}}}, 1515, "fit"),
        ({"shape": [2], "samplex_arguments": None}, 1521, "samplex_arguments"),
    ],
)
def test_an_item_that_cannot_run_fails_for_its_own_reason(
    change: dict[str, Any], code: int, says: str
) -> None:
    template, samplex = twirled(turned())
    outcome = executed([template], [item(samplex, (4,), parameter_values=np.array([0.4])) | change])
    assert (outcome.kind, outcome.reason_code) == ("failed", code)
    assert says in (outcome.reason or "")


def test_a_shape_that_does_not_extend_the_arguments_fails() -> None:
    template, samplex = twirled(turned())
    outcome = executed([template], [item(samplex, (4,), parameter_values=np.zeros((3, 1)))])
    assert (outcome.kind, outcome.reason_code) == ("failed", 1515)


def test_a_template_of_another_samplex_fails() -> None:
    _, samplex = twirled(turned())
    other, _ = twirled(QuantumCircuit(1))
    outcome = executed([other], [item(samplex, (4,), parameter_values=np.array([0.4]))])
    assert (outcome.kind, outcome.reason_code) == ("failed", 1515)
    assert "parameters" in (outcome.reason or "")
