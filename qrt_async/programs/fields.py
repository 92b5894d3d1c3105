"""One field of a typed primitive result, from its text: bits, numbers, or whatever else the service put there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import Steps, Text, npy_in_pieces
from qrt_async.programs.bits import BitArray
from qrt_async.programs.typed import Revive, unpack

T = TypeVar("T")

_ESCAPE = re.compile(rb"\\")
_SHORTEST = 40
"""Characters of the shortest array; the service also types a few words so (see ``typed``)."""


class _Array(Struct):
    kind: Literal["ndarray"] = field(name="__type__")
    value: Raw = field(name="__value__")


class _Packed(Struct):
    array: _Array
    num_bits: Any


class _Bits(Struct):
    kind: Literal["BitArray"] = field(name="__type__")
    value: _Packed = field(name="__value__")


def field_in_pieces(text: Raw, revive: Revive) -> Steps[Any]:
    """The field that this text holds. ``revive`` makes objects of data."""
    yield 0
    bits = _read(text, _Bits)
    array = bits.value.array if bits is not None else _read(text, _Array)
    packed = None if array is None else _packed(array.value)
    yield 0
    if packed is None:
        tree = yield from unpack(msgspec.json.decode(text))
        return revive(tree)
    found = yield from as_it_came(packed, npy_in_pieces)
    return found if bits is None else bit_array(found, bits.value.num_bits)


def as_it_came(text: memoryview, read: Callable[[Text], Steps[T]]) -> Steps[T]:
    """What ``read`` makes of a JSON string, without a copy unless escapes in it are in the way."""
    try:
        found = yield from read(text[1:-1])
    except ResultError:
        if not _ESCAPE.search(text):
            raise
        found = yield from read(msgspec.json.decode(text, type=str))
    return found


def bit_array(array: Any, num_bits: Any) -> BitArray:
    if not isinstance(num_bits, int) or num_bits < 0:
        raise ResultError(f"A BitArray declares {num_bits!r} bits.")
    return BitArray(array, num_bits)


def _packed(value: Raw) -> memoryview | None:
    """The JSON string of a packed array, unless what stands there is a list, or a word."""
    text = memoryview(value)
    return text if text[0] == ord('"') and len(text) >= _SHORTEST else None


def _read(text: Raw, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        return None
