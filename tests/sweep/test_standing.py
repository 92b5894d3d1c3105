"""What becomes of rows, and that a run that is read back from them goes on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from qrt_async.sweep.piece import Piece
from qrt_async.sweep.rows import Failure, Row
from qrt_async.sweep.split import Search, Step
from qrt_async.sweep.standing import Standing

FAILURE = Failure(kind="JobFailed", text="it cannot be run", reason_code=1517)
A, B, C = Piece(0, 0, 10), Piece(0, 10, 20), Piece(1, 20, 30)


def fresh() -> Standing:
    keys = count()
    return Standing(fresh_key=lambda: f"key{next(keys)}")


class Disk:
    """Keeps the rows that were to be written down, as a journal does."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}

    def save(self, rows: list[Row]) -> None:
        self.rows |= {row.id: row for row in rows}

    def read(self, extra: int) -> Standing:
        rows = [row for row in self.rows.values() if row.state != "void"]
        return Standing(rows, extra=extra, fresh_key=lambda: "later")


def pieces(standing: Standing, state: str) -> list[Piece]:
    return [row.piece for row in standing if row.state == state]


def test_a_plan_gives_each_job_a_key_and_each_piece_its_place() -> None:
    standing = fresh()
    rows = standing.plan([(A, C), (B,)])
    assert [(row.job, row.place, row.piece) for row in rows] == [
        ("key0", 0, A),
        ("key0", 1, C),
        ("key1", 0, B),
    ]
    assert standing.jobs() == ["key0", "key1"]
    assert [row.piece for row in standing.of_job("key0")] == [A, C]
    assert standing.missing([A, B, C, Piece(1, 30, 31)]) == (Piece(1, 30, 31),)


def test_a_job_that_ended_is_not_under_way_any_more() -> None:
    standing = fresh()
    standing.plan([(A,), (B,)])
    ended = standing.end("key1")
    assert [row.state for row in ended] == ["done"]
    assert standing.jobs() == ["key0"]
    assert standing.ended == ended
    assert (standing.points("done"), standing.points("planned")) == (10, 10)


def test_void_rows_leave_their_points_missing() -> None:
    standing = fresh()
    standing.plan([(A,), (B,)])
    failed = standing.fail(standing.of_job("key0"), FAILURE)
    gone = standing.void(failed)
    assert [row.state for row in gone] == ["void"]
    assert standing.missing([A, B]) == (A,)
    assert standing.ended == []


def test_a_search_replaces_what_it_said_before() -> None:
    standing = fresh()
    standing.plan([(A, B)])
    tested = standing.of_job("key0")
    standing.go_on("key0", Step(send=(A,), search=Search((B,))), FAILURE, tested)
    assert standing.extra == 1
    assert standing.origin_of("key1") == "key0"
    assert standing.search("key0") == Search((B,))
    assert standing.searches() == {}, "a job is out to test"
    standing.end("key1")
    assert standing.searches() == {"key0": FAILURE}
    half, rest = Piece(0, 10, 15), Piece(0, 15, 20)
    standing.go_on("key0", Step(send=(half,), search=Search((rest,))), FAILURE)
    assert pieces(standing, "suspect") == [rest]
    standing.go_on("key0", Step(failed=(half, rest)), FAILURE, standing.of_job("key2"))
    assert pieces(standing, "failed") == [half, rest]
    assert pieces(standing, "suspect") == pieces(standing, "planned") == []
    assert standing.missing([A, B]) == ()
    assert {row.job for row in standing if row.state == "failed"} == {"key0"}


@pytest.mark.parametrize("steps", range(5))
def test_a_run_that_is_read_back_stands_as_it_stood(steps: int) -> None:
    standing, disk = fresh(), Disk()
    disk.save(standing.plan([(A, B), (C,)]))
    moves: list[Callable[[], list[Row]]] = [
        lambda: standing.go_on(
            "key0", Step(send=(A,), search=Search((B,))), FAILURE, standing.of_job("key0")
        ),
        lambda: standing.end("key2"),
        lambda: standing.go_on("key0", Step(failed=(B,)), FAILURE),
        lambda: standing.end("key1"),
    ]
    for move in moves[:steps]:
        disk.save(move())
    again = disk.read(standing.extra)
    assert list(again) == list(standing)
    assert again.jobs() == standing.jobs()
    assert again.search("key0") == standing.search("key0")
    assert again.searches() == standing.searches()
    assert {row.id for row in again.ended} == {row.id for row in standing.ended}
    assert again.missing([A, B, C]) == standing.missing([A, B, C]) == ()


def test_new_rows_never_take_the_number_of_old_ones() -> None:
    standing, disk = fresh(), Disk()
    disk.save(standing.plan([(A,)]))
    again = disk.read(0)
    disk.save(again.plan([(B,)]))
    assert len(disk.rows) == 2
