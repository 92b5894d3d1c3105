from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qpy
from qiskit.circuit import Qubit
from qiskit.circuit.annotation import Annotation, QPYSerializer
from qiskit.quantum_info import PauliLindbladMap, QubitSparsePauli, QubitSparsePauliList
from samplomatic import InjectNoise, Twirl

from qrt_async.emulator.devices.device import parse
from qrt_async.emulator.programs.execute import execute
from qrt_async.emulator.programs.layers import Layer
from qrt_async.emulator.programs.noise_learner import layer_rates
from qrt_async.emulator.programs.tensors import read_tensor
from qrt_async.emulator.work import Outcome, Work
from tests.emulator.lab import noisy

Fill = Callable[[QuantumCircuit], Any]


class Named(QPYSerializer):  # type: ignore[misc]  # Qiskit has no types here
    """Writes what the official client's serializer would: bytes that only it can read."""

    def dump_annotation(self, namespace: str, annotation: Annotation) -> bytes:
        return type(annotation).__name__.encode()

    def load_annotation(self, payload: bytes) -> Annotation:
        raise NotImplementedError


def boxes(*fillings: Fill) -> str:
    """Boxed instructions as the official client sends them: its circuit has qubits and no registers."""
    outer = QuantumCircuit(QuantumRegister(156, "q"), ClassicalRegister(4, "c"))
    for fill in fillings:
        with outer.box([Twirl(), InjectNoise("noise")]):
            fill(outer)
    qubits = list({qubit for instruction in outer.data for qubit in instruction.qubits})
    circuit = QuantumCircuit(qubits, outer.clbits)
    for instruction in outer.data:
        circuit.append(instruction.operation, instruction.qubits, instruction.clbits)
    return encoded(circuit)


def encoded(circuit: QuantumCircuit) -> str:
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer, version=17, annotation_factories={"samplomatic": Named})
    return base64.b64encode(buffer.getvalue()).decode()


def learned(
    instructions: str, version: str = "v0.3", backend: str = "emulator_heron", **options: Any
) -> Outcome:
    params = {
        "schema_version": version,
        "instructions": {"circuit_b64": instructions, "qpy_version": 17},
        "options": options,
        "version": 3,
    }
    work = Work(program_id="noise-learner", params=json.dumps(params).encode(), backend=backend, seed=1)
    return execute(work)


def document(outcome: Outcome) -> dict[str, Any]:
    assert outcome.kind == "completed", outcome.reason
    result: dict[str, Any] = json.loads(outcome.body)
    return result


def as_map(datum: dict[str, Any]) -> PauliLindbladMap:
    """As the official client reads it."""
    width = datum["num_qubits"]
    lists = [
        QubitSparsePauliList.from_sparse_list([(letters, places) for letters, places in generator], width)
        for generator in datum["generators_sparse"]
    ]
    rates = read_tensor(datum["rates"], compressed=False)
    assert len(rates) == len(lists)
    return PauliLindbladMap.from_components(rates, lists[0].from_qubit_sparse_paulis([it[0] for it in lists]))


def gates(circuit: QuantumCircuit) -> None:
    circuit.sx(3)
    circuit.cz(16, 3)
    circuit.noop(2)


def test_a_layer_of_gates_has_the_rates_of_version_2_on_its_qubits_in_rising_order() -> None:
    result = document(learned(boxes(gates)))
    assert result["schema_version"] == "v0.3"
    [datum] = result["data"]
    assert datum["num_qubits"] == 3
    layer = Layer((("cz", (16, 3)),), (2, 3, 16))
    expected = layer_rates(layer, parse("emulator_heron"))
    found = {
        tuple(zip(places, letters, strict=True)): rate
        for (letters, places, rate) in as_map(datum).to_sparse_list()
    }
    assert found == pytest.approx(expected)
    assert max(found.values()) > 1e-4
    assert np.count_nonzero(read_tensor(datum["rates_std"], compressed=False)) == 0
    assert datum["metadata"]["learning_protocol"] == "lindblad"
    assert datum["metadata"]["post_selection"]["fraction_kept"].keys() == {"0", "1", "2", "4", "16", "32"}


def test_a_layer_of_readings_shrinks_values_as_twirled_readings_do() -> None:
    [datum] = document(learned(boxes(lambda circuit: circuit.measure([7, 5], [0, 1]))))["data"]
    assert datum["metadata"]["learning_protocol"] == "trex"
    assert datum["generators_sparse"] == [[["X", [0]]], [["X", [1]]]]
    fidelities = [as_map(datum).pauli_fidelity(QubitSparsePauli(label)) for label in ("IZ", "ZI")]
    assert fidelities == pytest.approx([1.0 - 2.0 * noisy().qubits[qubit].readout_error for qubit in (5, 7)])


def test_each_instruction_has_its_own_result_and_an_ideal_machine_has_nothing_to_learn() -> None:
    two = boxes(gates, lambda circuit: circuit.measure([7], [0]))
    assert [datum["num_qubits"] for datum in document(learned(two))["data"]] == [3, 1]
    for datum in document(learned(two, backend="emulator_ideal:200"))["data"]:
        assert np.count_nonzero(read_tensor(datum["rates"], compressed=False)) == 0


@pytest.mark.parametrize(("version", "rated"), [("v0.1", False), ("v0.2", False), ("v0.3", True)])
def test_the_document_has_the_members_of_its_version(version: str, rated: bool) -> None:
    result = document(learned(boxes(gates), version=version))
    assert result["schema_version"] == version
    assert ("success_rates" in result["data"][0]["metadata"]["post_selection"]) is rated


def test_learning_is_charged_by_its_executions() -> None:
    few = learned(boxes(gates), num_randomizations=1, shots_per_randomization=1)
    assert few.quantum_seconds == 3.0
    assert learned(boxes(gates)).quantum_seconds > 50.0


@pytest.mark.parametrize(
    ("instructions", "code", "says"),
    [
        (lambda: boxes(lambda circuit: circuit.cz(0, 5)), 1517, "cz on qubits (0, 5)"),
        (lambda: boxes(lambda circuit: circuit.h(0)), 1517, "h on qubits (0,)"),
        (lambda: boxes(lambda circuit: (circuit.cz(0, 1), circuit.cz(1, 2))), 1515, "one layer"),
        (lambda: boxes(lambda circuit: (circuit.cz(0, 1), circuit.measure(0, 0))), 1515, "one layer"),
        (lambda: boxes(lambda circuit: circuit.rzz(0.3, 0, 1)), 1515, "one layer"),
        (lambda: encoded(bare()), 1515, "Expected a box"),
        (lambda: encoded(homeless()), 1515, "physical register"),
        (lambda: "AAAA", 1603, "QPY"),
    ],
)
def test_what_cannot_be_learned_fails_for_its_own_reason(
    instructions: Callable[[], str], code: int, says: str
) -> None:
    outcome = learned(instructions())
    assert (outcome.kind, outcome.reason_code) == ("failed", code)
    assert says in (outcome.reason or "")


def bare() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.cz(0, 1)
    return circuit


def homeless() -> QuantumCircuit:
    circuit = QuantumCircuit([Qubit(), Qubit()])
    with circuit.box():
        circuit.cz(0, 1)
    return circuit


@pytest.mark.parametrize("version", ["v0.4", "", 3])
def test_params_that_the_service_does_not_know_are_refused(version: Any) -> None:
    outcome = learned(boxes(gates), version=version)
    assert (outcome.kind, outcome.reason_code) == ("failed", 1521)
