"""Zero-noise extrapolation: what fits through values at several noise factors say of no noise.

Noise is amplified as folded two-qubit gates would: a factor of 3 makes their errors happen three times over. Fits
are least squares, weighted by the errors of the values. One that has no solution, such as a decay through values
that grow, is NaN, and the next one is taken; where none is left, the value at the smallest factor stands. Sums of
two decays are never solved.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from .options import EstimatorOptions, EstimatorParams, Extrapolation, Resilience

Values = np.ndarray[Any, np.dtype[np.float64]]

FACTORS = (1.0, 3.0, 5.0)
PEA_FACTORS = (1.0, 1.5, 2.0, 2.5, 3.0)
EXTRAPOLATORS = ("exponential", "linear")
SIGMAS = 3.0
"""Growth up to so many standard errors passes for a decay that is not seen yet."""
SMALLEST_ERROR = 1e-9
"""A value that every shot agrees on still has a weight."""


class Plan(msgspec.Struct, frozen=True):
    """Where noise is measured, how it is fitted, and where the fits are told."""

    factors: tuple[float, ...]
    extrapolators: tuple[str, ...]
    told_at: tuple[float, ...]

    def told(self) -> dict[str, Any]:
        """What the metadata of a job says."""
        return {
            "noise_factors": list(self.factors),
            "extrapolator": list(self.extrapolators),
            "extrapolated_noise_factors": list(self.told_at),
        }


class Fit(msgspec.Struct, frozen=True):
    """One extrapolator's values and errors at some noise factors."""

    values: Values
    errors: Values


def plan_of(params: EstimatorParams) -> Plan | None:
    """What the options ask for; nothing below level 2 unless they do."""
    resilience = (params.options or EstimatorOptions()).resilience or Resilience()
    asked = resilience.zne_mitigation
    if not (params.resilience_level == 2 and not resilience.pec_mitigation if asked is None else asked):
        return None
    options = resilience.zne or Extrapolation()
    factors: tuple[float, ...] = FACTORS if options.amplifier != "pea" else PEA_FACTORS
    if isinstance(options.noise_factors, list):
        factors = tuple(options.noise_factors)
    named = options.extrapolator or EXTRAPOLATORS
    told = options.extrapolated_noise_factors
    return Plan(
        factors,
        (named,) if isinstance(named, str) else tuple(named),
        tuple(told) if isinstance(told, list) else (0.0, *factors),
    )


def extrapolated(plan: Plan, values: Values, errors: Values) -> tuple[str, Fit, list[Fit]]:
    """The extrapolator that succeeds first, its fit at no noise, and the fits of all where they are told."""
    chosen, best = "fallback", None
    for name in plan.extrapolators:
        found = fit(name, plan.factors, values, errors, (0.0,))
        if best is None and np.isfinite(found.values).all():
            chosen, best = name, found
    if best is None:
        best = fit("fallback", plan.factors, values, errors, (0.0,))
    return (
        chosen,
        best,
        [fit(name, plan.factors, values, errors, plan.told_at) for name in plan.extrapolators],
    )


def fit(name: str, factors: tuple[float, ...], values: Values, errors: Values, at: tuple[float, ...]) -> Fit:
    """What an extrapolator makes of these values at other factors."""
    sure = np.maximum(errors, SMALLEST_ERROR)
    if name == "fallback":
        lowest = int(np.argmin(factors))
        return Fit(np.full(len(at), values[lowest]), np.full(len(at), errors[lowest]))
    if name == "exponential":
        return _decay(np.array(factors), values, sure, np.array(at))
    degree = 1 if name == "linear" else int(name.rpartition("_")[2]) if "degree" in name else len(factors)
    return _polynomial(degree, np.array(factors), values, sure, np.array(at))


def _unsolved(at: Values) -> Fit:
    return Fit(np.full(len(at), math.nan), np.full(len(at), math.nan))


def _polynomial(degree: int, factors: Values, values: Values, errors: Values, at: Values) -> Fit:
    if degree >= len(set(factors.tolist())):
        return _unsolved(at)
    weighted = np.vander(factors, degree + 1) / errors[:, np.newaxis]
    inverse = np.linalg.pinv(weighted)
    towards = np.vander(at, degree + 1) @ inverse  # from values in units of their errors
    return Fit(towards @ (values / errors), np.sqrt((towards**2).sum(axis=1)))


def _decay(factors: Values, values: Values, errors: Values, at: Values) -> Fit:
    """``A exp(-x / tau)`` with a positive ``tau``, as a line through logarithms."""
    sign = np.sign(values[0])
    if sign == 0.0 or not (values * sign > 0.0).all():
        return _unsolved(at)
    logs, doubts = np.log(values * sign), errors / np.abs(values)
    ends = _polynomial(1, factors, logs, doubts, np.array([0.0, 1.0]))
    if ends.values[1] - ends.values[0] > SIGMAS * ends.errors[0]:
        return _unsolved(at)
    line = _polynomial(1, factors, logs, doubts, at)
    decayed = sign * np.exp(line.values)
    return Fit(decayed, np.abs(decayed) * line.errors)
