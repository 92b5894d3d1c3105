"""Counting rows of packed bits, and spelling them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint8]
Counts = NDArray[np.int64]
Outcome = TypeVar("Outcome", str, int)

_BLOCK = 1 << 16
"""Rows that are spelled, or counted in a table, at once: bounds the unpacked copy."""
_SORTED = 1 << 17
"""Rows that are sorted at once."""
_SPELLED = 1 << 12
"""Outcomes that enter a dictionary at once: about a millisecond's work."""
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


def tally(rows: Rows) -> tuple[Rows, Counts]:
    """The different rows in ascending order, and how often each occurs."""
    if not len(rows):
        return rows, np.zeros(0, dtype=np.int64)
    width = rows.shape[1]
    if width == 0:
        return rows[:1], np.array([len(rows)])
    if width > 8:
        return _tally_wide(rows)
    highest = 256 ** (width - 1) * (int(rows[:, 0].max()) + 1)
    if highest <= _BLOCK:
        return _tally_few(rows, highest)
    values, counts = _tally_numbers(rows)
    return _narrow(values, width), counts


def _tally_numbers(rows: Rows) -> tuple[NDArray[Any], Counts]:
    """By sorting: blocks that stay in the processor's cache, as long as outcomes repeat in them."""
    parts = []
    for begin in range(0, len(rows), _SORTED):
        values, counts = _tally_sorted(rows[begin : begin + _SORTED])
        if 2 * len(values) > _SORTED:
            return _tally_sorted(rows)
        parts.append((values, counts))
    if len(parts) == 1:
        return parts[0]
    every = np.concatenate([values for values, _ in parts])
    times = np.concatenate([counts for _, counts in parts])
    order = np.argsort(every, kind="stable")
    first = np.flatnonzero(_changes(every[order]))
    return every[order[first]], np.add.reduceat(times[order], first)


def _tally_sorted(rows: Rows) -> tuple[NDArray[Any], Counts]:
    numbers = _numbers(rows)
    numbers.sort()
    changes = _changes(numbers)
    return numbers[changes], _distances(np.flatnonzero(changes), len(rows))


def _changes(numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """True where a number differs from the one before it, and at the first."""
    changes = np.empty(len(numbers), dtype=np.bool_)
    changes[0] = True
    np.not_equal(numbers[1:], numbers[:-1], out=changes[1:])
    return changes


def _distances(first: NDArray[np.intp], end: int) -> Counts:
    counts: Counts = np.diff(first, append=end)
    return counts


def _tally_few(rows: Rows, highest: int) -> tuple[Rows, Counts]:
    """With a table of all outcomes below ``highest``."""
    every = np.zeros(highest, dtype=np.int64)
    for begin in range(0, len(rows), _BLOCK):
        every += np.bincount(_numbers(rows[begin : begin + _BLOCK]), minlength=highest)
    seen = np.flatnonzero(every)
    return _narrow(seen, rows.shape[1]), every[seen]


def counted(rows: Rows, spelled: Callable[[Rows], list[Outcome]]) -> dict[Outcome, int]:
    """As :func:`tally`, with the rows spelled. It grows block by block: between two of them, other threads run."""
    values, counts = tally(rows)
    found: dict[Outcome, int] = {}
    for begin in range(0, len(values), _SPELLED):
        block = slice(begin, begin + _SPELLED)
        found.update(zip(spelled(values[block]), counts[block].tolist(), strict=True))
    return found


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


def _numbers(rows: Rows) -> NDArray[Any]:
    """Rows of at most 64 bits as numbers, of 32 bits where that is enough."""
    kind = np.uint32 if rows.shape[1] <= 4 else np.uint64
    numbers: NDArray[Any] = rows[:, 0].astype(kind)
    for column in range(1, rows.shape[1]):
        np.left_shift(numbers, kind(8), out=numbers)
        np.bitwise_or(numbers, rows[:, column], out=numbers)
    return numbers


def _words(rows: Rows) -> NDArray[np.uint64]:
    """Rows as big-endian numbers of 64 bits, padded on the left."""
    count, width = rows.shape
    padded = np.zeros((count, -(-width // 8) * 8), dtype=np.uint8)
    padded[:, padded.shape[1] - width :] = rows
    return padded.view(">u8").astype(np.uint64)


def _narrow(numbers: NDArray[Any], width: int) -> Rows:
    size = 4 if width <= 4 else 8
    return numbers.astype(f">u{size}").view(np.uint8).reshape(-1, size)[:, size - width :]


def _tally_wide(rows: Rows) -> tuple[Rows, Counts]:
    """Rows of more than 64 bits are grouped by a mixed word first: sorting that is several times as quick
    as sorting rows. Two different rows under one word would only interleave, and are then merged exactly."""
    words = _words(rows)
    mixed = np.zeros(len(words), dtype=np.uint64)
    for column in range(words.shape[1]):
        mixed = (mixed ^ words[:, column]) * _MIX[column % len(_MIX)]
        mixed ^= mixed >> np.uint64(29)
    order = np.argsort(mixed)
    arranged, mixed = words[order], mixed[order]
    new_row = np.concatenate(([True], (arranged[1:] != arranged[:-1]).any(axis=1)))
    if np.count_nonzero(new_row) != np.count_nonzero(_changes(mixed)):
        return np.unique(rows, axis=0, return_counts=True)
    first = np.flatnonzero(new_row)
    ascending = np.lexsort(arranged[first].T[::-1])
    return rows[order[first]][ascending], _distances(first, len(rows))[ascending]
