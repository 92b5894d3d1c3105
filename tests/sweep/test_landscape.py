"""The landscape of the example, point by point against theory."""

from __future__ import annotations

import ast
import math

import numpy as np
import pytest

import qrt_async as qrt
from tests.documents import ROOT
from tests.journeys.chance import TOGETHER, Trials, divergence_bound

SHOTS = 100
POINTS = 50
OUTCOMES = ["00", "01", "10", "11"]


def circuit_of_the_example() -> str:
    tree = ast.parse((ROOT / "examples" / "sweep.py").read_text("utf-8"))
    (found,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CIRCUIT"
    ]
    return str(found)


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_a_landscape_is_what_theory_says() -> None:
    angles = np.linspace(0.0, 2.0 * math.pi, POINTS)
    sweep = qrt.Sweep(circuit_of_the_example(), {"theta": angles, "phi": angles}, shots=SHOTS)
    async with qrt.RuntimeService(channel="local") as service, qrt.Submitter(service) as submitter:
        run = submitter.sweep(sweep, backend="emulator_ideal", name="landscape")
        await run
        data = run.to_xarray()
    assert data.sizes == {"theta": POINTS, "phi": POINTS, "bitstring": 4}
    trials = Trials()
    for theta in angles:
        for phi in angles:
            equal = math.cos((theta - phi) / 2.0) ** 2
            seen = data.counts.sel(theta=theta, phi=phi).sel(bitstring=OUTCOMES).values.astype(int).tolist()
            assert sum(seen) == SHOTS
            theory = [equal / 2.0, (1.0 - equal) / 2.0, (1.0 - equal) / 2.0, equal / 2.0]
            trials.counted(
                dict(enumerate(seen)), dict(enumerate(theory)), f"theta={theta:.3f}, phi={phi:.3f}"
            )
    trials.judge("the landscape of the example", least=5 * POINTS**2)
    # Among equal bits, and among unequal ones, both outcomes are as likely everywhere: these are pooled.
    for pair in (["00", "11"], ["01", "10"]):
        pooled = [int(data.counts.sel(bitstring=each).sum()) for each in pair]
        assert divergence_bound(pooled, [0.5, 0.5]) > TOGETHER
    assert abs(chi_squared(data, angles)) < 6.0


def chi_squared(data: object, angles: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """All points pooled, by how many standard deviations it is off: equal against unequal bits, where either is
    expected five times or more."""
    counts = data.counts  # type: ignore[attr-defined] # a dataset's
    equal = np.cos((angles[:, None] - angles[None, :]) / 2.0) ** 2
    seen = counts.sel(bitstring=["00", "11"]).sum("bitstring").values
    fair = (SHOTS * equal >= 5.0) & (SHOTS * (1.0 - equal) >= 5.0)
    mean, spread = SHOTS * equal[fair], SHOTS * (equal * (1.0 - equal))[fair]
    square = float(((seen[fair] - mean) ** 2 / spread).sum())
    return (square - len(mean)) / math.sqrt(2.0 * len(mean))
