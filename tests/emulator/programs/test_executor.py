from __future__ import annotations

import base64
import io
import json
import math
import zlib
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import ClassicalRegister, ParameterVector, QuantumRegister

from qrt_async.emulator.programs.execute import execute
from qrt_async.emulator.programs.tensors import read_tensor, write_tensor
from qrt_async.emulator.work import Outcome, Work
from tests.emulator.lab import BELL_ISA, HEAD, ROTATION, likely

VERSIONS = ("v0.1", "v0.2", "v1.0", "v1.1", "v2.0")
PASSED = {"post_processor": {"version": "v0.1", "anything": [1, None, {"data": "x"}]}}


def sent(
    given: list[Any],
    items: list[dict[str, Any]],
    version: str = "v2.0",
    shots: int = 1000,
    **program: Any,
) -> dict[str, Any]:
    """The params of an executor job."""
    whole: dict[str, Any] = {"shots": shots, "items": items, **program}
    if "circuits" in program:
        pass
    elif all(isinstance(it, str) for it in given):
        whole["circuits"] = {"data": given}
    elif version in ("v0.1", "v0.2"):
        whole["items"] = [
            {"circuit": {"circuit_b64": written([circuit], compressed=False), "qpy_version": 16}, **item}
            for circuit, item in zip(given, items, strict=True)
        ]
    else:
        data = written(given, compressed=version == "v2.0")
        whole["circuits"] = {"b64_data": data, "qpy_version": 16, "num_programs": len(given)}
    return {"schema_version": version, "quantum_program": whole, "options": {"init_qubits": True}}


def written(circuits: list[Any], *, compressed: bool) -> str:
    buffer = io.BytesIO()
    qpy.dump(circuits, buffer, version=16)
    data = buffer.getvalue()
    return base64.b64encode(zlib.compress(data) if compressed else data).decode()


def item(values: Any = (), shape: tuple[int, ...] = (), version: str = "v2.0") -> dict[str, Any]:
    array = np.asarray(values, dtype=np.float64)
    given = {
        "item_type": "circuit",
        "circuit_arguments": write_tensor(array, compressed=version == "v2.0"),
        "chunk_size": "auto",
    }
    return given if version < "v1" else given | {"shape": list(shape)}


def executed(params: dict[str, Any], *, backend: str = "ideal", seed: int = 7) -> Outcome:
    return execute(
        Work(program_id="executor", params=json.dumps(params).encode(), backend=backend, seed=seed)
    )


def arrays(outcome: Outcome, number: int = 0) -> dict[str, Any]:
    """The arrays of one item, by name."""
    assert outcome.kind == "completed", outcome.reason
    document = json.loads(outcome.body)
    compressed = document["schema_version"] == "v2.0"
    return {
        name: read_tensor(tensor, compressed=compressed)
        for name, tensor in document["data"][number]["results"].items()
    }


def rotations() -> QuantumCircuit:
    """Two qubits turned by two angles, read into two registers, the second one crosswise."""
    angles = ParameterVector("t", 2)
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(1, "a"), ClassicalRegister(2, "b"))
    circuit.ry(angles[0], 0)
    circuit.ry(angles[1], 1)
    circuit.measure(0, 0)
    circuit.measure([0, 1], [2, 1])
    return circuit


@pytest.mark.parametrize("version", VERSIONS)
def test_bits_of_each_register_come_first_bit_first_in_every_version(version: str) -> None:
    params = sent([rotations()], [item([[math.pi, 0.0], [0.0, math.pi]], version=version)], version, 5)
    seen = arrays(executed(params))
    assert {name: it.dtype for name, it in seen.items()} == {"a": np.bool_, "b": np.bool_}
    assert seen["a"].tolist() == [[[True]] * 5, [[False]] * 5]
    assert seen["b"].tolist() == [[[False, True]] * 5, [[True, False]] * 5]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_document_has_the_members_of_its_version(version: str) -> None:
    more: dict[str, Any] = {} if version == "v0.1" else {"passthrough_data": PASSED}
    more |= {} if version < "v1" else {"semantic_role": "sampler_v2"}
    circuits = [rotations(), rotations()]
    items = [item(np.zeros((3, 2)), version=version), item([0.0, 0.0], version=version)]
    document = json.loads(executed(sent(circuits, items, version, 4, **more)).body)
    base = {"schema_version", "data", "metadata"}
    assert document.keys() == base | more.keys()
    assert all(document[name] == value for name, value in more.items())
    assert document["schema_version"] == version
    parts = [part for chunk in document["metadata"]["chunk_timing"] for part in chunk["parts"]]
    assert [(part["idx_item"], part["size"]) for part in parts] == [(0, 3), (1, 1)]
    if version >= "v1":
        assert [part["permutation"] for part in parts] == [[0], []]
        assert [part["element_range"] for part in parts] == [[0, 3, 1], [0, 1, 1]]
    for chunk in document["metadata"]["chunk_timing"]:
        assert datetime.fromisoformat(chunk["start"]) <= datetime.fromisoformat(chunk["stop"])


def test_shots_have_the_probabilities_of_their_point() -> None:
    angles = np.linspace(0.1, 3.0, 6).reshape(3, 2)
    seen = arrays(executed(sent([rotations()], [item(angles)], shots=4000)))
    for row in range(3):
        ones = seen["b"][row].sum(axis=0)
        assert likely(int(ones[1]), 4000, math.sin(angles[row, 0] / 2) ** 2)
        assert likely(int(ones[0]), 4000, math.sin(angles[row, 1] / 2) ** 2)


