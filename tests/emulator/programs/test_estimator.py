from __future__ import annotations

import json
import math
import random
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp, Statevector

from tests.emulator.lab import BELL_ISA, HEAD, estimated, noisy, results, run, typed, untyped

TURN = HEAD + "input float a; qubit[2] q; ry(a) q[0]; cx q[0], q[1];"
BELL_ONLY = BELL_ISA.split("meas[0]")[0].replace("bit[2] meas;", "")
SIX_SIGMA = 6.0


def test_values_follow_the_angle_within_the_error_they_state() -> None:
    angle = random.uniform(0.0, math.pi)
    data = estimated([[TURN, ["IZ", "ZZ", "XX", "YY", "ZX"], [angle]]])
    exact = [math.cos(angle), 1.0, math.sin(angle), -math.sin(angle), 0.0]
    for value, error, true in zip(data["evs"], data["stds"], exact, strict=True):
        sigma = math.sqrt((1.0 - true**2) / 4096)
        assert abs(value - true) <= SIX_SIGMA * sigma + 1e-12
        assert error == pytest.approx(sigma, abs=0.2 / 64)
    assert data["stds"] == data["ensemble_standard_error"]


def test_random_states_and_sums_of_paulis_agree_with_the_state_vector() -> None:
    chance = np.random.default_rng(random.randrange(2**32))
    circuit = QuantumCircuit(4)
    for layer in range(3):
        for qubit in range(4):
            circuit.u(*chance.uniform(0, 2 * np.pi, 3), qubit)
        circuit.cx(layer, layer + 1)
    labels = ["".join(chance.choice(list("IXYZ"), 4)) for _ in range(12)]
    terms = {label: float(chance.normal()) for label in labels}
    data = estimated([[typed(circuit), terms]], precision=0.01)
    exact = float(
        np.real(Statevector(circuit).expectation_value(SparsePauliOp.from_list(list(terms.items()))))
    )
    assert abs(data["evs"] - exact) < SIX_SIGMA * data["stds"]
    assert 0.0 < data["stds"] < 0.1


def test_stated_errors_are_the_spread_that_is_seen() -> None:
    observable = {"ZZ": 0.5, "IZ": 1.0, "XX": 0.7}
    drawn = [estimated([[TURN, observable, [1.1]]], seed=seed, precision=0.05) for seed in range(200)]
    spread = float(np.std([data["evs"] for data in drawn], ddof=1))
    stated = float(np.mean([data["stds"] for data in drawn]))
    assert abs(spread / stated - 1.0) < 5.0 / math.sqrt(2 * 199)


def test_points_and_observables_broadcast_as_in_qiskit() -> None:
    angles = [[[0.1]], [[0.2]], [[0.3]]]
    data = estimated([[TURN, ["IZ", "ZZ"], angles]])
    assert np.array(data["evs"]).shape == (3, 2)
    assert np.array(estimated([[TURN, [["IZ"], ["ZZ"]], [0.1, 0.2, 0.3]]])["evs"]).shape == (2, 3)
    assert np.array(estimated([[TURN, "IZ", [0.1]]])["evs"]).shape == ()
    for row, angle in zip(data["evs"], angles, strict=True):
        assert abs(row[0] - math.cos(angle[0][0])) < SIX_SIGMA / 64
        assert row[1] == 1.0


def test_a_value_does_not_depend_on_what_is_estimated_beside_it() -> None:
    alone = estimated([[TURN, "XX", [0.2]]])
    among = estimated([[TURN, [["ZZ", "IZ"], ["XX", "IX"]], [[0.1], [0.2]]]])
    crossed = estimated([[TURN, [["IZ"], ["XX"]], [0.1, 0.2]]])
    assert alone["evs"] == crossed["evs"][1][1]
    assert np.array(among["evs"]).shape == (2, 2)


