"""Points of parameter values, described and never listed. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from qrt_async.errors import InvalidInput

Array: TypeAlias = NDArray[np.float64]
Block: TypeAlias = dict[str, Array]
"""Columns of one length that move together: numbers ``(n,)``, or vectors ``(n, k)``."""


MOST_POINTS = 1_000_000_000
"""Of one grid: at one shot each, a hundred of the largest jobs."""


class Product(Struct, frozen=True):
    """Every combination of what its blocks hold, the last one fastest."""

    blocks: tuple[Block, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(next(iter(block.values()))) for block in self.blocks)

    @property
    def size(self) -> int:
        return math.prod(self.sizes)

    def columns(self, start: int, stop: int) -> Block:
        if len(self.blocks) == 1:
            return {name: values[start:stop] for name, values in self.blocks[0].items()}
        found: Block = {}
        places = np.arange(start, stop)
        for block, size in zip(reversed(self.blocks), reversed(self.sizes), strict=True):
            places, within = np.divmod(places, size)
            found |= {name: values[within] for name, values in block.items()}
        return found


class Grid:
    """Points of parameter values, in order.

    ``names`` are the parameters, ``widths`` says of each whether a point has a number (``None``) or a vector of
    that many. ``shape`` is that of the points; ``axes`` holds the values along each axis of a product, else ``None``.
    """

    def __init__(
        self,
        names: Sequence[str],
        parts: Sequence[Product],
        shape: tuple[int, ...],
        axes: dict[str, Array] | None = None,
    ) -> None:
        self.names = tuple(names)
        self.shape = shape
        self.axes = axes
        self.parts = tuple(parts)
        self._ends = tuple(accumulate(part.size for part in parts))
        self.size = self._ends[-1]
        if self.size > MOST_POINTS:
            raise InvalidInput(f"Got {self.size:,} points; a sweep has at most {MOST_POINTS:,}.")
        first = {name: values for block in parts[0].blocks for name, values in block.items()}
        self.widths = {name: None if first[name].ndim == 1 else first[name].shape[1] for name in names}

    def columns(self, start: int, stop: int) -> Block:
        """The values at the points ``[start, stop)``: of each parameter an array ``(n,)``, of a vector ``(n, k)``."""
        if not 0 <= start <= stop <= self.size:
            raise IndexError(f"Got the points [{start}, {stop}); there are {self.size}.")
        found = list(self._pieces(start, stop))
        if len(found) == 1:
            return {name: found[0][name] for name in self.names}
        return {name: np.concatenate([piece[name] for piece in found]) for name in self.names}

    def point(self, index: int) -> dict[str, Any]:
        """The values at one point, numbers as plain floats."""
        columns = self.columns(index, index + 1)
        return {name: column[0] if column.ndim > 1 else float(column[0]) for name, column in columns.items()}

    def label(self, index: int) -> str:
        """A name for the point, which equal values have on every machine: ``theta=0.1,phi=0.25``."""
        return ",".join(f"{name}={_written(value + 0.0)}" for name, value in self.point(index).items())

    def _pieces(self, start: int, stop: int) -> Iterator[Block]:
        at = bisect_right(self._ends, start) if start < self.size else len(self._ends) - 1
        while True:
            begin, end = self._ends[at] - self.parts[at].size, self._ends[at]
            yield self.parts[at].columns(start - begin, min(stop, end) - begin)
            if stop <= end:
                return
            start, at = end, at + 1


def _written(value: Any) -> str:
    return repr(value) if isinstance(value, float) else f"[{','.join(map(repr, value.tolist()))}]"
