from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qrt_async.emulator.programs.extrapolation import Plan, extrapolated, fit, plan_of
from qrt_async.emulator.programs.options import EstimatorParams, read_params

FACTORS = (1.0, 3.0, 5.0, 7.0)
AT = (0.0, 2.0)
X = np.array(FACTORS)
SURE = np.full(4, 1e-6)


def plan(**given: Any) -> Plan | None:
    return plan_of(read_params(EstimatorParams, {"pubs": ["x"], **given}))


@pytest.mark.parametrize(
    ("name", "curve"),
    [
        ("linear", lambda x: 0.9 - 0.05 * x),
        ("polynomial_degree_1", lambda x: 0.9 - 0.05 * x),
        ("polynomial_degree_2", lambda x: 0.9 - 0.05 * x + 0.002 * x**2),
        ("polynomial_degree_3", lambda x: 0.9 - 0.05 * x + 0.002 * x**2 - 1e-4 * x**3),
        ("exponential", lambda x: 0.9 * np.exp(-x / 11.0)),
        ("exponential", lambda x: -0.9 * np.exp(-x / 11.0)),
        ("exponential", lambda x: 0.5 + 0.0 * x),
    ],
)
def test_a_curve_of_its_kind_is_continued_exactly(name: str, curve: Any) -> None:
    found = fit(name, FACTORS, curve(X), SURE, AT)
    assert found.values == pytest.approx(curve(np.array(AT)), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("exponential", [0.5, 0.6, 0.7, 0.8]),
        ("exponential", [0.5, 0.2, -0.1, -0.2]),
        ("exponential", [0.0, 0.0, 0.0, 0.0]),
        ("polynomial_degree_4", [0.9, 0.8, 0.7, 0.6]),
        ("double_exponential", [0.9, 0.8, 0.7, 0.6]),
    ],
)
def test_a_fit_without_a_solution_is_nan(name: str, values: list[float]) -> None:
    assert np.isnan(fit(name, FACTORS, np.array(values), SURE, AT).values).all()


def test_the_first_extrapolator_that_succeeds_is_taken_and_else_the_smallest_factor() -> None:
    growing, errors = np.array([0.5, 0.6, 0.7, 0.8]), np.full(4, 0.001)
    name, best, fits = extrapolated(Plan(FACTORS, ("exponential", "linear"), AT), growing, errors)
    assert (name, best.values[0]) == ("linear", pytest.approx(0.45))
    assert len(fits) == 2
    assert np.isnan(fits[0].values).all()
    name, best, _ = extrapolated(Plan((3.0, 1.0), ("exponential",), AT), growing[1::-1], errors[:2])
    assert (name, best.values[0], best.errors[0]) == ("fallback", 0.5, 0.001)


@pytest.mark.parametrize("name", ["linear", "exponential"])
def test_stated_errors_are_the_spread_that_is_seen(name: str) -> None:
    chance = np.random.default_rng(2)
    errors = np.array([0.01, 0.01, 0.02, 0.02])
    true = 0.9 * np.exp(-X / 20.0) if name == "exponential" else 0.9 - 0.04 * X
    found = [
        fit(name, FACTORS, true + errors * chance.standard_normal(4), errors, (0.0,)) for _ in range(2000)
    ]
    spread = np.std([it.values[0] for it in found])
    assert np.mean([it.errors[0] for it in found]) == pytest.approx(spread, rel=0.1)


def test_level_2_extrapolates_unless_the_options_say_otherwise() -> None:
    assert plan() is None
    assert plan(resilience_level=1) is None
    assert plan(resilience_level=2) == Plan((1.0, 3.0, 5.0), ("exponential", "linear"), (0.0, 1.0, 3.0, 5.0))
    assert plan(resilience_level=2, options={"resilience": {"zne_mitigation": False}}) is None
    assert plan(resilience_level=2, options={"resilience": {"pec_mitigation": True}}) is None
    zne = {"amplifier": "pea", "extrapolator": "linear", "extrapolated_noise_factors": [0.0]}
    asked = {"resilience": {"zne_mitigation": True, "zne": zne}}
    assert plan(options=asked) == Plan((1.0, 1.5, 2.0, 2.5, 3.0), ("linear",), (0.0,))
    zne = {"noise_factors": [1, 2]}
    found = plan(options={"resilience": {"zne_mitigation": True, "zne": zne}})
    assert found is not None
    assert (found.factors, found.told_at) == ((1.0, 2.0), (0.0, 1.0, 2.0))
