"""Bits into bytes: big-endian, filled up on the left, as Qiskit packs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qrt_async.errors import InvalidInput

Bytes = NDArray[np.uint8]
Counts = Mapping[str, int] | Mapping[int, int]


def pack_flags(flags: NDArray[np.bool_]) -> Bytes:
    """``(..., bits)`` with the highest bit first."""
    padding = [(0, 0)] * (flags.ndim - 1) + [(-flags.shape[-1] % 8, 0)]
    return np.packbits(np.pad(flags, padding), axis=-1)


def pack_samples(samples: Iterable[str] | Iterable[int], num_bits: int | None) -> tuple[Bytes, int]:
    """Rows of integers, hex strings or bitstrings, and their width, which is the widest one's where not given."""
    given: list[Any] = list(samples)
    if not given:
        raise InvalidInput("Got no samples; at least one is needed.")
    values: list[int] = given
    if isinstance(given[0], str):
        base = 16 if given[0].startswith("0x") else 2
        values = [int(sample, base) for sample in given]
    width = num_bits if num_bits is not None else max(1, *(value.bit_length() for value in values))
    try:
        data = b"".join(value.to_bytes(-(-width // 8), "big") for value in values)
    except OverflowError:
        raise InvalidInput(f"Got a sample that is negative or does not fit in {width} bits.") from None
    rows = np.frombuffer(data, dtype=np.uint8).reshape(len(values), -(-width // 8))
    if width % 8 and (rows[:, 0] >> (width % 8)).any():
        raise InvalidInput(f"Got a sample that does not fit in {width} bits.")
    return rows, width


def repeated(counts: Counts | Iterable[Counts]) -> tuple[list[Any], int | None]:
    """Every outcome as often as counted, and how many counts there were where there could be several."""
    several = [counts] if isinstance(counts, Mapping) else list(counts)
    if len({sum(each.values()) for each in several}) != 1:
        raise InvalidInput(f"Got {len(several)} counts; needed is at least one, all of as many shots.")
    every = [one for each in several for outcome, count in each.items() for one in repeat(outcome, count)]
    return every, None if isinstance(counts, Mapping) else len(several)


def checked(indices: int | Sequence[int], size: int, what: str) -> list[int]:
    """Indices of that many bits or shots, as a list; ``IndexError`` where there is none."""
    chosen = [indices] if isinstance(indices, int) else list(indices)
    wrong = next((index for index in chosen if not 0 <= index < size), None)
    if wrong is not None:
        raise IndexError(f"Got the index {wrong}; there are {size} {what}.")
    return [int(index) for index in chosen]


def positive(index: int, size: int) -> int:
    """Counted from the front."""
    return index + size if index < 0 else index


def pick_bits(array: Bytes, bits: Sequence[int]) -> Bytes:
    """These bits only, the first one lowest."""
    out = np.zeros((*array.shape[:-1], -(-len(bits) // 8)), dtype=np.uint8)
    for position, bit in enumerate(bits):
        column = (array[..., -1 - bit // 8] >> (bit % 8)) & 1
        out[..., -1 - position // 8] |= column << (position % 8)
    return out


def matching(rows: Bytes, bits: Sequence[int], wanted: Sequence[Any]) -> Bytes:
    """The rows whose ``bits`` read ``wanted``; none where one bit is wanted both ways."""
    mask, value = np.zeros((2, rows.shape[1]), dtype=np.uint8)
    for bit, one in zip(bits, wanted, strict=True):
        place, flag = -1 - bit // 8, np.uint8(1 << bit % 8)
        if mask[place] & flag and bool(value[place] & flag) != bool(one):
            return rows[:0]
        mask[place] |= flag
        value[place] |= flag if one else np.uint8(0)
    chosen: Bytes = rows[((rows & mask) == value).all(axis=-1)]
    return chosen


def joined(arrays: Sequence[Bytes], axis: int) -> Bytes:
    """One after the other along an axis; ``InvalidInput`` where the other axes differ."""
    try:
        return np.concatenate(arrays, axis=axis)
    except ValueError as error:
        raise InvalidInput(f"These bit arrays do not fit together: {error}.") from None


def without_excess(array: Bytes, num_bits: int) -> Bytes:
    """Without what may stand left of the highest bit; the same array where nothing does."""
    excess = -num_bits % 8
    if not excess or not (array[..., 0] >> (8 - excess)).any():
        return array
    array = array.copy()
    array[..., 0] &= 0xFF >> excess
    return array
