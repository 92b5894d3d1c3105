from __future__ import annotations

import json
import zlib
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.api import pieces


@pytest.fixture(autouse=True, scope="module")
def small_pieces() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE", 24)
        patch.setattr(pieces, "NUMBERS", 4)
        yield


def read(value: Any) -> Any:
    return json.loads(pieces.document(value))


@given(st.text(max_size=200))
def test_a_text_in_pieces_is_the_text(value: str) -> None:
    assert read([pieces.text(value)]) == [value]


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_base64_of_parts_is_that_of_all_of_them(parts: list[bytes]) -> None:
    assert b64decode(read(pieces.base64(parts)), validate=True) == b"".join(parts)


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_deflated_parts_inflate_to_all_of_them(parts: list[bytes]) -> None:
    assert zlib.decompress(b"".join(pieces.deflated(parts))) == b"".join(parts)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.booleans())
def test_numbers_in_pieces_are_the_numbers(shape: list[int], as_array: bool) -> None:
    array = np.arange(np.prod(shape)).reshape(shape) / 7
    given_as = array if as_array else array.tolist()
    found = pieces.numbers(given_as, array.size)
    assert read([found, found]) == [array.tolist()] * 2
    if isinstance(found, pieces.Long):
        assert max(map(len, found.parts)) < 4 * 25


def test_what_is_short_stays_as_it_is() -> None:
    assert pieces.text("short") == "short"
    assert pieces.numbers(np.array([0.5]), 1) == [0.5]
    assert pieces.document({"a": [1, None]}) == b'{"a":[1,null]}'


def test_long_values_stand_where_they_belong_among_others() -> None:
    long = pieces.text("x" * 100)
    assert isinstance(long, pieces.Long)
    value = {"a": [long, 1, {"b": long}], "c": pieces.Long.of(b'{"d":[1,2,3,4,5,6,7,8,9,10]}'), "e": 1j}
    assert json.loads(pieces.document(value, lambda number: [number.real, number.imag])) == {
        "a": ["x" * 100, 1, {"b": "x" * 100}],
        "c": {"d": list(range(1, 11))},
        "e": [0.0, 1.0],
    }


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(TypeError, match="object"):
        pieces.document(object())
