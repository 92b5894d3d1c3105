from __future__ import annotations

import json
import math
import random
import time
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import ClassicalRegister, ParameterVector, QuantumRegister

from tests.emulator.lab import (
    BELL,
    BELL_ISA,
    HEAD,
    ROTATION,
    counted,
    counts,
    likely,
    noisy,
    results,
    run,
    typed,
    typed_array,
    untyped,
    work,
)


def test_a_bell_pair_is_equal_and_even() -> None:
    seen = counted([[BELL, None, 4000]])
    assert set(seen) == {0, 3}
    assert likely(seen[0], 4000, 0.5)


def test_counts_follow_the_angle_whatever_it_is() -> None:
    angles = [random.uniform(0.0, 2.0 * math.pi) for _ in range(20)]
    points = results(run([[ROTATION, angles, 2000]]))[0]["data"]["c"]["samples"]
    for angle, samples in zip(angles, points, strict=True):
        assert likely(counts(samples)[1], 2000, math.sin(angle / 2.0) ** 2, alpha=1e-6 / 20)


@pytest.mark.parametrize(
    "pub",
    [
        BELL,
        [BELL],
        [BELL, None],
        [BELL, None, 4096],
        [BELL, [], None],
        [BELL, {}, 4096],
        [BELL, typed_array([])],
    ],
)
def test_every_form_of_a_pub_means_the_same(pub: Any) -> None:
    assert run([pub]).body == run([[BELL, None, 4096]]).body


def test_shots_of_the_pub_come_before_those_of_the_job_and_its_options() -> None:
    def shots(*pub: Any, **params: Any) -> int:
        return len(results(run([[BELL, *pub]], **params))[0]["data"]["meas"]["samples"])

    options = {"default_shots": 3}
    assert shots(None, 5, shots=4, options=options) == 5
    assert shots(None, None, shots=4, options=options) == 4
    assert shots(options=options) == 3
    assert shots() == 4096


def vector_circuit() -> tuple[QuantumCircuit, list[float]]:
    """Twelve angles that are told apart by what they do."""
    angles = ParameterVector("v", 12)
    circuit = QuantumCircuit(QuantumRegister(4, "q"), ClassicalRegister(4, "meas"))
    for index, angle in enumerate(angles):
        circuit.ry(angle * (index + 1), index % 4)
        circuit.cz(index % 4, (index + 1) % 4)
    circuit.measure(range(4), range(4))
    return circuit, [0.1 * index + 0.05 for index in range(12)]


def test_twelve_parameters_by_name_and_by_position_give_the_same_as_qasm_and_as_qpy() -> None:
    circuit, values = vector_circuit()
    text = qasm3.dumps(circuit)
    names = sorted(
        f"_v_{index}_" for index in range(12)
    )  # as the exporter spells them; _v_10_ comes before _v_1_
    by_text_name = {name: values[int(name.split("_")[2])] for name in names}
    forms: list[list[Any]] = [
        [typed(circuit), values],
        [typed(circuit), typed_array(values)],
        [typed(circuit), {f"v[{index}]": value for index, value in enumerate(values)}],
        [typed(circuit), {"v": values}],
        [typed(circuit.assign_parameters(values))],
        [text, by_text_name],
        [text, [by_text_name[name] for name in names]],
        [qasm3.dumps(circuit.assign_parameters(values))],
    ]
    assert len({run([form], shots=500).body for form in forms}) == 1
    assert run([[typed(circuit), values[::-1]]], shots=500).body != run([forms[0]], shots=500).body


def test_a_point_gives_the_same_shots_alone_in_a_sweep_and_among_other_circuits() -> None:
    alone = results(run([[ROTATION, [1.0], 200]]))[0]["data"]["c"]["samples"]
    sweep = results(run([[BELL], [ROTATION, [[0.5], [1.0], [2.0]], 200]]))[1]["data"]["c"]["samples"]
    assert alone == sweep[1]


