from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from msgspec import Raw

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import finish, typed_array
from qrt_async.programs.bits import BitArray
from qrt_async.programs.fields import field_in_pieces
from qrt_async.programs.results import TREE

ROWS = np.array([[1], [2], [2]], dtype=np.uint8)


def read(node: Any) -> Any:
    text = node if isinstance(node, bytes) else json.dumps(node).encode()
    return finish(field_in_pieces(Raw(text), TREE.revive))


def bits(array: Any, num_bits: Any = 2) -> dict[str, Any]:
    return {"__type__": "BitArray", "__value__": {"array": array, "num_bits": num_bits}}


def test_bits_and_numbers_are_read_from_their_text() -> None:
    assert read(bits(typed_array(ROWS))) == BitArray(ROWS, 2)
    assert read(typed_array(np.arange(3.0))).tolist() == [0, 1, 2]


def test_in_whatever_order_and_spacing_they_are_written() -> None:
    backwards = {
        "__value__": {"num_bits": 2, "array": dict(reversed(typed_array(ROWS).items()))},
        "__type__": "BitArray",
    }
    assert read(json.dumps(backwards, indent=2).encode()) == BitArray(ROWS, 2)


def test_escapes_are_undone() -> None:
    array = np.random.default_rng(1).integers(0, 256, 500, dtype=np.uint8)
    text = json.dumps(typed_array(array))
    assert "/" in text
    assert read(text.replace("/", "\\/").encode()).tolist() == array.tolist()


def test_whatever_else_is_there_is_revived() -> None:
    assert read({"__type__": "ndarray", "__value__": [[1, 2], [3, 4]]}).shape == (2, 2)
    assert read({"__type__": "ndarray", "__value__": "linear"}) == "linear"
    assert read({"__type__": "complex", "__value__": [1, 2]}) == 1 + 2j
    assert read({"__type__": "Later", "__value__": [1]}) == {"__type__": "Later", "__value__": [1]}
    assert read(3) == 3


@pytest.mark.parametrize("num_bits", ["2", -1, None])
def test_a_width_that_is_none_is_an_error(num_bits: Any) -> None:
    with pytest.raises(ResultError, match="bits"):
        read(bits(typed_array(ROWS), num_bits))


def test_damaged_data_are_an_error() -> None:
    text = json.dumps(typed_array(np.arange(100.0))).encode()
    for damaged in (text.replace(b"A", b"!"), text.replace(b"A", b"\\u0041"), text[:-60] + text[-2:]):
        if damaged.count(b"u0041"):
            assert read(damaged).tolist() == list(range(100))
        else:
            with pytest.raises(ResultError):
                read(damaged)
