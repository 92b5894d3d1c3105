from __future__ import annotations

import sys
import tracemalloc
from collections import Counter
from typing import Any

import numpy as np
import pytest

from qrt_async.programs import dictionary
from qrt_async.programs import tally as module
from qrt_async.programs.arrays import finish
from qrt_async.programs.tally import bitstrings, count, integers, tally_in_pieces


def tally(rows: Any) -> Any:
    return finish(tally_in_pieces(rows)) or module._tally(rows)


def rows_of(width: int, count: int = 500, distinct: int = 20) -> Any:
    rng = np.random.default_rng(width)
    return rng.integers(0, 256, (distinct, width), dtype=np.uint8)[rng.integers(0, distinct, count)]


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8, 9, 16, 20])
def test_rows_are_counted_in_ascending_order(width: int) -> None:
    rows = rows_of(width)
    values, counts = np.unique(rows, axis=0, return_counts=True)
    got, times = tally(rows)
    assert np.array_equal(got, values)
    assert times.tolist() == counts.tolist()


def test_rows_whose_mixed_words_collide_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MIX", np.zeros(3, dtype=np.uint64))  # every row mixes to zero
    rows = rows_of(16)
    values, counts = np.unique(rows, axis=0, return_counts=True)
    got, times = tally(rows)
    assert np.array_equal(got, values)
    assert times.tolist() == counts.tolist()


def test_counting_leaves_its_argument_alone() -> None:
    for width in (2, 8, 16):
        rows = rows_of(width)
        before = rows.copy()
        tally(rows)
        assert np.array_equal(rows, before)


def test_spelling_in_blocks_misses_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(2, count=10)
    whole = bitstrings(rows, 13)
    monkeypatch.setattr(module, "_BLOCK", 3)
    assert bitstrings(rows, 13) == whole
    assert integers(rows_of(12, count=3)) == [
        int.from_bytes(row.tobytes(), "big") for row in rows_of(12, count=3)
    ]


@pytest.mark.parametrize("width", [1, 2, 3, 4, 7, 8, 9, 16, 20])
@pytest.mark.parametrize("distinct", [1, 5, 200])
@pytest.mark.parametrize("step", [16, 1 << 15])
def test_blocks_are_merged_exactly(
    width: int, distinct: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SORTED", 64)
    monkeypatch.setattr(module, "_STEP", step)
    rows = rows_of(width, count=1000, distinct=distinct)
    values, counts = np.unique(rows, axis=0, return_counts=True)
    got, times = tally(rows)
    assert np.array_equal(got, values)
    assert times.tolist() == counts.tolist()
    ahead = finish(tally_in_pieces(rows))
    assert (ahead is None) == (distinct == 200 and width > 2), "only what repeats is worth counting ahead"


@pytest.mark.parametrize(("distinct", "steps"), [(5, 40), (30_000, 10)])
def test_a_step_is_short_where_outcomes_repeat(distinct: int, steps: int) -> None:
    """Of ten blocks. Where hardly any do, bringing short steps together would be a long one."""
    pieces = tally_in_pieces(rows_of(2, count=10 << 17, distinct=distinct))
    assert sum(1 for _ in pieces) in range(steps, steps + 11)


def test_blocks_whose_mixed_words_collide_are_merged_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MIX", np.zeros(3, dtype=np.uint64))
    monkeypatch.setattr(module, "_SORTED", 200)
    rows = rows_of(16, count=1000)
    values, counts = np.unique(rows, axis=0, return_counts=True)
    ahead = finish(tally_in_pieces(rows))
    assert ahead is not None
    assert np.array_equal(ahead[0], values)
    assert ahead[1].tolist() == counts.tolist()


def test_no_rows_and_no_bits_are_counted_too() -> None:
    for rows in (np.empty((0, 2), dtype=np.uint8), np.empty((3, 0), dtype=np.uint8)):
        ahead = finish(tally_in_pieces(rows))
        assert ahead is not None
        assert ahead[1].sum() == len(rows)


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8, 9, 16])
@pytest.mark.parametrize("distinct", [3, 300, 900])
def test_rows_are_counted_the_same_in_whichever_way(
    width: int, distinct: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SORTED", 64)
    monkeypatch.setattr(module, "_PROBED", 50)
    monkeypatch.setattr(module, "_BLOCK", 100)
    for file in (module, dictionary):
        monkeypatch.setattr(file, "SPELLED", 7)
    monkeypatch.setattr(dictionary, "_LARGE", 16)
    rows = rows_of(width, count=1000, distinct=distinct)
    assert count(rows, integers) == Counter(integers(rows))
    assert count(rows, lambda rows: bitstrings(rows, 8 * width)) == Counter(bitstrings(rows, 8 * width))


def test_an_outcome_that_fills_many_blocks_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SORTED", 64)
    monkeypatch.setattr(module, "SPELLED", 7)
    for width in (3, 12):
        rows = [rows_of(width, count=100, distinct=90), np.full((500, width), 9, dtype=np.uint8)]
        assert count(np.concatenate(rows), integers) == Counter(integers(np.concatenate(rows)))


def numbered(size: int, width: int = 4) -> Any:
    """So many different rows, in ascending order."""
    rows = np.zeros((size, width), dtype=np.uint8)
    rows[:, -4:] = np.arange(size, dtype=">u4").view(np.uint8).reshape(size, 4)
    return rows


@pytest.mark.parametrize("width", [4, 12])
@pytest.mark.parametrize("size", [131_072, 131_073, 174_600, 174_763, 200_000, 349_525, 349_526])
def test_a_dictionary_that_grew_early_is_no_larger_and_holds_the_same(size: int, width: int) -> None:
    found = count(numbered(size, width), integers)
    assert list(found) == list(range(size))
    assert set(found.values()) == {1}
    if size != 349_525:  # the fullest of tables has no entries to spend
        assert sys.getsizeof(found) == sys.getsizeof(dict.fromkeys(range(size), 1))


@pytest.mark.parametrize("width", [4, 12])
def test_counting_takes_little_memory_beside_the_dictionary_that_comes_out(width: int) -> None:
    size = 180_000  # a little more than the last table but one can hold
    rows = numbered(size, width)[np.random.default_rng(1).permutation(size)]
    tracemalloc.start()
    try:
        found = count(rows, lambda rows: bitstrings(rows, 20))
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == size
    assert peak - held < 8 * size, "a sorted copy, and the texts of a block"


def test_outcomes_that_come_again_after_the_dictionary_grew_are_counted_on() -> None:
    rows = numbered(180_000, 12)
    again = np.concatenate([rows, rows[::3], rows[-5:]])
    assert count(again, integers) == Counter(integers(again))
