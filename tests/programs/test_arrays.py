from __future__ import annotations

import base64
import tracemalloc
import zlib
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import LIMITS, finish, npy_in_pieces, npy_text, tensor_in_pieces

DTYPES = [
    "f8",
    "f4",
    "f2",
    "c16",
    "c8",
    "i1",
    "i2",
    "i4",
    "i8",
    "u1",
    "u2",
    "u4",
    "u8",
    "?",
    ">f8",
    ">i2",
    "U3",
    "S2",
    "M8[us]",
]
some_arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: arrays.arrays(
        np.dtype(dtype), arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
    )
)


def read(text: str) -> Any:
    return finish(npy_in_pieces(text))


def npy(header: bytes, data: bytes = b"") -> str:
    """A payload with a header of one's own."""
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    whole = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data
    return base64.b64encode(zlib.compress(whole)).decode()


@given(some_arrays, st.booleans())
def test_what_numpy_saves_is_read_back_bit_by_bit(array: Any, fortran: bool) -> None:
    array = np.asfortranarray(array) if fortran else array
    got = read(npy_text(array))
    assert got.dtype == array.dtype
    assert got.shape == array.shape
    assert got.tobytes() == array.tobytes()


def test_the_sample_of_the_documentation_is_two_floats() -> None:
    text = (
        "eJyb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC"
        "+RpGOpo6CrUKFAAuBjB4YA+hP9gDABc9Has="
    )
    assert read(text).tolist() == [0.5, 1.0]


def test_a_long_array_is_read_in_short_steps() -> None:
    array = np.random.default_rng(1).integers(0, 256, 1_000_000, dtype=np.uint8)
    text = npy_text(array)
    steps = sum(1 for _ in npy_in_pieces(text))
    assert steps >= len(text) // LIMITS.piece
    zeros = sum(1 for _ in npy_in_pieces(npy_text(np.zeros(1_000_000, dtype=np.uint8))))
    assert zeros >= 1_000_000 // LIMITS.piece


HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"


def test_keys_may_come_in_any_order_and_spacing() -> None:
    data = np.array([0.5, 1.0]).tobytes()
    assert read(npy(HEADER, data)).tolist() == [0.5, 1.0]
    assert read(npy(b"{'shape':(2,),'descr':'<f8','fortran_order':False}", data)).tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{}",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
        b"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (2.0,), }",
        b"{'descr': '<f8', 'fortran_order': 0, 'shape': (2,), }",
        b"{'descr': '<f8', 'descr': '<f8', 'shape': (2,), }",
        b"{'descr': '<f9', 'fortran_order': False, 'shape': (2,), }",
        b"{'descr': '<M8[zz]', 'fortran_order': False, 'shape': (2,), }",
        b"__import__('os').getpid()",
        HEADER + b" + 1",
    ],
)
def test_any_other_header_is_refused(header: bytes) -> None:
    with pytest.raises(ResultError):
        read(npy(header, bytes(16)))


@pytest.mark.parametrize("size", [0, 8, 15, 17, 24])
def test_the_declared_shape_must_be_the_shape_of_the_bytes(size: int) -> None:
    with pytest.raises(ResultError, match=r"fewer|more"):
        read(npy(HEADER, bytes(size)))


def test_a_size_that_could_not_be_there_is_refused_before_it_is_allocated() -> None:
    tracemalloc.start()
    with pytest.raises(ResultError, match="declared"):
        read(npy(b"{'descr': '|u1', 'fortran_order': False, 'shape': (900000000,), }", bytes(100)))
    with pytest.raises(ResultError, match="ceiling"):
        read(npy(b"{'descr': '<f8', 'fortran_order': False, 'shape': (900000000,), }"))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_bomb_inflates_no_further_than_its_header_says() -> None:
    bomb = npy(HEADER, bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(ResultError, match="more bytes"):
        read(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_ceilings_can_be_lowered() -> None:
    low = msgspec.structs.replace(LIMITS, array_bytes=100)
    with pytest.raises(ResultError, match="ceiling is 100"):
        finish(npy_in_pieces(npy_text(np.zeros(13)), low))


def test_text_that_is_no_text_is_refused() -> None:
    bad = npy(b"{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", b"\xff\xff\xff\xff")
    with pytest.raises(ResultError, match="character"):
        read(bad)


@settings(max_examples=300)
@given(st.data())
def test_damaged_payloads_are_an_array_or_an_error(data: st.DataObject) -> None:
    text = bytearray(npy_text(np.arange(50).reshape(5, 10)).encode())
    at = data.draw(st.integers(0, len(text) - 1))
    cut = data.draw(st.booleans())
    damaged = text[:at] if cut else text[:at] + bytes([data.draw(st.integers(33, 126))]) + text[at + 1 :]
    try:
        got = read(damaged.decode())
    except ResultError:
        return
    assert got.nbytes <= len(damaged) * 1100


@given(
    arrays.arrays(np.bool_, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)),
    st.booleans(),
)
def test_tensors_of_bools_are_packed_low_bit_first(array: Any, compressed: bool) -> None:
    data = np.packbits(array.reshape(-1), bitorder="little").tobytes()
    text = base64.b64encode(zlib.compress(data) if compressed else data).decode()
    got = finish(tensor_in_pieces(text, array.shape, "bool", compressed))
    assert got.dtype == np.bool_
    assert (got == array).all()
    assert got.shape == array.shape


def test_the_tensors_of_the_documentation_are_the_same_bits() -> None:
    zipped = finish(tensor_in_pieces("eJyzAQAAPQA9", (4, 2), "bool", True))
    bare = finish(tensor_in_pieces("PA==", (4, 2), "bool", False))
    assert zipped.tolist() == bare.tolist() == [[False, False], [True, True], [True, True], [False, False]]


@pytest.mark.parametrize(
    ("dtype", "name"), [("f64", "<f8"), ("c128", "<c16"), ("u8", "|u1"), ("i16", "<i2"), ("f16", "<f2")]
)
def test_tensors_of_numbers_are_little_endian(dtype: str, name: str) -> None:
    array = np.arange(6).astype(name).reshape(2, 3)
    text = base64.b64encode(array.tobytes()).decode()
    got = finish(tensor_in_pieces(text, (2, 3), dtype, False))
    assert got.dtype == array.dtype
    assert got.tolist() == array.tolist()


@pytest.mark.parametrize(
    ("data", "shape", "dtype"),
    [
        ("PA==", (4, 3), "bool"),
        ("PA==", (1,), "f64"),
        ("PA==", (2, 1), "u8"),
        ("P!==", (1,), "u8"),
        ("PA==", (1,), "o8"),
        ("PA==", (10**9,), "f64"),
        ("PA==", (1,) * 40, "u8"),
    ],
)
def test_tensors_whose_bytes_do_not_fit_are_refused(data: str, shape: tuple[int, ...], dtype: str) -> None:
    with pytest.raises(ResultError):
        finish(tensor_in_pieces(data, shape, dtype, False))
