from __future__ import annotations

import numpy as np

from qrt_async.programs.packing import matching, pack_flags, pack_samples, pick_bits, without_excess


def test_flags_are_packed_highest_first_and_filled_up_on_the_left() -> None:
    assert pack_flags(np.array([[True, False, True]])).tolist() == [[0b101]]
    assert pack_flags(np.array([[True] + [False] * 8])).tolist() == [[1, 0]]


def test_samples_choose_the_width_of_the_widest() -> None:
    rows, width = pack_samples([0, 511], None)
    assert width == 9
    assert rows.tolist() == [[0, 0], [1, 255]]
    assert pack_samples([0], None)[1] == 1


def test_picked_bits_stand_in_the_order_named() -> None:
    assert pick_bits(np.array([[0b0110]], dtype=np.uint8), [1, 0]).tolist() == [[0b01]]
    assert pick_bits(np.array([[0b0110]], dtype=np.uint8), [0, 1]).tolist() == [[0b10]]


def test_rows_match_by_the_bits_wanted() -> None:
    rows = np.array([[0b01], [0b10], [0b11]], dtype=np.uint8)
    assert matching(rows, [0], [1]).tolist() == [[0b01], [0b11]]
    assert matching(rows, [0, 1], [1, 1]).tolist() == [[0b11]]
    assert matching(rows, [0, 0], [1, 0]).tolist() == []
    assert matching(rows, [], []).tolist() == rows.tolist()


def test_clean_bits_are_not_copied() -> None:
    clean = np.array([[0b0111]], dtype=np.uint8)
    assert without_excess(clean, 3) is clean
    assert without_excess(clean, 2).tolist() == [[0b11]]
    assert clean.tolist() == [[0b0111]]
