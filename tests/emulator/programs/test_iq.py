from __future__ import annotations

import numpy as np

from qrt_async.emulator.programs.iq import SPREAD, points


def test_points_scatter_around_one_place_a_bit_on_either_side() -> None:
    bits = np.arange(40_000).reshape(20_000, 2) % 2
    found = points(bits, 5)
    assert np.array_equal(found.real < 0.0, bits == 1)
    for bit, side in ((0, 1.0), (1, -1.0)):
        own = found[bits == bit]
        assert abs(own.mean() - side) < 6 * SPREAD * np.sqrt(2 / own.size) + 1e-3
        assert abs(own.imag.std() / SPREAD - 1.0) < 0.05


def test_the_same_seed_gives_the_same_points_and_another_one_others() -> None:
    bits = np.zeros((10, 3), np.uint8)
    assert np.array_equal(points(bits, 2**127), points(bits, 2**127))
    assert not np.array_equal(points(bits, 1), points(bits, 2))
