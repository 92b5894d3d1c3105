"""Expectation values of a PUB as the fields of its result."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from .extrapolation import Plan, extrapolated

Numbers = np.ndarray[Any, np.dtype[np.float64]]


class Estimate(msgspec.Struct, frozen=True):
    """An expectation value and its standard errors: with and without the calibration's share."""

    value: float
    error: float
    shot_error: float


def told(estimates: list[Estimate], shape: tuple[int, ...]) -> dict[str, Numbers]:
    """Values as they were measured."""
    columns = _columns(estimates).reshape(*shape, 3)
    names = ("evs", "stds", "ensemble_standard_error")
    return {name: columns[..., place] for place, name in enumerate(names)}


def told_without_noise(
    amplified: list[list[Estimate]], shape: tuple[int, ...], plan: Plan
) -> tuple[dict[str, Numbers], list[str]]:
    """Extrapolated values, those measured at each noise factor, and all fits; and whose fit each value is."""
    measured = np.stack([_columns(it).reshape(*shape, 3) for it in amplified], axis=-2)
    grid = (*shape, len(plan.extrapolators), len(plan.told_at))
    fields = {
        "evs": np.zeros(shape),
        "stds": np.zeros(shape),
        "evs_noise_factors": measured[..., 0],
        "stds_noise_factors": measured[..., 1],
        "ensemble_stds_noise_factors": measured[..., 2],
        "evs_extrapolated": np.zeros(grid),
        "stds_extrapolated": np.zeros(grid),
    }
    chosen: list[str] = []
    for point in np.ndindex(shape):
        name, best, fits = extrapolated(plan, measured[point][:, 0], measured[point][:, 1])
        fields["evs"][point], fields["stds"][point] = best.values[0], best.errors[0]
        fields["evs_extrapolated"][point] = [it.values for it in fits]
        fields["stds_extrapolated"][point] = [it.errors for it in fits]
        chosen.append(name)
    return fields, chosen


def _columns(estimates: list[Estimate]) -> Numbers:
    return np.array([(it.value, it.error, it.shot_error) for it in estimates], dtype=np.float64)
