from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from qrt_async.errors import InvalidInput
from qrt_async.programs.options import (
    DynamicalDecouplingOptions,
    EstimatorOptions,
    NoiseLearnerOptions,
    ResilienceOptions,
    SamplerOptions,
    TwirlingOptions,
    ZneOptions,
    read_options,
)


def test_only_what_is_set_is_sent() -> None:
    assert read_options(None, SamplerOptions) == {}
    assert read_options(SamplerOptions(), SamplerOptions) == {}
    options = SamplerOptions(
        default_shots=100, dynamical_decoupling=DynamicalDecouplingOptions(sequence_type="XpXm")
    )
    assert read_options(options, SamplerOptions) == {
        "default_shots": 100,
        "dynamical_decoupling": {"sequence_type": "XpXm"},
    }


def test_none_is_something_that_was_set() -> None:
    assert read_options(NoiseLearnerOptions(max_layers_to_learn=None), NoiseLearnerOptions) == {
        "max_layers_to_learn": None
    }


def test_structs_and_mappings_may_be_mixed() -> None:
    expected = {"twirling": {"enable_gates": True}, "resilience": {"zne": {"noise_factors": [1, 3]}}}
    zne = {"zne": ZneOptions(noise_factors=[1, 3])}
    assert (
        read_options({"twirling": TwirlingOptions(enable_gates=True), "resilience": zne}, EstimatorOptions)
        == expected
    )
    assert read_options(expected, EstimatorOptions) == expected
    mixed = EstimatorOptions(twirling={"enable_gates": True}, resilience=zne)  # type: ignore[arg-type] # works too
    assert read_options(mixed, EstimatorOptions) == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"default_shot": 1}, "options got 'default_shot'.*'default_shots' was probably meant"),
        ({"twirling": {"enable_gate": True}}, r"options\.twirling got 'enable_gate'.*'enable_gates'"),
        ({"max_execution_time": 5}, r"run\(\.\.\., cost=seconds\)"),
        ({"environment": {}}, r"arguments of run"),
        ({"zzz": 1}, "allowed are default_shots"),
        ({"resilience_level": 1}, "allowed are"),
    ],
)
def test_unknown_names_are_refused_with_a_suggestion(options: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_options(options, SamplerOptions)


def test_the_structs_themselves_refuse_unknown_names() -> None:
    with pytest.raises(InvalidInput, match="'enable_measure' was probably meant"):
        TwirlingOptions(enable_measures=True)  # type: ignore[call-arg] # wrong on purpose
    with pytest.raises(InvalidInput, match="'dynamical_decoupling' was probably meant"):
        SamplerOptions(dynamic_decoupling={})  # type: ignore[call-arg] # wrong on purpose
    with pytest.raises(InvalidInput, match=r"SamplerOptions\.twirling got 'enable'"):
        SamplerOptions(twirling={"enable": True})  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (SamplerOptions, {"default_shots": 0}, r">= 1 - at `options\.default_shots`"),
        (SamplerOptions, {"default_shots": "many"}, "Expected `int`, got `str`"),
        (SamplerOptions, {"dynamical_decoupling": {"sequence_type": "XX4"}}, "XX4"),
        (SamplerOptions, {"execution": {"rep_delay": -1}}, r"options\.execution\.rep_delay"),
        (SamplerOptions, {"execution": {"meas_type": "raw"}}, "raw"),
        (SamplerOptions, {"twirling": {"num_randomizations": "all"}}, "all"),
        (SamplerOptions, {"twirling": True}, "twirling"),
        (EstimatorOptions, {"resilience_level": 3}, "<= 2"),
        (EstimatorOptions, {"default_precision": 0}, "> 0"),
        (EstimatorOptions, {"resilience": {"zne": {"noise_factors": [0.5]}}}, ">= 1"),
        (EstimatorOptions, {"resilience": {"zne_mitigation": True, "pec_mitigation": True}}, "both on"),
        (
            EstimatorOptions,
            {"resilience": {"zne": {"extrapolator": "double_exponential"}}},
            "needs 4 noise_factors",
        ),
        (
            EstimatorOptions,
            {
                "resilience": {
                    "zne": {"extrapolator": ["linear", "polynomial_degree_3"], "noise_factors": [1, 2, 3]}
                }
            },
            "'polynomial_degree_3' needs 4 noise_factors or more; there are 3",
        ),
        (EstimatorOptions, {"resilience": {"zne": {"extrapolator": []}}}, "length >= 1"),
        (SamplerOptions, {"experimental": {"x": [float("nan")]}}, "finite"),
        (NoiseLearnerOptions, {"layer_pair_depths": [-1]}, ">= 0"),
        (NoiseLearnerOptions, {"twirling_strategy": "some"}, "some"),
        (SamplerOptions, EstimatorOptions(), "needed is SamplerOptions"),
        (SamplerOptions, 100, "needed is SamplerOptions"),
    ],
)
def test_values_out_of_range_are_refused_with_their_place(kind: Any, options: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_options(options, kind)


def test_numpy_numbers_and_tuples_are_numbers_and_lists() -> None:
    given = {"default_shots": np.int64(5), "resilience": {"zne": {"noise_factors": (1, np.float64(3))}}}
    got = read_options(given, EstimatorOptions)
    assert got == {"default_shots": 5, "resilience": {"zne": {"noise_factors": [1, 3.0]}}}
    array = read_options({"resilience": {"zne": {"noise_factors": np.array([1.0, 2.0])}}}, EstimatorOptions)
    assert array == {"resilience": {"zne": {"noise_factors": [1.0, 2.0]}}}
    assert msgspec.json.encode(got)


def test_experimental_options_pass_unchecked() -> None:
    assert read_options({"experimental": {"anything": [1]}}, SamplerOptions) == {
        "experimental": {"anything": [1]}
    }


def test_options_are_values() -> None:
    assert ResilienceOptions(pec_mitigation=True) == ResilienceOptions(pec_mitigation=True)
    with pytest.raises(AttributeError):
        SamplerOptions().default_shots = 5  # type: ignore[misc] # frozen
