"""Counting the shots of a BitArray, at once or ahead."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from numpy.typing import NDArray

from qrt_async.programs.arrays import Steps
from qrt_async.programs.dictionary import Outcome, Tally, counted
from qrt_async.programs.packing import without_excess
from qrt_async.programs.tally import (
    bitstrings,
    count,
    in_blocks,
    integers,
    tally_in_pieces,
)

Bytes = NDArray[np.uint8]
Loc = int | tuple[int, ...] | None


class Counted:
    """What a BitArray can say of its shots."""

    __slots__ = ("_array", "_num_bits", "_tally")

    _array: Bytes
    _num_bits: int
    _tally: Tally | None

    def get_counts(self, loc: Loc = None) -> dict[str, int]:
        """How often each bitstring was measured, at the point ``loc`` or at all points together.

        A dictionary of several hundred thousand outcomes takes its time: in a thread,
        ``await asyncio.to_thread(bits.get_counts)``, it lets an event loop run meanwhile.
        """
        return self._counted(loc, self._spelled)

    def get_int_counts(self, loc: Loc = None) -> dict[int, int]:
        """As :meth:`get_counts`, with the outcomes as integers."""
        return self._counted(loc, integers)

    def get_bitstrings(self, loc: Loc = None) -> list[str]:
        """Every shot as a bitstring, in the order measured."""
        return self._spelled(self._rows(loc))

    def count_in_pieces(self) -> Steps[None]:
        """Count ahead in short steps, so that :meth:`get_counts` of all points has only to spell.

        From then on ``array`` is read-only. Where outcomes hardly repeat, nothing is gained or kept.
        """
        tallied = yield from tally_in_pieces(self._rows(None))
        if tallied is not None:
            self._array.flags.writeable = False
            self._tally = tallied

    def _counted(self, loc: Loc, spelled: Callable[[Bytes], list[Outcome]]) -> dict[Outcome, int]:
        known = self._tally if loc is None else None
        return count(self._rows(loc), spelled) if known is None else counted(in_blocks(known), spelled)

    def _spelled(self, rows: Bytes) -> list[str]:
        return bitstrings(rows, self._num_bits)

    def _clean(self) -> Bytes:
        return without_excess(self._array, self._num_bits)

    def _rows(self, loc: Loc) -> Bytes:
        array = self._clean()
        if loc is not None:
            array = array[self._point(loc)]
        return array.reshape(prod(array.shape[:-1]), array.shape[-1])

    def _point(self, loc: int | tuple[int, ...]) -> int | tuple[int, ...]:
        if len(loc if isinstance(loc, tuple) else (loc,)) > self._array.ndim - 2:
            raise IndexError(f"Got the location {loc} in a shape of {self._array.ndim - 2} dimensions.")
        return loc
