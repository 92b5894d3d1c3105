from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qrt_async.sweep.piece import Piece, cut, halves, size_of, without

sizes = st.lists(st.integers(1, 20), min_size=1, max_size=6)


def pieces_of(lengths: list[int]) -> tuple[Piece, ...]:
    """One for each circuit, all points of a sweep."""
    starts = [sum(lengths[:at]) for at in range(len(lengths))]
    return tuple(Piece(at, start, start + lengths[at]) for at, start in enumerate(starts))


def listed(pieces: tuple[Piece, ...]) -> list[tuple[int, int]]:
    return [(piece.circuit, at) for piece in pieces for at in range(piece.start, piece.stop)]


@given(sizes, st.integers(0, 130))
def test_cutting_keeps_every_point_in_order(lengths: list[int], count: int) -> None:
    pieces = pieces_of(lengths)
    first, rest = cut(pieces, count)
    assert listed(first) + listed(rest) == listed(pieces)
    assert size_of(first) == min(count, size_of(pieces))
    assert all(piece.size for piece in (*first, *rest))


@given(sizes)
def test_halves_differ_by_one_point_at_most(lengths: list[int]) -> None:
    first, rest = halves(pieces_of(lengths))
    assert 0 <= size_of(first) - size_of(rest) <= 1


@given(sizes, st.lists(st.tuples(st.integers(0, 119), st.integers(0, 119)), max_size=5))
def test_what_is_left_is_what_was_not_taken(lengths: list[int], holes: list[tuple[int, int]]) -> None:
    pieces = pieces_of(lengths)
    gone = [Piece(0, min(hole), max(hole)) for hole in holes]
    taken = {at for piece in gone for at in range(piece.start, piece.stop)}
    assert listed(without(pieces, gone)) == [point for point in listed(pieces) if point[1] not in taken]