def test_points_nest_as_the_values_do() -> None:
    samples = results(run([[ROTATION, np.zeros((2, 3, 1)).tolist(), 4]]))[0]["data"]["c"]["samples"]
    assert np.array(samples).shape == (2, 3, 4)


def test_each_register_is_a_field_and_one_that_is_not_measured_reads_zero() -> None:
    text = (
        HEAD + "qubit q; bit[3] a; bit[70] wide; bit[2] never; x q; a[2] = measure q; wide[69] = measure q;"
    )
    data = results(run([[text, None, 5]]))[0]["data"]
    assert {name: (set(it["samples"]), it["num_bits"]) for name, it in data.items()} == {
        "a": ({"0x4"}, 3),
        "wide": ({hex(1 << 69)}, 70),
        "never": ({"0x0"}, 2),
    }


def test_a_circuit_without_registers_has_an_empty_result() -> None:
    assert results(run([[HEAD + "qubit q; x q;"]]))[0]["data"] == {}


def test_a_condition_in_the_middle_of_a_circuit_is_obeyed() -> None:
    text = HEAD + (
        "qubit[2] q; bit[1] a; bit[1] b; h q[0]; a[0] = measure q[0]; if (a[0]) { x q[1]; } b[0] = measure q[1];"
    )
    data = results(run([[text, None, 2000]]))[0]["data"]
    assert data["a"]["samples"] == data["b"]["samples"]
    assert likely(counts(data["a"]["samples"])[1], 2000, 0.5)


def test_qubits_that_are_measured_and_reset_can_be_used_again() -> None:
    text = HEAD + "qubit q; bit[2] c; x q; c[0] = measure q; reset q; c[1] = measure q;"
    assert counted([[text, None, 50]], "c") == {1: 50}


def test_a_ghz_state_of_100_qubits_on_hardware_qubits() -> None:
    text = HEAD + "bit[100] c; h $0;" + "".join(f"cx ${q}, ${q + 1};" for q in range(99))
    text += "".join(f"c[{q}] = measure ${q};" for q in range(100))
    seen = counted([[text, None, 100]], "c")
    assert set(seen) <= {0, 2**100 - 1}
    assert likely(seen[0], 100, 0.5)


def test_a_bell_pair_on_a_noisy_heron_is_quick_and_almost_right() -> None:
    run([[BELL_ISA]], backend="emulator_heron")
    before = time.perf_counter()
    seen = counted([[BELL_ISA, None, 4000]], backend="emulator_heron")
    assert time.perf_counter() - before < 1.0
    assert 0 < seen[1] + seen[2] < 400
    assert min(seen[0], seen[3]) > 1600


def test_a_circuit_as_wide_as_the_device_costs_only_its_own_qubits() -> None:
    circuit = QuantumCircuit(156, 2)
    circuit.sx(3)
    circuit.cz(3, 16)
    circuit.barrier()
    circuit.measure([3, 16], [0, 1])
    before = time.perf_counter()
    outcome = run([[typed(circuit), None, 100]], backend="emulator_heron")
    assert outcome.kind == "completed"
    assert outcome.qubits == (156,)
    assert time.perf_counter() - before < 2.0


def test_metadata_of_the_circuit_comes_back() -> None:
    circuit = QuantumCircuit(1, 1, metadata={"mine": [1, 2]})
    assert results(run([[typed(circuit)]]))[0]["metadata"] == {"circuit_metadata": {"mine": [1, 2]}}


def test_typed_and_plain_results_hold_the_same() -> None:
    pub = [ROTATION, [[0.5], [1.5]], 30]
    plain = results(run([pub]))[0]["data"]["c"]["samples"]
    body = run([pub], support_qiskit=True).body
    array = untyped(json.loads(body))["pub_results"][0]["data"]["fields"]["c"]["array"]
    assert [[hex(int(shot[0])) for shot in point] for point in array] == plain


