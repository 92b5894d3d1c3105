"""The journal: on disk before a request leaves, safe for two processes, and never a token inside."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qrt_async.errors import JournalError
from qrt_async.submit.diary import Account, Diary, Intent, NoDiary
from qrt_async.submit.journal import Journal
from qrt_async.submit.ledger import JOURNAL, connect

pytestmark = pytest.mark.virtual_clock


def intent(key: str = "a" * 20, **how: Any) -> Intent:
    fields = {"program_id": "sampler", "backend": "b", "body": b"{}", "instance": "crn", **how}
    return Intent(key=key, **fields)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def rows(path: Path, what: str = "key, state, job, body") -> list[tuple[Any, ...]]:
    """As any SQLite tool reads it, while it is in use."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(f"SELECT {what} FROM submissions ORDER BY rowid").fetchall()  # noqa: S608 - ours
    finally:
        connection.close()


@pytest.fixture(params=[True, False], ids=["inline", "thread"])
def journal(path: Path, request: pytest.FixtureRequest) -> Journal:
    return Journal(path, inline=request.param)


def held(journal: Journal) -> Any:
    """A thread of ours is invisible to simulated time."""
    return asyncio.get_running_loop().held()  # type: ignore[attr-defined] # the loop with simulated time


async def test_each_step_is_in_the_file_when_it_returns(journal: Journal, path: Path) -> None:
    with held(journal):
        await journal.intend(intent())
        assert rows(path) == [("a" * 20, "waiting", None, b"{}")]
        await journal.leaving("a" * 20)
        assert rows(path) == [("a" * 20, "sending", None, b"{}")]
        await journal.accepted("a" * 20, "job-1", "s")
        assert rows(path, "state, job, session, body") == [("accepted", "job-1", "s", None)]
        await journal.moved("a" * 20, "ended", "Completed")
        assert rows(path, "state, detail") == [("ended", "Completed")]
        await journal.close()


async def test_many_at_once_share_commits_and_all_are_there(path: Path) -> None:
    journal = Journal(path)
    with held(journal):
        await asyncio.gather(*(journal.intend(intent(f"{n:020x}")) for n in range(2000)))
        assert [row[0] for row in rows(path)] == [f"{n:020x}" for n in range(2000)]
        await journal.close()


async def test_the_file_is_the_users_alone_and_synced(journal: Journal, path: Path) -> None:
    with held(journal):
        await journal.open()
        assert path.stat().st_mode & 0o777 == 0o600
        pragmas = await journal._writer.run(
            lambda db: [
                db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "user_version")
            ]
        )
        assert pragmas == ["wal", 2, JOURNAL.version]
        await journal.close()


async def test_what_a_process_that_is_gone_left_is_claimed_and_what_one_alive_has_is_not(path: Path) -> None:
    gone, alive, ours = (Journal(path, inline=True) for _ in range(3))
    await gone.intend(
        intent("1" * 20, tags=("t",), tenant="x", priority=3, cost=5, session_id="s", private=True)
    )
    await gone.intend(intent("3" * 20, instance="another"))
    await alive.intend(intent("2" * 20))
    gone._lock.drop()
    (row,) = await ours.claim("crn")
    assert row.intent == intent(
        "1" * 20, tags=("t",), tenant="x", priority=3, cost=5, session_id="s", private=True
    )
    assert (row.state, row.posts, row.job_id) == ("waiting", 0, None)
    await alive.close()
    assert [row.intent.key for row in await ours.claim("crn")] == ["1" * 20, "2" * 20]
    assert [row.intent.key for row in await ours.claim("another")] == ["3" * 20]
    await ours.close()
    assert list(path.parent.glob("*.lock")) == []


async def test_what_two_claim_one_gets(path: Path) -> None:
    gone, one, other = (Journal(path, inline=True) for _ in range(3))
    await gone.intend(intent())
    await gone.close()
    found = [await one.claim("crn"), await other.claim("crn")]
    assert [len(rows) for rows in found] == [1, 0]
    await one.close()
    await other.close()


async def test_sessions_of_the_dead_are_known_with_their_ids(path: Path) -> None:
    gone, ours = Journal(path, inline=True), Journal(path, inline=True)
    unclear = await gone.opening("b", "batch")
    opened = await gone.opening("b", "batch")
    await gone.session(opened, "open", "s-1")
    closed = await gone.opening("b", "batch")
    await gone.session(closed, "open", "s-2")
    await gone.session(closed, "closed")
    assert await ours.left_open() == []
    await gone.close()
    await ours.claim("crn")
    assert {(row.key, row.session_id) for row in await ours.left_open()} == {(unclear, None), (opened, "s-1")}
    await ours.close()