def test_the_identity_is_exact_and_coefficients_scale() -> None:
    assert estimated([[TURN, {"II": 2.5}, [0.1]]]) == {
        "evs": 2.5,
        "stds": 0.0,
        "ensemble_standard_error": 0.0,
    }
    one = estimated([[TURN, {"XX": 1.0}, [0.4]]])
    scaled = estimated([[TURN, {"XX": -3.0, "II": 1.0}, [0.4]]])
    assert scaled["evs"] == pytest.approx(1.0 - 3.0 * one["evs"])
    assert scaled["stds"] == pytest.approx(3.0 * one["stds"])


def test_precision_decides_the_shots_and_the_error() -> None:
    for precision, shots in ((1 / 64, 4096), (0.1, 100), (0.05, 400)):
        pub = results(run([[TURN, "IX", [0.1], precision]], program="estimator"))[0]
        assert pub["metadata"]["shots"] == shots
        assert pub["metadata"]["target_precision"] == precision
        assert pub["data"]["stds"] == pytest.approx(precision, rel=0.15)


def test_qubits_that_the_circuit_leaves_alone_can_be_observed() -> None:
    circuit = QuantumCircuit(6)
    circuit.x(1)
    data = estimated([[typed(circuit), ["ZIIIII", "IIIIZI", "XIIIII"]]])
    assert data["evs"][:2] == [1.0, -1.0]
    assert abs(data["evs"][2]) < SIX_SIGMA / 64


def test_sixty_qubits_of_a_clifford_circuit_have_expectation_values() -> None:
    circuit = QuantumCircuit(60)
    circuit.h(0)
    for qubit in range(59):
        circuit.cx(qubit, qubit + 1)
    assert estimated([[typed(circuit), ["Z" * 60, "X" * 60, "Y" * 60]]], precision=0.1)["evs"] == [
        1.0,
        1.0,
        1.0,
    ]


def test_twelve_parameters_by_name_and_by_position_agree() -> None:
    circuit = QuantumCircuit(2)
    for index, angle in enumerate(ParameterVector("v", 12)):
        circuit.ry(angle * (index + 1), index % 2)
    values = [0.1 * index for index in range(12)]
    named = {f"v[{index}]": value for index, value in enumerate(values)}
    assert estimated([[typed(circuit), "IZ", values]]) == estimated([[typed(circuit), "IZ", named]])


def attenuation(*qubits: int) -> float:
    return math.prod(1.0 - 2.0 * noisy().qubits[qubit].readout_error for qubit in qubits)


def test_level_0_shows_misreadings_and_level_1_corrects_them() -> None:
    idle = HEAD + "sx $0; sx $0; x $1; x $1; cz $0, $1; cz $0, $1;"
    shrunk = attenuation(0, 1)
    raw = estimated([[idle, "ZZ"]], backend="emulator_heron", resilience_level=0, precision=0.005)
    corrected = estimated([[idle, "ZZ"]], backend="emulator_heron", precision=0.005)
    assert -raw["evs"] < shrunk + 0.01
    assert abs(-corrected["evs"] - 1.0) < 0.03
    assert corrected["stds"] > corrected["ensemble_standard_error"]
    noise = noisy()
    gates = (
        1.0
        - 2 * 4 / 3 * noise.error("cz", (0, 1))
        - 2 * 2 * (noise.error("sx", (0,)) + noise.error("sx", (1,)))
    )
    assert abs(-corrected["evs"] - gates) < SIX_SIGMA * corrected["stds"] + 1e-3


