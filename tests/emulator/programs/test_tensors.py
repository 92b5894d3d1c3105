from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
import pytest

from qrt_async.emulator.failure import BAD_INPUT, ProgramFailed
from qrt_async.emulator.programs.tensors import DTYPES, read_tensor, write_tensor


def test_bits_are_packed_with_the_first_one_lowest() -> None:
    bits = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.bool_)
    assert write_tensor(bits, compressed=False) == {"data": "PA==", "shape": [4, 2], "dtype": "bool"}
    assert zlib.decompress(base64.b64decode(write_tensor(bits, compressed=True)["data"])) == b"\x3c"


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", [*DTYPES.values(), "bool"])
@pytest.mark.parametrize("shape", [(), (0,), (3, 5), (2, 0, 3)])
def test_every_array_comes_back_as_it_was(shape: tuple[int, ...], dtype: str, compressed: bool) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    again = read_tensor(write_tensor(array, compressed=compressed), compressed=compressed)
    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again, array)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"data": "AAAA", "shape": [1], "dtype": "f64"},
        {"data": "AAAA", "shape": [1], "dtype": "bool"},
        {"data": "AAAA", "shape": [-1], "dtype": "u8"},
        {"data": "AAAA", "shape": [3], "dtype": "u9"},
        {"data": "AAAA", "shape": 3, "dtype": "u8"},
        {"data": "!", "shape": [3], "dtype": "u8"},
        {"data": None, "shape": [3], "dtype": "u8"},
    ],
)
def test_what_is_no_tensor_is_a_failed_program(given: dict[str, Any]) -> None:
    with pytest.raises(ProgramFailed, match="tensor") as caught:
        read_tensor(given, compressed=False)
    assert caught.value.code == BAD_INPUT


def test_cut_off_data_is_a_failed_program() -> None:
    given = write_tensor(np.arange(100.0), compressed=True)
    with pytest.raises(ProgramFailed):
        read_tensor(given | {"data": given["data"][:40]}, compressed=True)
