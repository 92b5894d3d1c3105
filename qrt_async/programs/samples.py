"""The samples of plain results, ``["0x0","0x3",…]``, as packed bits, without a Python object for each.

Lists in lists are the shape of the PUB; the innermost ones hold its shots.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import LIMITS, Steps, check_declared

Bytes = NDArray[np.uint8]

_NO_DIGIT = 255
_DIGITS = np.full(256, _NO_DIGIT, dtype=np.uint8)
for _value, _characters in enumerate(
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "aA", "bB", "cC", "dD", "eE", "fF"]
):
    _DIGITS[[ord(character) for character in _characters]] = _value
_BETWEEN = np.zeros(256, dtype=np.bool_)
_BETWEEN[[ord(character) for character in ",[] \t\r\n"]] = True


def rows_in_pieces(array: Any, num_bits: int) -> Steps[Bytes]:
    """``(*points, shots, ceil(num_bits / 8))`` bytes from the text of a JSON array, given as a buffer.

    The text must be JSON. ``ResultError`` for anything but hex strings that fit, in lists of one shape.
    """
    text = np.frombuffer(array, dtype=np.uint8)
    width = -(-num_bits // 8)
    quotes = 0
    for begin in range(0, len(text), LIMITS.piece):
        quotes += int(np.count_nonzero(text[begin : begin + LIMITS.piece] == ord('"')))
        yield 0
    count = quotes // 2
    if count * width > LIMITS.array_bytes:
        raise ResultError(f"{count} samples of {num_bits} bits are beyond what is read here.")
    check_declared(count * width, len(text))
    yield count * width
    rows = np.zeros((count, width), dtype=np.uint8)
    done, begin, last = 0, 0, len(text)
    while begin < last:
        block = text[begin : min(begin + LIMITS.piece, last)]
        places = np.flatnonzero(block == ord('"'))
        openings, closings = places[: len(places) // 2 * 2].reshape(-1, 2).T
        if not len(openings):
            break
        _fill(rows[done : done + len(openings)], block[: closings[-1] + 1], openings, closings)
        done += len(openings)
        begin += int(closings[-1]) + 1
        yield 0
    if done < len(rows) or not _BETWEEN[text[begin:last]].all():
        raise ResultError("The samples of a register are not all hex strings.")
    if num_bits % 8 and (rows[:, 0] >> (num_bits % 8)).any():
        raise ResultError(f"A sample does not fit in {num_bits} bits.")
    shape = yield from _shape_in_pieces(text, count)
    return rows.reshape(*shape, width)


def _shape_in_pieces(text: Bytes, count: int) -> Steps[tuple[int, ...]]:
    """How the lists are nested that hold these samples, shots last."""
    brackets, before, quotes = [], [], 0
    for begin in range(0, len(text), LIMITS.piece):
        block = text[begin : begin + LIMITS.piece]
        places = np.flatnonzero((block == ord("[")) | (block == ord("]")))
        if len(places):
            marks = np.cumsum(block == ord('"'))
            brackets.append(block[places])
            before.append(quotes + marks[places])
            quotes += int(marks[-1])
        else:
            quotes += int(np.count_nonzero(block == ord('"')))
        yield 0
    return _regular(np.concatenate(brackets), np.concatenate(before) // 2, count)


def _regular(brackets: Bytes, before: NDArray[np.intp], count: int) -> tuple[int, ...]:
    """The shape that these brackets spell, if ``before`` each of them are as many samples as that shape says."""
    opening = brackets == ord("[")
    depth = np.cumsum(np.where(opening, 1, -1))
    lists = np.bincount(depth[opening])[1:]
    shape = (*(lists[1:] // lists[:-1]).tolist(), count // int(lists[-1]))
    spelled = b"[]"
    for size in reversed(shape[:-1]):
        spelled = b"[" + spelled * size + b"]"
    innermost = np.flatnonzero(opening[:-1] & ~opening[1:])
    starts = np.arange(len(innermost)) * shape[-1]
    alike = brackets.tobytes() == spelled
    if not (
        alike and (before[innermost] == starts).all() and (before[innermost + 1] == starts + shape[-1]).all()
    ):
        raise ResultError("The samples of a register are in lists of unequal length.")
    return shape


def _fill(rows: Bytes, block: Bytes, openings: NDArray[np.intp], closings: NDArray[np.intp]) -> None:
    """The strings between these quotes into these rows, one hex digit of all of them at a time."""
    lengths = closings - openings - 3  # without the quote and 0x
    longest = int(lengths.max())
    outside = len(block) - int((closings - openings + 1).sum())
    plain = (
        int(lengths.min()) > 0
        and longest <= 2 * rows.shape[1]
        and outside == np.count_nonzero(_BETWEEN[block])
        and (block[openings + 1] == ord("0")).all()
        and (block[openings + 2] == ord("x")).all()
    )
    if not plain:
        raise ResultError("The samples of a register are not all hex strings that fit.")
    for digit in range(longest):
        value = _DIGITS[block[closings - 1 - digit]]
        there = digit < lengths
        if (value[there] == _NO_DIGIT).any():
            raise ResultError("The samples of a register are not all hex strings.")
        value = np.where(there, value, np.uint8(0))
        rows[:, -1 - digit // 2] |= value << np.uint8(4 * (digit % 2))
