"""A run of points that travel together. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct


class Piece(Struct, frozen=True):
    """Points ``start`` to ``stop`` of a sweep, ``stop`` not included. All of them are of one circuit: one PUB."""

    circuit: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many points."""
        return self.stop - self.start


Pieces = tuple[Piece, ...]


def size_of(pieces: Iterable[Piece]) -> int:
    """How many points in all."""
    return sum(piece.size for piece in pieces)


def cut(pieces: Sequence[Piece], count: int) -> tuple[Pieces, Pieces]:
    """The first ``count`` points, and the rest."""
    first: list[Piece] = []
    for at, piece in enumerate(pieces):
        if count < piece.size:
            middle = piece.start + count
            head = [Piece(piece.circuit, piece.start, middle)] if count else []
            return (*first, *head), (Piece(piece.circuit, middle, piece.stop), *pieces[at + 1 :])
        first.append(piece)
        count -= piece.size
    return tuple(first), ()


def halves(pieces: Sequence[Piece]) -> tuple[Pieces, Pieces]:
    """Two parts of the same size; the first may have one point more."""
    return cut(pieces, math.ceil(size_of(pieces) / 2))


def without(pieces: Iterable[Piece], gone: Iterable[Piece]) -> Pieces:
    """What of ``pieces``, which are in order, is not in ``gone``."""
    holes = sorted((hole.start, hole.stop) for hole in gone)
    left: list[Piece] = []
    first = 0
    for piece in pieces:
        start = piece.start
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        at = first
        while at < len(holes) and holes[at][0] < piece.stop:
            if holes[at][0] > start:
                left.append(Piece(piece.circuit, start, holes[at][0]))
            start = max(start, holes[at][1])
            at += 1
        if start < piece.stop:
            left.append(Piece(piece.circuit, start, piece.stop))
    return tuple(left)
