"""What a journal holds of a sweep, and who may have it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from qrt_async import errors
from qrt_async.errors import JobFailed, NotFound, QrtError, ResultError
from qrt_async.submit.diary import Intent
from qrt_async.submit.journal import Journal
from qrt_async.sweep.book import JournalBook, NoBook
from qrt_async.sweep.entries import Opened, Title
from qrt_async.sweep.piece import Piece
from qrt_async.sweep.rows import Failure, Row

TITLE = Title(key="sweep", name="landscape", backend="ideal", points=20)
ROWS = [
    Row(id=1, piece=Piece(0, 0, 10), state="planned", job="a"),
    Row(
        id=2,
        piece=Piece(1, 10, 20),
        state="failed",
        job="b",
        place=1,
        origin="a",
        failure=Failure("JobFailed", "no"),
    ),
]


@asynccontextmanager
async def opened(
    path: Path, *, fresh: bool = False, title: Title = TITLE
) -> AsyncIterator[tuple[JournalBook, Opened]]:
    journal = Journal(path, inline=True)
    book = JournalBook(journal, set())
    try:
        await book.look(title, fresh=fresh)
        found = await book.hold()
        assert found is not None
        yield book, found
    finally:
        await journal.close()


async def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as (book, before):
        assert before == Opened()
        await book.save(ROWS)
    async with opened(tmp_path / "j.db") as (_, found):
        assert found.rows == ROWS


async def test_a_row_in_a_new_state_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as (book, _):
        await book.save(ROWS)
        await book.save([Row(id=1, piece=Piece(0, 0, 10), state="void", job="a")])
    async with opened(tmp_path / "j.db") as (_, found):
        assert [row.id for row in found.rows] == [2]


async def test_a_fresh_run_starts_with_nothing_and_the_next_one_goes_on_with_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as (book, _):
        await book.save(ROWS)
    async with opened(tmp_path / "j.db", fresh=True) as (book, found):
        assert found.rows == []
        await book.save(ROWS[:1])
    async with opened(tmp_path / "j.db") as (_, found):
        assert found.rows == ROWS[:1]


async def test_another_sweep_is_another_one(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as (book, _):
        await book.save(ROWS)
    other = Title(key="other", name="landscape", backend="ideal", points=20)
    async with opened(tmp_path / "j.db", title=other) as (_, found):
        assert found.rows == []


async def test_jobs_that_were_submitted_are_known_with_what_they_cost(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as (book, _):
        await book.save(ROWS)
        journal = book._journal
        for key in ("a", "b"):
            await journal.intend(Intent(key=key, program_id="sampler", backend="ideal", body=b"{}"))
        await journal.accepted("a", "job-1", None)
        await journal.moved("b", "withdrawn")
        await book.charge("a", 2.5)
    async with opened(tmp_path / "j.db") as (_, found):
        assert [(job.key, job.job_id, job.charged) for job in found.jobs.values()] == [("a", "job-1", 2.5)]


async def test_jobs_spent_on_a_search_are_counted_for_ever(tmp_path: Path) -> None:
    searched = [
        Row(id=1, piece=Piece(0, 0, 20), state="void", job="first"),
        Row(id=2, piece=Piece(0, 0, 10), state="void", job="test", origin="first"),
        Row(id=3, piece=Piece(0, 0, 5), state="done", job="second", origin="first"),
        Row(id=4, piece=Piece(0, 5, 6), state="failed", job="first", origin="first"),
        Row(id=5, piece=Piece(0, 6, 20), state="held", origin="first"),
    ]
    async with opened(tmp_path / "j.db") as (book, _):
        await book.save(searched)
    async with opened(tmp_path / "j.db") as (_, found):
        assert found.extra == 2


async def test_a_sweep_belongs_to_one_living_process_at_a_time(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as (book, _):
        await book.save(ROWS)
        async with opened(tmp_path / "j.db") as (_, found):
            assert (found.rows, found.holder) == (ROWS, os.getpid())
        async with opened(tmp_path / "j.db", fresh=True) as (_, found):
            assert found.holder is None
    async with opened(tmp_path / "j.db") as (_, found):
        assert found.holder is None


@pytest.mark.parametrize("cancelled", [False, True])
async def test_what_was_let_go_may_be_had_by_anybody(tmp_path: Path, cancelled: bool) -> None:
    async with opened(tmp_path / "j.db") as (book, _):
        book.close(cancelled=cancelled)
        async with opened(tmp_path / "j.db") as (_, found):
            assert (found.holder, found.cancelled) == (None, False)


async def test_what_was_cancelled_is_not_gone_on_with_by_who_followed(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as (book, _), opened(tmp_path / "j.db") as (follower, _):
        book.close(cancelled=True)
        found = await follower.hold(following=True)
        assert found is not None
        assert found.cancelled
        again = await follower.hold()
        assert again is not None
        assert (again.cancelled, again.holder) == (False, None)


async def test_results_can_be_read_after_the_journal_was_closed(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as (book, _):
        await book._journal.intend(Intent(key="a", program_id="sampler", backend="ideal", body=b"{}"))
        await book._journal.keep("a", b"result")
    assert await book.result("a") == book.result_now("a") == b"result"
    assert await book.result("b") is None


async def test_a_journal_that_is_gone_has_no_results(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as (book, _):
        pass
    for file in tmp_path.iterdir():
        file.unlink()
    assert await book.result("a") is None


async def test_without_a_journal_nothing_is_kept() -> None:
    book = NoBook()
    await book.save(ROWS)
    assert await book.look(TITLE, fresh=False) == Opened()
    assert await book.hold() is None
    assert await book.result("a") is None


async def test_the_tables_can_be_read_by_anybody(tmp_path: Path) -> None:
    async with opened(tmp_path / "j.db") as (book, _):
        await book.save(ROWS)
    with closing(sqlite3.connect(tmp_path / "j.db")) as db:
        assert db.execute("SELECT name, points FROM sweeps").fetchall() == [("landscape", 20)]
        assert db.execute("SELECT start, stop, state FROM pieces ORDER BY id").fetchall() == [
            (0, 10, "planned"),
            (10, 20, "failed"),
        ]


@pytest.mark.parametrize(
    "error",
    [
        JobFailed("job x failed", job_id="x", reason="bad", reason_code=1517, solution="mend it"),
        ResultError("it cannot be read"),
        NotFound("gone", status=404, code=1291),
        errors.NotISA("no", instruction="cz", qubits=(0, 1)),
        errors.LineFull("full", retry_after=3.0),
    ],
)
def test_an_error_that_was_written_down_says_the_same(error: QrtError) -> None:
    again = Failure.of(error).error()
    assert isinstance(again, type(error)) or type(again) is QrtError
    assert str(error).split(" [")[0] in str(again)
    assert (getattr(again, "job_id", ""), getattr(again, "reason_code", None)) == (
        getattr(error, "job_id", ""),
        getattr(error, "reason_code", None),
    )
