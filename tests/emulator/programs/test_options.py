from __future__ import annotations

import math
from typing import Any

import pytest

from qrt_async.emulator.failure import OPTIONS, ProgramFailed
from qrt_async.emulator.programs.options import (
    EstimatorParams,
    SamplerParams,
    estimator_precision,
    mitigates_measurement,
    read_params,
    sampler_level,
    sampler_shots,
    seed_of,
)


def sampler(**given: Any) -> SamplerParams:
    return read_params(SamplerParams, {"pubs": ["x"], **given})


def estimator(**given: Any) -> EstimatorParams:
    return read_params(EstimatorParams, {"pubs": ["x"], **given})


def test_shots_come_from_the_job_then_from_its_options_then_from_the_default() -> None:
    assert sampler_shots(sampler(shots=3, options={"default_shots": 5})) == 3
    assert sampler_shots(sampler(options={"default_shots": 5})) == 5
    assert sampler_shots(sampler(options={"default_shots": None})) == 4096
    assert sampler_shots(sampler()) == 4096


def test_both_numbers_of_randomizing_come_before_the_default_shots_and_after_those_of_the_job() -> None:
    numbers = {"num_randomizations": 4, "shots_per_randomization": 25}
    twirled = {"default_shots": 5, "twirling": {"enable_measure": True, **numbers}}
    assert sampler_shots(sampler(options=twirled)) == 100
    assert sampler_shots(sampler(shots=7, options=twirled)) == 7
    assert sampler_shots(sampler(options={"default_shots": 5, "twirling": numbers})) == 5
    assert estimator_precision(estimator(options=twirled)) == 0.1
    assert estimator_precision(estimator(precision=0.5, options=twirled)) == 0.5


def test_precision_comes_from_the_job_then_from_default_shots_then_from_default_precision() -> None:
    both = {"default_shots": 100, "default_precision": 0.5}
    assert estimator_precision(estimator(precision=0.25, options=both)) == 0.25
    assert estimator_precision(estimator(options=both)) == 1 / math.sqrt(100)
    assert estimator_precision(estimator(options={"default_precision": 0.5})) == 0.5
    assert estimator_precision(estimator()) == 1 / 64


def test_misreadings_are_corrected_from_level_1_on_unless_the_option_says_otherwise() -> None:
    assert mitigates_measurement(estimator())
    assert not mitigates_measurement(estimator(resilience_level=0))
    assert mitigates_measurement(
        estimator(resilience_level=0, options={"resilience": {"measure_mitigation": True}})
    )
    assert not mitigates_measurement(estimator(options={"resilience": {"measure_mitigation": False}}))


def test_a_seed_of_the_users_own_is_heard() -> None:
    assert seed_of(sampler()) is None
    assert seed_of(sampler(options={"simulator": {"seed_simulator": 4}})) == 4
    assert seed_of(estimator(options={"seed_estimator": 5, "simulator": {"seed_simulator": 4}})) == 5


FULL_SAMPLER = {
    "default_shots": 10,
    "dynamical_decoupling": {"enable": True, "sequence_type": "XY4", "skip_reset_qubits": True},
    "execution": {"init_qubits": True, "rep_delay": 0.00025, "meas_type": "classified"},
    "twirling": {"enable_gates": True, "num_randomizations": "auto", "shots_per_randomization": 32},
    "experimental": {"anything": 1},
}
FULL_ESTIMATOR = {
    "default_precision": 0.1,
    "resilience": {
        "measure_mitigation": True,
        "measure_noise_learning": {"num_randomizations": 32, "shots_per_randomization": "auto"},
        "zne_mitigation": True,
        "zne": {"noise_factors": [1, 3, 5], "extrapolator": ["exponential", "linear"], "amplifier": "pea"},
        "layer_noise_learning": {"layer_pair_depths": [0, 1, 2]},
    },
    "execution": {"rep_delay": None},
}


def test_all_options_of_the_service_are_accepted() -> None:
    assert sampler(options=FULL_SAMPLER, version=2, support_qiskit=True).support_qiskit
    assert estimator(options=FULL_ESTIMATOR, resilience_level=2, precision=0.1, version=2).precision == 0.1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"shots": 0}, "$.shots"),
        ({"shots": 1.5}, "$.shots"),
        ({"shots": "many"}, "$.shots"),
        ({"options": {"default_shot": 5}}, "default_shot"),
        ({"options": {"twirling": {"strategy": "none"}}}, "$.options.twirling.strategy"),
        ({"options": {"resilience": {}}}, "resilience"),
        ({"resilience_level": 1}, "resilience_level"),
        ({"version": 3}, "$.version"),
        ({"pubs": []}, "no pubs"),
        ({"pubs": "x"}, "$.pubs"),
    ],
)
def test_params_that_the_service_does_not_know_are_refused_by_name(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ProgramFailed) as caught:
        sampler(**given)
    assert caught.value.code == OPTIONS
    assert says in caught.value.reason


@pytest.mark.parametrize("measured", ["classified", "kerneled", "avg_kerneled", None])
def test_points_of_the_readout_signal_cannot_be_twirled(measured: str | None) -> None:
    options: dict[str, Any] = {"execution": {"meas_type": measured}}
    assert sampler_level(sampler(options=options)) == (measured or "classified")
    twirled = sampler(options=options | {"twirling": {"enable_measure": True}})
    if measured in (None, "classified"):
        assert sampler_level(twirled) == "classified"
        return
    with pytest.raises(ProgramFailed, match=measured or "") as caught:
        sampler_level(twirled)
    assert caught.value.code == OPTIONS


def test_two_mitigations_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(ProgramFailed, match="zne_mitigation and pec_mitigation"):
        estimator_precision(
            estimator(options={"resilience": {"zne_mitigation": True, "pec_mitigation": True}})
        )
