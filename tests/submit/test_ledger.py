"""Files that become a journal, and files that are refused and left as they are."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from qrt_async.errors import JournalError
from qrt_async.submit.diary import Account
from qrt_async.submit.journal import Journal
from qrt_async.submit.ledger import JOURNAL
from tests.submit.written import intent, old, rows

pytestmark = pytest.mark.virtual_clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


async def refused(path: Path) -> str:
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(JournalError) as caught:
        await Journal(path, inline=True).open()
    assert (path.read_bytes() if path.exists() else None) == before
    assert caught.value.submitted == "no"
    return str(caught.value)


async def test_a_file_that_is_no_database_is_left_untouched(path: Path) -> None:
    path.write_bytes(b"my precious notes\n" * 100)
    assert "left untouched" in await refused(path)


async def test_a_database_of_something_else_is_left_untouched(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    assert "something else" in await refused(path)


async def test_a_journal_of_a_newer_version_is_left_untouched(path: Path) -> None:
    journal = Journal(path, inline=True)
    await journal.open()
    await journal.close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {JOURNAL.version + 1}")
    connection.close()
    assert "newer" in await refused(path)


async def test_a_damaged_journal_is_left_untouched(path: Path) -> None:
    journal = Journal(path, inline=True)
    for n in range(500):
        await journal.intend(intent(f"{n:020x}", body=b"x" * 500))
    await journal.close()
    data = bytearray(path.read_bytes())
    data[40_000:60_000] = os.urandom(20_000)
    path.write_bytes(data)
    assert "left untouched" in await refused(path)


async def test_a_network_file_system_is_refused_with_the_reason(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qrt_async.submit.ledger.network_kind", lambda _: "nfs4")
    assert "network file system (nfs4)" in await refused(path)


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "is no folder" in await refused(tmp_path / "missing" / "runs.db")


async def test_an_empty_file_becomes_a_journal(path: Path) -> None:
    path.touch()
    journal = Journal(path, inline=True)
    await journal.intend(intent())
    await journal.close()
    assert len(rows(path)) == 1


async def test_an_older_journal_is_brought_to_the_newest_form_and_loses_nothing(path: Path) -> None:
    old(path)
    assert JOURNAL.version > 1
    journal = Journal(path, inline=True)
    found = await journal.claim("crn")
    assert [(row.intent, row.state, row.posts, row.job_id, row.uncharged) for row in found] == [
        (intent("1" * 20, tags=("t",)), "waiting", 0, None, False),
        (
            intent("2" * 20, body=None, tenant="x", priority=2, cost=5, session_id="s"),
            "ended",
            1,
            "job-1",
            False,
        ),
    ]
    assert await journal.result("2" * 20) == b"result"
    assert await journal.charged("2" * 20, 3.0) == Account(granted=True), "sent under no budget"
    await journal.close()
    fresh = path.with_name("fresh.db")
    other = Journal(fresh, inline=True)
    await other.open()
    await other.close()
    assert shape(path) == shape(fresh)


def shape(path: Path) -> set[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()
        return {version, *connection.execute("SELECT name, sql FROM sqlite_master")}
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("CREATE TABLE another (x); CREATE TABLE owners (x)", "table owners already exists"),
        # SQLite undoes all of it by itself, as it may where a disk is full.
        ("INSERT OR ROLLBACK INTO submissions SELECT * FROM submissions", "UNIQUE constraint failed"),
    ],
)
async def test_an_older_journal_that_cannot_be_brought_further_says_why_and_stays_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str, why: str
) -> None:
    old(path)
    broken = JOURNAL._replace(steps=(*JOURNAL.steps[:1], step))
    before = shape(path)
    monkeypatch.setattr("qrt_async.submit.ledger.JOURNAL", broken)
    with pytest.raises(
        JournalError, match=f"an older form of a journal \\(1\\).*to form 2: {why}.*left as it was"
    ):
        await Journal(path, inline=True).open()
    assert shape(path) == before
