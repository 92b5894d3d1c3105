from __future__ import annotations

import pickle

import numpy as np
import pytest

from qrt_async.programs.arrays import finish
from qrt_async.programs.bits import BitArray


def bits(distinct: int, num_bits: int = 20) -> BitArray:
    rng = np.random.default_rng(distinct)
    outcomes = rng.integers(0, 256, (distinct, -(-num_bits // 8)), dtype=np.uint8)
    return BitArray(outcomes[rng.integers(0, distinct, (2, 300_000))], num_bits)


@pytest.mark.parametrize("num_bits", [20, 100])
def test_what_was_counted_ahead_is_what_is_counted_otherwise(num_bits: int) -> None:
    ahead, plain = bits(50, num_bits), bits(50, num_bits)
    assert sum(1 for _ in ahead.count_in_pieces()) > 4
    assert ahead.get_counts() == plain.get_counts()
    assert ahead.get_int_counts() == plain.get_int_counts()
    assert ahead.get_counts(1) == plain.get_counts(1)
    assert pickle.loads(pickle.dumps(ahead)).get_counts() == plain.get_counts()  # noqa: S301 # our own


def test_what_was_counted_ahead_can_no_longer_be_changed() -> None:
    ahead = bits(50)
    finish(ahead.count_in_pieces())
    with pytest.raises(ValueError, match="read-only"):
        ahead.array[0] = 0


def test_outcomes_that_hardly_repeat_are_left_alone() -> None:
    spread = bits(1_000_000)
    assert sum(1 for _ in spread.count_in_pieces()) == 0
    spread.array[0] = 0
    assert sum(spread.get_counts().values()) == 600_000
