"""Readings before they are classified: for each shot and bit a point in the plane of the readout signal.

Points scatter around +1 for a 0 and -1 for a 1. Their side is the bit: points that are classified by the sign of
their real part give the very shots that a classified run with the same seed gives.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

Level = Literal["classified", "kerneled", "avg_kerneled"]
Bits = np.ndarray[Any, np.dtype[Any]]
Points = np.ndarray[Any, np.dtype[np.complex128]]

SPREAD = 0.3
STREAM = 1
"""Points are drawn beside the shots, so that they change nothing about them."""


def points(bits: Bits, seed: int) -> Points:
    """A point for each bit: the same shape. The same seed gives the same points."""
    chance = np.random.default_rng([seed, STREAM])
    along, across = SPREAD * chance.standard_normal((2, *bits.shape))
    sides = 1.0 - 2.0 * bits
    found: Points = sides * np.abs(1.0 + along) + 1j * across
    return found
