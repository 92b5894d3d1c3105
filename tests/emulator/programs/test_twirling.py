from __future__ import annotations

from typing import Any

import pytest

from qrt_async.emulator.programs.options import EstimatorParams, SamplerParams, read_params
from qrt_async.emulator.programs.twirling import decoupling_told, of_estimator, of_sampler


def sampler(**twirling: Any) -> SamplerParams:
    return read_params(SamplerParams, {"pubs": ["x"], "options": {"twirling": twirling}})


def estimator(**given: Any) -> EstimatorParams:
    return read_params(EstimatorParams, {"pubs": ["x"], **given})


@pytest.mark.parametrize(
    ("asked", "shots", "spread"),
    [
        ({}, 4096, (32, 128)),
        ({}, 100, (2, 64)),
        ({}, 1, (1, 64)),
        ({"num_randomizations": 10}, 1001, (10, 101)),
        ({"shots_per_randomization": 100}, 1001, (11, 100)),
        ({"num_randomizations": 3, "shots_per_randomization": 7}, 1000, (3, 7)),
        ({"num_randomizations": None, "shots_per_randomization": None}, 4096, (32, 128)),
    ],
)
def test_shots_are_spread_by_the_rule_of_the_service(
    asked: dict[str, Any], shots: int, spread: tuple[int, int]
) -> None:
    assert of_sampler(sampler(**asked)).spread(shots) == spread


def test_a_sampler_twirls_what_it_is_asked_to_and_says_so() -> None:
    assert not of_sampler(read_params(SamplerParams, {"pubs": ["x"]})).any
    assert of_sampler(sampler(enable_gates=True)).any
    quiet = of_sampler(sampler())
    assert quiet.told_of_pub(4096) == {}
    assert of_sampler(sampler(enable_measure=True)).told_of_pub(4096) == {"num_randomizations": 32}


@pytest.mark.parametrize(
    ("given", "mitigate", "gates", "readings"),
    [
        ({}, True, False, True),
        ({}, False, False, False),
        ({"resilience_level": 2}, True, True, True),
        ({"resilience_level": 2, "options": {"twirling": {"enable_gates": False}}}, True, False, True),
        ({"options": {"twirling": {"enable_measure": False}}}, True, False, False),
    ],
)
def test_an_estimator_twirls_by_its_level_unless_its_options_say(
    given: dict[str, Any], mitigate: bool, gates: bool, readings: bool
) -> None:
    twirls = of_estimator(estimator(**given), mitigate=mitigate)
    assert (twirls.gates, twirls.readings) == (gates, readings)
    assert twirls.told() == {
        "enable_gates": gates,
        "enable_measure": readings,
        "num_randomizations": "auto",
        "shots_per_randomization": "auto",
        "interleave_randomizations": True,
        "strategy": "active-accum",
    }


def test_decoupling_is_told_as_it_was_asked_with_the_defaults_of_the_service() -> None:
    assert decoupling_told(estimator())["enable"] is False
    asked = {"enable": True, "scheduling_method": "asap", "sequence_type": None}
    assert decoupling_told(estimator(options={"dynamical_decoupling": asked})) == {
        "enable": True,
        "sequence_type": "XX",
        "extra_slack_distribution": "middle",
        "scheduling_method": "asap",
    }
