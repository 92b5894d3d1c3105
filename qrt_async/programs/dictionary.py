"""The dictionary of counts: plain, of plain outcomes, and with hundreds of thousands of them most of the work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint8]
Counts = NDArray[np.int64]
Tally = tuple[Rows, Counts]
"""Different rows, and how often each occurs."""
Blocks = tuple[int, Iterator[Tally]]
"""How many different rows there are, and they."""
Outcome = TypeVar("Outcome", str, int)

SPELLED = 1 << 12
"""Outcomes that enter a dictionary at once: about a millisecond's work."""
_LARGE = 1 << 17
"""Outcomes from which on it matters when a dictionary grows."""
_SPENT = 1 << 6
"""Entries that are used up in a dictionary between two looks at its size."""


def counted(blocks: Blocks, spelled: Callable[[Rows], list[Outcome]]) -> dict[Outcome, int]:
    """With the rows spelled. It grows block by block: between two of them, other threads run."""
    different, tallies = blocks
    found: dict[Outcome, int] = {}
    early = _half_of_the_last_table_but_one(different)
    for values, counts in tallies:
        outcomes = spelled(values)
        if early and len(found) > early:
            _grow(found, outcomes[0], early)
            early = 0
        found.update(zip(outcomes, counts.tolist(), strict=True))
    return found


def counted_unsorted(rows: Rows, spelled: Callable[[Rows], list[Outcome]]) -> dict[Outcome, int]:
    """With a dictionary alone, which is quick where nearly all outcomes are new to it."""
    found: dict[Outcome, int] = {}
    early = _half_of_the_last_table_but_one(len(rows))
    for begin in range(0, len(rows), SPELLED):
        outcomes = spelled(rows[begin : begin + SPELLED])
        fresh = dict.fromkeys(outcomes, 1)
        if len(fresh) == len(outcomes) and found.keys().isdisjoint(fresh):
            if early and len(found) > early and 8 * len(found) > 7 * begin:
                _grow(found, outcomes[0], early)
                early = 0
            found.update(fresh)
        else:
            for outcome in outcomes:
                found[outcome] = found.get(outcome, 0) + 1
    return found


def _half_of_the_last_table_but_one(size: int) -> int:
    """How many outcomes a dictionary must hold to grow to its last table; 0 where that is no matter.

    CPython's tables are powers of two, up to two thirds full, and the next has three places for each entry: from
    half of what it can hold on, a table is followed by one of twice its size.
    """
    table = 1 << ((size + _SPENT) * 3 // 2).bit_length()
    return table // 2 // 3 if size > _LARGE else 0


def _grow(found: dict[Outcome, int], key: Outcome, most: int) -> None:
    """Let a dictionary that has no such key grow now, while it is small: what moves then moves in one step, which
    holds every thread, and old and new table take memory beside all the texts. Removed entries use a table up too."""
    size = sys.getsizeof(found)
    for _ in range(0, 2 * most, _SPENT):
        for _ in range(_SPENT):
            found[key] = 0
            del found[key]
        if sys.getsizeof(found) != size:
            return
