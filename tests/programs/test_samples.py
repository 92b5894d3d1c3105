from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import Limits, finish
from qrt_async.programs.bits import BitArray
from qrt_async.programs.samples import rows_in_pieces


@given(
    st.integers(1, 90).flatmap(lambda bits: st.tuples(st.just(bits), st.lists(st.integers(0, 2**bits - 1)))),
    st.booleans(),
)
def test_hex_strings_are_the_rows_that_qiskit_packs(drawn: tuple[int, list[int]], upper: bool) -> None:
    num_bits, values = drawn
    texts = [f"0x{value:X}" if upper else hex(value) for value in values]
    for separators in ((",", ":"), (", ", ":"), (" ,\n", ":")):
        rows = finish(rows_in_pieces(json.dumps(texts, separators=separators).encode(), num_bits))
        assert rows.shape == (len(values), -(-num_bits // 8))
        if values:
            assert np.array_equal(rows, BitArray.from_samples(values, num_bits).array)


def test_leading_zeros_are_fine_while_they_fit() -> None:
    assert finish(rows_in_pieces(b'["0x00","0x01"]', 2)).tolist() == [[0], [1]]


@pytest.mark.parametrize(
    "text",
    [
        *(b'["0x4"]', b'["0x001"]', b'["1"]', b'["0b1"]', b'["0x"]', b'[""]', b'["0x-"]', b'["0x\\u0031"]'),
        *(
            b'["0x1",2]',
            b"[1]",
            b'["0x1",null,"0x1"]',
            b'["0x1",["0x1"]]',
            b'["0x1","0x 1"]',
            b'[["0x1"],null]',
        ),
        *(
            b'[["0x1"],["0x1","0x2"]]',
            b'[["0x1"],"0x1",["0x1"]]',
            b'[[["0x1"]],["0x1"]]',
            b'[["0x1"],[]]',
            b"[[],[[]]]",
        ),
    ],
)
def test_anything_else_is_an_error(text: bytes) -> None:
    with pytest.raises(ResultError):
        finish(rows_in_pieces(text, 2))


def test_a_register_too_wide_is_refused_before_it_is_allocated() -> None:
    with pytest.raises(ResultError, match="beyond"):
        finish(rows_in_pieces(b'["0x1"]', 10**12))


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(0, 5), st.integers(1, 20), st.booleans()
)
def test_lists_in_lists_are_the_shape(points: list[int], shots: int, num_bits: int, spaced: bool) -> None:
    values = np.random.default_rng(num_bits).integers(0, 2**num_bits, (*points, shots))
    texts = np.vectorize(hex, otypes=[object])(values).tolist()
    rows = finish(rows_in_pieces(json.dumps(texts, indent=1 if spaced else None).encode(), num_bits))
    assert rows.shape == (*points, shots, -(-num_bits // 8))
    assert (
        BitArray(rows, num_bits).to_bool_array("little").dot(1 << np.arange(num_bits)).tolist()
        == values.tolist()
    )


def test_a_shape_is_found_across_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps([[[hex(shot) for shot in range(7)]] * 3] * 5).encode()
    whole = finish(rows_in_pieces(text, 4))
    monkeypatch.setattr("qrt_async.programs.samples.LIMITS", Limits(piece=16))
    assert np.array_equal(finish(rows_in_pieces(text, 4)), whole)
    assert whole.shape == (5, 3, 7, 1)