# --- budgets ------------------------------------------------------------------------------------------------


async def test_a_budget_is_counted_over_all_who_share_the_journal(path: Path) -> None:
    one, other = Journal(path, inline=True), Journal(path, inline=True)
    for journal, key in ((one, "1" * 20), (one, "2" * 20), (other, "3" * 20)):
        await journal.intend(intent(key))
    assert await one.reserve("1" * 20, 10.0, 50.0) == Account(granted=True)
    assert await other.reserve("3" * 20, 30.0, 9.0) == Account(elsewhere=10.0)
    assert rows(path, "state, posts, reserved")[2] == ("waiting", 0, None), (
        "there was no room: nothing was written"
    )
    assert await other.reserve("3" * 20, 30.0, 10.0) == Account(elsewhere=10.0, granted=True)
    await one.accepted("1" * 20, "job-1", None)
    assert await one.charged("1" * 20, 4.0) == Account(settled=4.0, elsewhere=30.0, granted=True)
    await other.moved("3" * 20, "failed", "why")
    assert await one.reserve("2" * 20, 10.0, 4.0) == Account(settled=4.0, granted=True)
    await one.doubled("1" * 20, "job-0", "job-1", 3.0)
    await one.close()
    await other.intend(intent("4" * 20))
    assert await other.reserve("4" * 20, 1.0, 0.0) == Account(settled=7.0, elsewhere=10.0)
    await other.close()


async def test_one_that_was_refused_never_left(journal: Journal, path: Path) -> None:
    with held(journal):
        await journal.intend(intent())
        await journal.reserve("a" * 20, 5.0, 10.0)
        await journal.refused("a" * 20)
        assert rows(path, "state, posts, reserved, body") == [("waiting", 0, None, b"{}")]
        for _ in range(2):
            await journal.leaving("a" * 20)
        await journal.refused("a" * 20)
        assert rows(path, "state, posts") == [("sending", 1)], "of the first it is not known"
        await journal.close()


# --- files that are refused --------------------------------------------------------------------------------


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


def old(path: Path) -> None:
    """A journal as the first version wrote it, with two submissions whose process is gone."""
    connection = connect(path, JOURNAL._replace(steps=JOURNAL.steps[:1]))
    connection.execute(
        "INSERT INTO submissions VALUES (?, 'gone', 'waiting', 'sampler', 'b', 'crn', NULL, 0, NULL, '[\"t\"]', NULL,"
        " 0, 1, ?, 0, NULL, NULL, NULL, NULL, 'then', 'then')",
        ("1" * 20, b"{}"),
    )
    connection.execute(
        "INSERT INTO submissions VALUES (?, 'gone', 'ended', 'sampler', 'b', 'crn', 'x', 2, 5, '[]', 's', 0, 1, NULL,"
        " 1, 'job-1', 'Completed', ?, NULL, 'then', 'then')",
        ("2" * 20, b"result"),
    )
    connection.close()


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


async def test_after_it_was_closed_nothing_is_written(path: Path) -> None:
    journal = Journal(path, inline=True)
    await journal.intend(intent())
    await journal.close()
    with pytest.raises(JournalError, match="closed"):
        await journal.leaving("a" * 20)


OPENING = """
import asyncio, sys
from qrt_async.submit.journal import Journal
from tests.submit.test_journal import intent

async def main():
    journal = Journal(sys.argv[1])
    await asyncio.gather(*(journal.intend(intent(f"{sys.argv[2]}{n:019x}")) for n in range(200)))
    await journal.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("before", [False, True], ids=["new", "older"])
def test_two_processes_may_open_the_same_file_at_once(path: Path, before: bool) -> None:
    if before:
        old(path)
    writing = [
        subprocess.Popen([sys.executable, "-c", OPENING, str(path), name], stderr=subprocess.PIPE)
        for name in "ab"
    ]
    for process in writing:
        assert process.communicate(timeout=50)[1] == b""
    assert len(rows(path)) == 400 + 2 * before


def test_both_keep_the_diary() -> None:
    diaries: list[Diary] = [NoDiary(), Journal("never-opened.db")]
    assert [diary.keeps for diary in diaries] == [False, True]
