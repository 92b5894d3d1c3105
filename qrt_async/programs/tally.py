"""Counting rows of packed bits, and spelling them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qrt_async.programs.arrays import Steps, finish
from qrt_async.programs.dictionary import (
    SPELLED,
    Blocks,
    Counts,
    Outcome,
    Rows,
    Tally,
    counted,
    counted_unsorted,
)

_BLOCK = 1 << 16
"""Rows that are spelled, or counted in a table, at once: bounds the unpacked copy."""
_SORTED = 1 << 17
"""Rows of up to 64 bits that are judged together, and sorted at once where they hardly repeat; of wider ones fewer."""
_STEP = 1 << 15
"""Rows that are sorted in one step where they do."""
_PROBED = 1 << 14
"""Rows of more than 64 bits that tell whether it is worth while to sort any."""
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


def count(rows: Rows, spelled: Callable[[Rows], list[Outcome]]) -> dict[Outcome, int]:
    """How often each row occurs, spelled. Where they hardly repeat, a sorted copy of the rows is all that is held
    beside the dictionary, and of rows of more than 64 bits, which take longer to sort, not even that."""
    found = finish(tally_in_pieces(rows))
    if found is not None:
        return counted(in_blocks(found), spelled)
    if rows.shape[1] > 8:
        return counted_unsorted(rows, spelled)
    numbers = _numbers(rows)
    numbers.sort()
    return counted((_different(numbers), _runs(numbers, rows.shape[1])), spelled)


def in_blocks(tallied: Tally) -> Blocks:
    """Some thousand outcomes at a time."""
    values, counts = tallied
    cuts = [slice(begin, begin + SPELLED) for begin in range(0, len(values), SPELLED)]
    return len(values), ((values[cut], counts[cut]) for cut in cuts)


def _different(numbers: NDArray[Any]) -> int:
    """How many of sorted numbers are not like the one before."""
    found = 1
    for begin in range(1, len(numbers), _BLOCK):
        block = numbers[begin : begin + _BLOCK]
        found += int(np.count_nonzero(block != numbers[begin - 1 : begin - 1 + len(block)]))
    return found


def _runs(numbers: NDArray[Any], width: int) -> Iterator[Tally]:
    """Of sorted numbers; each block ends where a number does."""
    begin = 0
    while begin < len(numbers):
        last = numbers[min(begin + SPELLED, len(numbers)) - 1]
        end = int(np.searchsorted(numbers, last, side="right"))
        block = numbers[begin:end]
        first = np.flatnonzero(_changes(block))
        yield _narrow(block[first], width), _sums(first, len(block), None)
        begin = end


def tally_in_pieces(rows: Rows) -> Steps[Tally | None]:
    """The different rows in ascending order, and how often each occurs; by blocks that stay in the processor's cache.
    ``None`` where outcomes hardly repeat in them."""
    count, width = rows.shape
    size = max(1, _SORTED // max(1, -(-width // 8)))
    parts: list[Tally] = []
    if width > 8 and _hardly_repeat(rows[:_PROBED]):
        return None
    for begin in range(0, count, size):
        parts.append((yield from _tally_in_steps(rows[begin : begin + size])))
        if width > 2 and 4 * len(parts[-1][0]) > size:
            return None
        yield 0
    if len(parts) < 2:
        return parts[0] if parts else _tally(rows)
    return _together(parts)


def _tally_in_steps(rows: Rows) -> Steps[Tally]:
    """In short ones, unless so many outcomes are different that bringing them together would be a long one."""
    size = _STEP // max(1, -(-rows.shape[1] // 8))
    if len(rows) <= size:
        return _tally(rows)
    parts = []
    for begin in range(0, len(rows), size):
        parts.append(_tally(rows[begin : begin + size]))
        if 4 * len(parts[-1][0]) > size:
            return _tally(rows)
        yield 0
    return _together(parts)


def _together(parts: list[Tally]) -> Tally:
    return _tally(
        np.concatenate([found for found, _ in parts]), np.concatenate([times for _, times in parts])
    )


def _tally(rows: Rows, times: Counts | None = None) -> Tally:
    """At once. ``times`` is how often each row counts."""
    if not len(rows):
        return rows, np.zeros(0, dtype=np.int64)
    width = rows.shape[1]
    if width == 0:
        return rows[:1], np.array([len(rows) if times is None else times.sum()])
    if width > 8:
        return _tally_wide(rows, times)
    highest = 256 ** (width - 1) * (int(rows[:, 0].max()) + 1)
    if highest <= _BLOCK:
        return _tally_few(rows, times, highest)
    numbers = _numbers(rows)
    if times is None:
        numbers.sort()
    else:
        order = np.argsort(numbers, kind="stable")
        numbers, times = numbers[order], times[order]
    changes = _changes(numbers)
    return _narrow(numbers[changes], width), _sums(np.flatnonzero(changes), len(rows), times)


def _changes(numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """True where a number differs from the one before it, and at the first."""
    changes = np.empty(len(numbers), dtype=np.bool_)
    changes[0] = True
    np.not_equal(numbers[1:], numbers[:-1], out=changes[1:])
    return changes


def _sums(first: NDArray[np.intp], end: int, times: Counts | None) -> Counts:
    """How often the rows count that begin at each of ``first`` and end before the next."""
    sums: Counts = np.diff(first, append=end) if times is None else np.add.reduceat(times, first)
    return sums


def _tally_few(rows: Rows, times: Counts | None, highest: int) -> Tally:
    """With a table of all outcomes below ``highest``."""
    every = np.zeros(highest, dtype=np.int64)
    for begin in range(0, len(rows), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        weights = None if times is None else times[block]
        every += np.bincount(_numbers(rows[block]), weights, highest).astype(np.int64)
    seen = np.flatnonzero(every)
    return _narrow(seen, rows.shape[1]), every[seen]


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


def _tally_wide(rows: Rows, times: Counts | None) -> Tally:
    """Rows of more than 64 bits are grouped by a mixed word first: sorting that is several times as quick
    as sorting rows. Two different rows under one word would only interleave, and are then merged exactly."""
    words = _words(rows)
    mixed = _mixed(words)
    order = np.argsort(mixed)
    arranged, mixed = words[order], mixed[order]
    new_row = np.concatenate(([True], (arranged[1:] != arranged[:-1]).any(axis=1)))
    if np.count_nonzero(new_row) != np.count_nonzero(_changes(mixed)):
        values, back = np.unique(rows, axis=0, return_inverse=True)
        return values, np.bincount(back.reshape(-1), times).astype(np.int64)
    first = np.flatnonzero(new_row)
    ascending = np.lexsort(arranged[first].T[::-1])
    sums = _sums(first, len(rows), None if times is None else times[order])
    return rows[order[first]][ascending], sums[ascending]


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One word of all words of a row: that of equal rows is equal, that of different ones hardly ever."""
    mixed = np.zeros(len(words), dtype=np.uint64)
    for column in range(words.shape[1]):
        mixed = (mixed ^ words[:, column]) * _MIX[column % len(_MIX)]
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _hardly_repeat(rows: Rows) -> bool:
    mixed = np.sort(_mixed(_words(rows)))
    return len(rows) == _PROBED and 4 * _different(mixed) > len(rows)
