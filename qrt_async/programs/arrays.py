"""Arrays on the wire: ``.npy`` payloads and tensors, read within stated bounds.

Nothing here unpickles, evaluates or trusts a declared size. The ``.npy`` header is read by a grammar of
our own: NumPy's goes through ``ast.literal_eval``, which has raised ``SystemError`` in threads on
Python 3.11 (CPython issue 106905). Long payloads are read in pieces, so that a caller may let its event
loop breathe between them.
"""

from __future__ import annotations

import io
import math
import re
import zlib
from base64 import b64encode
from collections.abc import Generator
from typing import Any, TypeAlias, TypeVar

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from qrt_async.errors import ResultError

T = TypeVar("T")
Steps = Generator[int, None, T]
"""Work in pieces: each step is short, the return value is the outcome. What is yielded is how many bytes the next
step takes for an array: mostly none."""

Array = NDArray[Any]


class Limits(Struct, frozen=True):
    """How much a result may make us allocate. Sizes are bytes."""

    array_bytes: int = 1 << 30
    """One array after inflation: 10 million shots of 100 bits are 130 MB."""
    result_bytes: int = 1 << 31
    """All arrays of a result together, where they are read ahead, as those of a job are."""
    dimensions: int = 32
    header_bytes: int = 4096
    piece: int = 64 * 1024
    """What is decoded in one step."""


LIMITS = Limits()

# zlib cannot shrink more than this (https://zlib.net/zlib_tech.html); so a short text cannot declare a large array.
_DEFLATE_RATIO = 1032

_PAIR = rb"'descr':\s*'[^']{2,24}'|'fortran_order':\s*(?:True|False)|'shape':\s*\([0-9, ]{0,400}\)"
_HEADER = re.compile(rb"\{\s*(?:(?:" + _PAIR + rb")\s*(?:,\s*|(?=\}))){3}\}\s*")
_DESCR = re.compile(
    rb"'descr':\s*'([<>|=]?)(b1|[iu][1248]|f[248]|c8|c16|[SU][1-9]\d{0,5}|[mM]8\[[a-z]{1,2}\])'"
)
_ORDER = re.compile(rb"'fortran_order':\s*(True|False)")
_SHAPE = re.compile(rb"'shape':\s*\(([0-9, ]*)\)")

_TENSOR_TYPES = {
    "f16": "<f2", "f32": "<f4", "f64": "<f8", "bool": "|b1", "c64": "<c8", "c128": "<c16",
    "i8": "|i1", "i16": "<i2", "i32": "<i4", "i64": "<i8", "u8": "|u1", "u16": "<u2", "u32": "<u4", "u64": "<u8",
}  # fmt: skip


class _Layout(Struct, frozen=True):
    dtype: Any
    shape: tuple[int, ...]
    fortran: bool
    start: int

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * int(self.dtype.itemsize)


def finish(steps: Steps[T]) -> T:
    """Do all the steps at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return] # StopIteration is not generic


Text: TypeAlias = str | memoryview
"""ASCII, as text or as the bytes that it arrived in."""


def bounded(steps: Steps[T], most: int) -> Steps[T]:
    """The same steps, as long as they take no more bytes than this; ``ResultError`` before they would."""
    taken = 0
    while True:
        try:
            taken += next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return] # StopIteration is not generic
        if taken > most:
            raise ResultError(
                f"The arrays of this result take more than {most:,} bytes, which is the most that is read here."
                " A decoder of your own can read them one by one: service.decoders[program_id] = f."
            )
        yield 0


def check_declared(nbytes: int, characters: int) -> None:
    """``ResultError`` for a size that no text of so many characters stands for."""
    if nbytes > (characters + 64) * _DEFLATE_RATIO:
        raise ResultError(f"An array of {nbytes} bytes is declared over {characters} characters of data.")


def npy_in_pieces(text: Text, limits: Limits = LIMITS) -> Steps[Array]:
    """The array in base64(zlib(.npy)). ``ResultError`` when it is damaged, of objects or beyond the limits."""
    zipped, first = zlib.decompressobj(), 2 * limits.header_bytes
    head = _zlib(zipped, _base64(text[:first]), limits.header_bytes)
    layout = _layout(head, limits)
    check_declared(layout.nbytes, len(text))
    yield layout.nbytes
    buffer = np.empty(layout.start + layout.nbytes, dtype=np.uint8)
    filled = _put(head, buffer.data, 0)
    filled = yield from _inflate_rest(zipped, zipped.unconsumed_tail, buffer.data, filled, limits)
    yield from _inflate(zipped, text[first:], buffer.data, filled, limits)
    return _shaped(buffer[layout.start :], layout)


def tensor_in_pieces(data: Text, shape: tuple[int, ...], dtype: str, compressed: bool) -> Steps[Array]:
    """An executor tensor: little-endian, C order, bools packed eight a byte with the first bit lowest."""
    if dtype not in _TENSOR_TYPES:
        raise ResultError(f"Tensors of dtype {dtype!r} are not known; known are {', '.join(_TENSOR_TYPES)}.")
    layout = _Layout(np.dtype(_TENSOR_TYPES[dtype]), _checked_shape(shape, LIMITS), False, 0)
    size = -(-math.prod(shape) // 8) if dtype == "bool" else layout.nbytes
    check_declared(size, len(data))
    if layout.nbytes > LIMITS.array_bytes:
        raise ResultError(
            f"A tensor of {layout.nbytes} bytes is declared; the ceiling is {LIMITS.array_bytes}."
        )
    yield layout.nbytes
    buffer = np.empty(size, dtype=np.uint8)
    if compressed:
        yield from _inflate(zlib.decompressobj(), data, buffer.data, 0, LIMITS)
    else:
        yield from _copy(data, buffer.data, LIMITS)
    if dtype == "bool":
        return (yield from _unpacked(buffer, layout))
    return _shaped(buffer, layout)


def _unpacked(packed: Array, layout: _Layout) -> Steps[Array]:
    """Bools out of bits."""
    flags = np.empty(layout.nbytes, dtype=np.bool_)
    for begin in range(0, len(packed), LIMITS.piece // 8):
        into = flags[8 * begin : 8 * begin + LIMITS.piece]
        block = packed[begin : begin + LIMITS.piece // 8]
        into[:] = np.unpackbits(block, bitorder="little", count=len(into))
        yield 0
    return flags.reshape(layout.shape)


def npy_text(array: Array) -> str:
    """What :func:`npy_in_pieces` reads."""
    with io.BytesIO() as out:
        np.lib.format.write_array(out, array, version=(1, 0), allow_pickle=False)
        return b64encode(zlib.compress(out.getbuffer())).decode()


def typed_array(array: Array) -> dict[str, str]:
    """The array as the service's typed JSON (api.md 5.5)."""
    return {"__type__": "ndarray", "__value__": npy_text(array)}