def test_extrapolation_finds_back_what_gates_lost_and_tells_all_that_it_saw() -> None:
    worn = HEAD + "x $0; x $0;" + "cz $0, $1;" * 60
    given: dict[str, Any] = {"backend": "emulator_heron", "precision": 0.005}
    plain = estimated([[worn, ["ZZ", "IZ"]]], **given)
    whole = run([[worn, ["ZZ", "IZ"]]], program="estimator", resilience_level=2, support_qiskit=True, **given)
    pub = untyped(json.loads(whole.body))["pub_results"][0]
    data = pub["data"]["fields"]
    assert plain["evs"][0] < 0.9
    strength = noisy().error("cz", (0, 1)) * 4 / 3
    left = (1 - strength) ** (60 * np.array([1.0, 3.0, 5.0])) * (1 - 2 * noisy().error("x", (0,))) ** 2
    assert np.abs(data["evs_noise_factors"][0] - left).max() < 6 * 0.005 * 1.5
    assert np.abs(data["evs"] - left[0] / (1 - strength) ** 60).max() < 6 * data["stds"].max()
    shapes = {name: array.shape for name, array in data.items()}
    assert shapes == {
        "evs": (2,),
        "stds": (2,),
        "evs_noise_factors": (2, 3),
        "stds_noise_factors": (2, 3),
        "ensemble_stds_noise_factors": (2, 3),
        "evs_extrapolated": (2, 2, 4),
        "stds_extrapolated": (2, 2, 4),
    }
    assert data["evs_extrapolated"][:, 0, 0].tolist() == pytest.approx(data["evs"].tolist(), rel=1e-12)
    assert pub["metadata"]["resilience"] == {"zne": {"extrapolator": ["exponential", "exponential"]}}


def test_each_noise_factor_is_charged() -> None:
    given: dict[str, Any] = {"program": "estimator", "backend": "emulator_heron", "precision": 0.005}
    once, thrice = run([[BELL_ONLY, "ZZ"]], **given), run([[BELL_ONLY, "ZZ"]], resilience_level=2, **given)
    assert thrice.quantum_seconds - 2.0 == pytest.approx(3 * (once.quantum_seconds - 2.0), abs=3.0)


def test_the_metadata_says_what_was_done() -> None:
    def metadata(**given: Any) -> Any:
        return json.loads(run([[BELL_ONLY, "ZZ"]], program="estimator", **given).body)["metadata"]

    heron = metadata(backend="emulator_heron", resilience_level=2)
    assert heron["resilience"] == {
        "measure_mitigation": True,
        "zne_mitigation": True,
        "pec_mitigation": False,
        "zne": {
            "noise_factors": [1.0, 3.0, 5.0],
            "extrapolator": ["exponential", "linear"],
            "extrapolated_noise_factors": [0.0, 1.0, 3.0, 5.0],
        },
    }
    assert metadata(backend="emulator_heron")["resilience"]["zne_mitigation"] is False
    assert metadata()["resilience"]["measure_mitigation"] is False
    assert heron["version"] == 2
    assert (heron["twirling"]["enable_gates"], heron["twirling"]["enable_measure"]) == (True, True)
    asked = {"dynamical_decoupling": {"enable": True, "sequence_type": "XY4"}}
    assert metadata(options=asked)["dynamical_decoupling"] == {
        "enable": True,
        "sequence_type": "XY4",
        "extra_slack_distribution": "middle",
        "scheduling_method": "alap",
    }


def test_observables_of_hardware_qubits_may_be_as_wide_as_the_device() -> None:
    data = estimated([[BELL_ONLY, ["ZZ", "I" * 154 + "ZZ"]]], backend="emulator_heron")
    assert data["evs"][0] == data["evs"][1]
    assert data["evs"][0] > 0.9


def test_typed_results_hold_the_same_as_plain_ones() -> None:
    pub = [TURN, ["IZ", "XX"], [0.4]]
    typed_body = untyped(json.loads(run([pub], program="estimator", support_qiskit=True).body))
    fields = typed_body["pub_results"][0]["data"]["fields"]
    plain = estimated([pub])
    assert set(fields) == set(plain) == {"evs", "stds", "ensemble_standard_error"}
    assert all(fields[name].tolist() == plain[name] for name in plain)


def test_a_circuit_that_measures_on_its_way_is_estimated_after_it() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    data = estimated([[typed(circuit), ["X", "Z"]]])
    assert all(abs(value) < SIX_SIGMA / 64 for value in data["evs"])


def test_bases_that_recur_are_charged_once() -> None:
    many = run([[TURN, ["ZZ", "IZ", "ZI"], [0.1]]], program="estimator")
    one = run([[TURN, ["ZZ"], [0.1]]], program="estimator")
    three = run([[TURN, ["ZZ", "XX", "YY"], [0.1]]], program="estimator")
    assert one.quantum_seconds == many.quantum_seconds < three.quantum_seconds