def test_the_job_seed_and_a_seed_of_the_users_own_change_the_shots() -> None:
    bodies = [
        run([[BELL]], seed=1).body,
        run([[BELL]], seed=2).body,
        run([[BELL]], seed=1, options={"simulator": {"seed_simulator": 9}}).body,
        run([[BELL]], seed=2, options={"simulator": {"seed_simulator": 9}}).body,
    ]
    assert bodies[2] == bodies[3]
    assert len(set(bodies)) == 3


def test_what_is_charged_grows_with_executions() -> None:
    assert run([[BELL, None, 100]]).quantum_seconds == 3.0
    assert run([[BELL, None, 40_000]]).quantum_seconds == 13.0


def test_the_outcome_describes_the_circuits() -> None:
    outcome = run([[BELL], [ROTATION, [0.1]]])
    assert (outcome.circuits, outcome.qubits, outcome.depths) == (2, (2, 1), (3, 2))


def test_twirled_readings_are_wrong_equally_often_either_way_and_said_to_be_twirled() -> None:
    options = {"twirling": {"enable_measure": True}}
    flips = [[HEAD + f"bit[1] c; {gate} c[0] = measure $7;", None, 20_000] for gate in ("", "x $7;")]
    rate, lost = noisy().qubits[7].readout_error, noisy().error("x", (7,))
    outcome = run(flips, backend="emulator_heron", options=options, support_qiskit=True)
    document = untyped(json.loads(outcome.body))
    ones = [int(pub["data"]["fields"]["c"]["array"].sum()) for pub in document["pub_results"]]
    assert likely(ones[0], 20_000, rate)
    assert likely(ones[1], 20_000, (1.0 - lost) * (1.0 - rate) + lost * rate)
    assert [pub["metadata"]["num_randomizations"] for pub in document["pub_results"]] == [32, 32]
    spans = json.loads(outcome.body)["__value__"]["metadata"]["execution"]["execution_spans"]["__value__"][
        "spans"
    ]
    assert [span["__type__"] for span in spans] == ["TwirledSliceSpanV2"] * 2
    assert spans[1]["__value__"]["data_slices"] == {"1": [[32, 625], True, 0, 32, 0, 625, 20_000]}


def test_points_of_the_readout_signal_lie_on_the_side_of_their_bit() -> None:
    pub = [[ROTATION, [[0.4], [2.0], [1.0]], 500]]

    def told(measured: str, **params: Any) -> Any:
        return run(pub, options={"execution": {"meas_type": measured}}, **params)

    shots = np.array(
        [[int(word, 16) for word in row] for row in results(told("classified"))[0]["data"]["c"]["samples"]]
    )
    points = untyped(json.loads(told("kerneled", support_qiskit=True).body))["pub_results"][0]["data"][
        "fields"
    ]["c"]
    assert (points.dtype, points.shape) == (np.complex128, (3, 500, 1))
    assert np.array_equal(points[..., 0].real < 0.0, shots == 1)
    assert abs(points.imag.mean()) < 6 * 0.3 / math.sqrt(points.size)
    typed_means = json.loads(told("avg_kerneled", support_qiskit=True).body)
    assert typed_means["__value__"]["pub_results"][0]["__value__"]["data"]["__value__"]["field_types"] == [
        "ndarray"
    ]
    means = untyped(typed_means)["pub_results"][0]["data"]["fields"]["c"]
    assert np.allclose(means, points.mean(axis=1))
    plain = np.array(results(told("avg_kerneled"))[0]["data"]["c"])
    assert np.allclose(plain[..., 0] + 1j * plain[..., 1], means)


def test_options_that_need_a_real_machine_change_nothing() -> None:
    options = {"twirling": {"enable_gates": True}, "dynamical_decoupling": {"enable": True}}
    assert results(run([[BELL]], options=options))[0]["data"] == results(run([[BELL]]))[0]["data"]


def test_work_is_told_as_the_service_posts_it() -> None:
    assert json.loads(work([[BELL]], shots=3).params) == {"pubs": [[BELL]], "shots": 3}
