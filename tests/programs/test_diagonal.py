from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qrt_async.errors import InvalidInput
from qrt_async.programs.diagonal import expectations
from qrt_async.programs.observables import DIAGONAL, Observables

SHOTS = np.array([[0b00], [0b01], [0b01], [0b11]], dtype=np.uint8)


@pytest.mark.parametrize(
    ("observable", "mean"),
    [("II", 1.0), ("IZ", -0.5), ("ZI", 0.5), ("ZZ", 0.0), ("I0", 0.25), ("I1", 0.75), ("01", 0.5), ("Z1", 0.25),
     ({"IZ": 2.0, "II": -1.0}, -2.0)],
)  # fmt: skip
def test_means_over_the_shots(observable: Any, mean: float) -> None:
    got = expectations(SHOTS, Observables.read(observable, DIAGONAL))
    assert got.shape == ()
    assert got == pytest.approx(mean)


def test_labels_wider_than_a_byte_reach_the_right_bits() -> None:
    shots = np.array([[0b10, 0b1]], dtype=np.uint8)  # bits 9 and 0
    labels = ["Z" + "I" * 9, "I" * 9 + "Z", "I" * 8 + "ZI", "1" + "I" * 9]
    assert expectations(shots, Observables.read(labels, DIAGONAL)).tolist() == [-1, -1, 1, 1]


def test_points_and_observables_must_broadcast() -> None:
    with pytest.raises(InvalidInput, match="do not broadcast"):
        expectations(np.stack([SHOTS, SHOTS]), Observables.read(["ZZ", "ZI", "IZ"], DIAGONAL))