def test_texts_run_as_well() -> None:
    seen = arrays(executed(sent([ROTATION], [item([[1.0]])], shots=4000)))["c"]
    assert seen.shape == (1, 4000, 1)
    assert likely(int(seen.sum()), 4000, math.sin(0.5) ** 2)


def test_a_larger_shape_repeats_with_fresh_shots() -> None:
    seen = arrays(executed(sent([ROTATION], [item([[1.5], [1.5]], shape=(3, 2))], shots=200)))["c"]
    assert seen.shape == (3, 2, 200, 1)
    assert len({shots.tobytes() for shots in seen.reshape(6, 200)}) == 6


def test_items_that_are_alike_do_not_share_shots() -> None:
    outcome = executed(sent([ROTATION] * 2, [item([1.5])] * 2, shots=200))
    assert arrays(outcome, 0)["c"].tobytes() != arrays(outcome, 1)["c"].tobytes()


def test_the_same_seed_gives_the_same_shots_wherever_an_item_stands() -> None:
    alone = arrays(executed(sent([ROTATION], [item([1.5])])))["c"]
    behind = executed(sent([ROTATION] * 2, [item([0.4]), item([1.5])]))
    np.testing.assert_array_equal(arrays(behind, 1)["c"], alone)
    other = arrays(executed(sent([ROTATION], [item([1.5])]), seed=8))["c"]
    assert other.tobytes() != alone.tobytes()


def test_points_of_the_readout_signal_lie_on_the_side_of_their_bit() -> None:
    values = item(np.array([[0.4], [2.0]]))

    def level(name: str) -> dict[str, Any]:
        return arrays(executed(sent([ROTATION], [values], shots=300, meas_level=name)))

    bits, points, both = level("classified")["c"], level("kerneled"), level("both")
    assert points.keys() == {"c_iq"}
    assert (points["c_iq"].dtype, points["c_iq"].shape) == (np.complex128, (2, 300, 1))
    assert np.array_equal(points["c_iq"].real < 0.0, bits)
    assert np.array_equal(both["c"], bits)
    assert np.array_equal(both["c_iq"], points["c_iq"])
    means = level("avg_kerneled")
    assert means.keys() == {"c_avg_iq"}
    assert np.allclose(means["c_avg_iq"], points["c_iq"].mean(axis=1))


def test_a_device_adds_its_noise_and_an_ideal_one_none() -> None:
    ideal = arrays(executed(sent([BELL_ISA], [item([])], shots=20_000)))["meas"]
    noisy = arrays(executed(sent([BELL_ISA], [item([])], shots=20_000), backend="emulator_heron"))["meas"]
    assert (ideal[:, 0] == ideal[:, 1]).all()
    assert 0.005 < (noisy[:, 0] != noisy[:, 1]).mean() < 0.1


def test_a_run_is_charged_by_its_executions() -> None:
    outcome = executed(sent([ROTATION], [item(np.zeros((40, 1)))], shots=1000))
    assert outcome.quantum_seconds >= 2 + 40 * 1000 * 250e-6
    assert (outcome.circuits, outcome.qubits, outcome.depths) == (1, (1,), (2,))


@pytest.mark.parametrize(
    ("params", "backend", "code", "says"),
    [
        ({}, "ideal", 1521, "schema_version"),
        (sent([ROTATION], [item([1.0])]) | {"schema_version": "v9"}, "ideal", 1521, "schema_version"),
        (sent([ROTATION], [item([1.0])], shots=0), "ideal", 1521, "shots"),
        (sent([ROTATION], [item([1.0])], meas_level="raw"), "ideal", 1521, "meas_level"),
        (sent([ROTATION], [item([1.0]), item([1.0])]), "ideal", 1515, "1 circuits for 2 items"),
        (sent([ROTATION], [item([1.0, 2.0])]), "ideal", 1515, "1 parameters"),
        (sent([ROTATION], [item(np.zeros((2, 1)), shape=(3,))]), "ideal", 1515, "shape"),
        (sent([ROTATION], [item([math.inf])]), "ideal", 1515, "finite"),
        (sent([ROTATION], [{"item_type": "circuit"}]), "ideal", 1515, "circuit_arguments"),
        (sent([ROTATION], [item([1.0]) | {"item_type": "other"}]), "ideal", 1521, "item_type"),
        (sent([ROTATION], [item([1.0])], circuits=None), "ideal", 1603, "b64_data"),
        (sent(["nonsense"], [item([])]), "ideal", 1603, "OpenQASM 3"),
        (sent([ROTATION], [item([1.0])], circuits={"b64_data": "AAAA"}), "ideal", 1603, "QPY"),
        (sent([ROTATION], [item([1.0])], circuits={"data": [7]}), "ideal", 1603, "OpenQASM 3"),
        (sent([HEAD + "qubit q; h q;"], [item([])]), "emulator_heron", 1517, "h on qubits (0,)"),
        (sent([ROTATION], [item([1.0], shape=(20_000,))]), "ideal", 1520, "20000000"),
        (
            sent([ROTATION] * 2, [item([1.0]), item([1.0]) | {"chunk_size": 2}]),
            "ideal",
            1515,
            "chunk_size",
        ),
    ],
)
def test_a_program_that_cannot_run_fails_for_its_own_reason(
    params: dict[str, Any], backend: str, code: int, says: str
) -> None:
    outcome = executed(params, backend=backend)
    assert (outcome.kind, outcome.reason_code) == ("failed", code)
    assert says in (outcome.reason or "")
