from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import JobCancelled, JobFailed, JobRanTooLong, NotFound
from qrt_async.sweep.piece import Piece, Pieces, size_of
from qrt_async.sweep.split import (
    Search,
    begin,
    extra_jobs,
    fell,
    is_worth_splitting,
    named_point,
    next_step,
    passed,
)
from tests.sweep.test_piece import pieces_of

ONE = (Piece(0, 100, 150),)
TWO = (Piece(0, 0, 10), Piece(1, 10, 40))


def failed(reason: str = "it cannot be run", code: int = 1517) -> JobFailed:
    return JobFailed(reason, reason=reason, reason_code=code)


def points(pieces: Pieces) -> list[int]:
    return [at for piece in pieces for at in range(piece.start, piece.stop)]


def carried_out(
    pieces: Pieces, bad: set[int], allowed: int, *, names: bool = False
) -> tuple[set[int], set[int], int]:
    """Which points have a result in the end, which an error, and how many jobs that took."""
    done: set[int] = set()
    lost: set[int] = set()
    jobs = 0
    search: Search | None = begin(pieces, error_of(pieces, bad, names=names))
    while search is not None:
        step = next_step(search, allowed - jobs)
        lost |= set(points(step.failed))
        search = step.search
        if not step.send:
            assert search is None
            break
        jobs += 1
        assert search is not None
        if bad & set(points(step.send)):
            error = error_of(step.send, bad, names=names)
            after = fell(search, step.send, error)
            if after is None:
                lost |= set(points(step.send))
            search = after
        else:
            done |= set(points(step.send))
            search = passed(search)
    return done, lost, jobs


def error_of(pieces: Pieces, bad: set[int], *, names: bool) -> JobFailed:
    for pub, piece in enumerate(pieces):
        for at in range(piece.size):
            if names and piece.start + at in bad:
                return failed(f"PUB {pub}: the angle at point {at} is too large")
    return failed()


@given(st.lists(st.integers(1, 300), min_size=1, max_size=4), st.data())
def test_one_bad_point_is_found_within_the_bound_and_alone(lengths: list[int], data: st.DataObject) -> None:
    pieces = pieces_of(lengths)
    bad = data.draw(st.integers(0, size_of(pieces) - 1))
    done, lost, jobs = carried_out(pieces, {bad}, extra_jobs(size_of(pieces)))
    assert lost == {bad}
    assert done == set(range(size_of(pieces))) - {bad}
    assert jobs <= (math.ceil(math.log2(size_of(pieces))) + 1 if size_of(pieces) > 1 else 0)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=4), st.integers(0, 12), st.data())
def test_every_point_ends_once_and_every_bad_one_with_an_error(
    lengths: list[int], allowed: int, data: st.DataObject
) -> None:
    pieces = pieces_of(lengths)
    whole = set(range(size_of(pieces)))
    bad = data.draw(st.sets(st.sampled_from(sorted(whole)), min_size=1))
    done, lost, jobs = carried_out(pieces, bad, allowed)
    assert done | lost == whole
    assert not done & lost
    assert bad <= lost
    assert jobs <= allowed


@given(st.sets(st.integers(0, 99), min_size=1, max_size=6))
def test_points_that_reasons_name_cost_one_job_each(bad: set[int]) -> None:
    pieces = (Piece(0, 0, 60), Piece(1, 60, 100))
    done, lost, jobs = carried_out(pieces, bad, 100, names=True)
    assert lost == bad
    assert len(done) == 100 - len(bad)
    assert jobs == len(bad)


def test_the_search_stops_when_both_halves_have_failed() -> None:
    _, lost, jobs = carried_out(ONE, set(range(100, 150)), 100)
    assert len(lost) == 50
    assert jobs <= math.ceil(math.log2(50)) + 1


@pytest.mark.parametrize(
    ("error", "pieces", "worth"),
    [
        (failed(code=1517), ONE, True),
        (failed(code=1520), ONE, True),
        (failed(code=1603), ONE, False),
        (failed(code=1603), TWO, True),
        (failed(code=1521), TWO, False),
        (failed(code=1217), TWO, False),
        (failed(code=9701), TWO, False),
        (failed(code=9999), TWO, False),
        (failed(code=1500), TWO, False),
        (JobFailed("no code", reason="no code"), TWO, False),
        (JobCancelled("cancelled", reason_code=1517), TWO, False),
        (JobRanTooLong("too long", reason_code=1305), TWO, False),
        (NotFound("gone"), TWO, False),
    ],
)
def test_a_job_is_split_only_where_its_input_is_to_blame(
    error: Exception, pieces: Pieces, worth: bool
) -> None:
    assert is_worth_splitting(error, pieces) is worth


@pytest.mark.parametrize(
    ("reason", "pieces", "expected"),
    [
        ("PUB 1, point 4 turns rzz by 3", TWO, [14]),
        ("pub #1: parameter set (4,) is bad", TWO, [14]),
        ("the angle at point (7,) is too large", ONE, [107]),
        ("the angle at point 7 is too large", ONE, [107]),
        ("the angle at point 7 is too large", TWO, []),
        ("PUB 1, point 30 is bad", TWO, []),
        ("PUB 2, point 0 is bad", TWO, []),
        ("at point (3, 4)", ONE, []),
        ("a floating point error", ONE, []),
        ("point 99999 of many", ONE, []),
        ("", ONE, []),
    ],
)
def test_a_point_that_the_reason_names(reason: str, pieces: Pieces, expected: list[int]) -> None:
    assert points(named_point(pieces, failed(reason))) == expected


@pytest.mark.parametrize(("count", "extra"), [(1, 0), (2, 2), (3, 3), (500, 10), (512, 10), (513, 11)])
def test_how_many_jobs_a_search_may_take(count: int, extra: int) -> None:
    assert extra_jobs(count) == extra
