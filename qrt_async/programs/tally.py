"""Counting rows of packed bits, and spelling them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint8]

_BLOCK = 1 << 16  # rows spelled at once: bounds the unpacked copy
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


def tally(rows: Rows) -> tuple[Rows, list[int]]:
    """The different rows in ascending order, and how often each occurs."""
    if not len(rows):
        return rows, []
    width = rows.shape[1]
    if width == 0:
        return rows[:1], [len(rows)]
    if width > 8:
        return _tally_wide(rows)
    highest = 256 ** (width - 1) * (int(rows[:, 0].max()) + 1)
    if highest <= max(_BLOCK, 2 * len(rows)):
        return _tally_few(rows, highest)
    numbers = _numbers(rows)
    numbers.sort()
    first = np.flatnonzero(np.concatenate(([True], numbers[1:] != numbers[:-1])))
    return _narrow(numbers[first], width), np.diff(first, append=len(numbers)).tolist()


def _tally_few(rows: Rows, highest: int) -> tuple[Rows, list[int]]:
    """With a table of all outcomes below ``highest``, which is no longer than the shots."""
    every = np.zeros(highest, dtype=np.int64)
    block = max(_BLOCK, highest)
    for begin in range(0, len(rows), block):
        numbers = _numbers(rows[begin : begin + block]).view(np.int64)
        every += np.bincount(numbers, minlength=highest)
    seen = np.flatnonzero(every)
    return _narrow(seen.astype(np.uint64), rows.shape[1]), every[seen].tolist()


def bitstrings(rows: Rows, num_bits: int) -> list[str]:
    """Each row as text of ``num_bits`` characters, the highest bit first."""
    if num_bits == 0:
        return ["0"] * len(rows)  # as Qiskit spells the empty register
    out: list[str] = []
    for begin in range(0, len(rows), _BLOCK):
        bits = np.unpackbits(rows[begin : begin + _BLOCK], axis=1)[:, -num_bits:] + np.uint8(ord("0"))
        text = bits.tobytes().decode("ascii")
        out += [text[at : at + num_bits] for at in range(0, len(text), num_bits)]
    return out


def integers(rows: Rows) -> list[int]:
    """Each row as one number."""
    width = rows.shape[1]
    if width == 0:
        return [0] * len(rows)
    if width <= 8:
        numbers: list[int] = _numbers(rows).tolist()
        return numbers
    data = rows.tobytes()
    return [int.from_bytes(data[at : at + width], "big") for at in range(0, len(data), width)]


def _numbers(rows: Rows) -> NDArray[np.uint64]:
    """Rows of at most 64 bits as numbers."""
    numbers = rows[:, 0].astype(np.uint64)
    for column in range(1, rows.shape[1]):
        numbers <<= np.uint64(8)
        numbers |= rows[:, column]
    return numbers


def _words(rows: Rows) -> NDArray[np.uint64]:
    """Rows as big-endian numbers of 64 bits, padded on the left."""
    count, width = rows.shape
    padded = np.zeros((count, -(-width // 8) * 8), dtype=np.uint8)
    padded[:, padded.shape[1] - width :] = rows
    return padded.view(">u8").astype(np.uint64)


def _narrow(numbers: NDArray[np.uint64], width: int) -> Rows:
    return numbers.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - width :]


def _tally_wide(rows: Rows) -> tuple[Rows, list[int]]:
    """Rows of more than 64 bits are grouped by a mixed word first: sorting that is several times as quick
    as sorting rows. Two different rows under one word would only interleave, and are then merged exactly."""
    words = _words(rows)
    mixed = np.zeros(len(words), dtype=np.uint64)
    for column in range(words.shape[1]):
        mixed = (mixed ^ words[:, column]) * _MIX[column % len(_MIX)]
        mixed ^= mixed >> np.uint64(29)
    order = np.argsort(mixed)
    arranged, mixed = words[order], mixed[order]
    new_row = (arranged[1:] != arranged[:-1]).any(axis=1)
    first = np.flatnonzero(np.concatenate(([True], new_row)))
    if np.count_nonzero(new_row) != np.count_nonzero(mixed[1:] != mixed[:-1]):
        values, counts = np.unique(rows, axis=0, return_counts=True)
        return values, counts.tolist()
    counts = np.diff(first, append=len(rows))
    values = rows[order[first]]
    ascending = np.lexsort(arranged[first].T[::-1])
    return values[ascending], counts[ascending].tolist()
