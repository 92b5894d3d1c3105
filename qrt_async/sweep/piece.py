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
    """What of ``pieces`` is not in ``gone``, in order."""
    left = list(pieces)
    for hole in gone:
        left = [part for piece in left for part in _around(piece, hole)]
    return tuple(left)


def _around(piece: Piece, hole: Piece) -> list[Piece]:
    if hole.stop <= piece.start or piece.stop <= hole.start:
        return [piece]
    parts = [(piece.start, hole.start), (hole.stop, piece.stop)]
    return [Piece(piece.circuit, start, stop) for start, stop in parts if start < stop]