def _layout(head: bytes, limits: Limits) -> _Layout:
    if head[:6] != b"\x93NUMPY" or len(head) < 12:
        raise ResultError("An array does not begin like a .npy file.")
    wide = head[6] != 1
    start = 12 if wide else 10
    end = start + int.from_bytes(head[8:start], "little")
    if head[6] not in (1, 2, 3) or end > len(head) or not _HEADER.fullmatch(head, start, end):
        raise ResultError(
            "The header of an array cannot be read: it must name one type (no structure), an order and a shape."
        )
    kind, order, shape = (part.search(head, start, end) for part in (_DESCR, _ORDER, _SHAPE))
    if not (kind and order and shape):
        raise ResultError(
            "The header of an array names no type that is read here (numbers, bools, text, times)."
        )
    dtype = _dtype((kind[1] + kind[2]).decode())
    sizes = _checked_shape(tuple(int(size) for size in shape[1].split(b",") if size.strip()), limits)
    layout = _Layout(dtype, sizes, order[1] == b"True", end)
    if layout.nbytes > limits.array_bytes:
        raise ResultError(
            f"An array of {layout.nbytes} bytes is declared; the ceiling is {limits.array_bytes}."
        )
    return layout


def _dtype(name: str) -> Any:
    try:
        return np.dtype(name)
    except TypeError:
        raise ResultError(f"Arrays of type {name!r} are not known.") from None


def _checked_shape(shape: tuple[int, ...], limits: Limits) -> tuple[int, ...]:
    if len(shape) > limits.dimensions or any(not 0 <= size <= limits.array_bytes for size in shape):
        raise ResultError(f"An array of shape {str(shape)[:80]} is beyond what is read here.")
    return shape


def _shaped(data: Array, layout: _Layout) -> Array:
    if layout.dtype.kind == "b":
        data = data != 0
    elif layout.dtype.kind == "U" and data.size and data.view(layout.dtype.str[0] + "u4").max() > 0x10FFFF:
        raise ResultError("An array of text holds what is no character.")
    shaped: Array = data.view(layout.dtype).reshape(layout.shape, order="F" if layout.fortran else "C")
    return shaped


def _inflate(zipped: Any, text: Text, into: memoryview, filled: int, limits: Limits) -> Steps[None]:
    for begin in range(0, len(text), limits.piece):
        left = _base64(text[begin : begin + limits.piece])
        filled = yield from _inflate_rest(zipped, left, into, filled, limits)
    if not zipped.eof:
        filled = _put(_zlib(zipped, b"", limits.piece), into, filled)
    if not zipped.eof or filled != len(into):
        raise ResultError("An array holds fewer bytes than its header declares.")


def _inflate_rest(zipped: Any, left: bytes, into: memoryview, filled: int, limits: Limits) -> Steps[int]:
    while left and not zipped.eof:
        piece = _zlib(zipped, left, limits.piece)
        left = zipped.unconsumed_tail
        filled = _put(piece, into, filled)
        yield 0
    return filled


def _copy(text: Text, into: memoryview, limits: Limits) -> Steps[None]:
    filled = 0
    for begin in range(0, len(text), limits.piece):
        filled = _put(_base64(text[begin : begin + limits.piece]), into, filled)
        yield 0
    if filled != len(into):
        raise ResultError("An array holds fewer bytes than its shape declares.")


def _put(piece: bytes, into: memoryview, filled: int) -> int:
    end = filled + len(piece)
    if end > len(into):
        raise ResultError("An array holds more bytes than it declares.")
    into[filled:end] = piece
    return end


def _base64(text: Text) -> bytes:
    try:
        # Several times as fast as the standard library's.
        return msgspec.convert(text if isinstance(text, str) else str(text, "ascii"), bytes)
    except (msgspec.ValidationError, UnicodeDecodeError):
        raise ResultError("The data of an array is not base64.") from None


def _zlib(zipped: Any, data: bytes, most: int) -> bytes:
    try:
        return zipped.decompress(data, most)  # type: ignore[no-any-return] # zlib's object has no public type
    except zlib.error as error:
        raise ResultError(f"The data of an array cannot be inflated: {error}.") from None
