"""The journal: on disk before a request leaves, safe for two processes, and never a token inside."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from qrt_async.errors import JournalError
from qrt_async.submit.diary import Account, Diary, NoDiary
from qrt_async.submit.journal import Journal
from qrt_async.submit.ledger import JOURNAL
from tests.submit.written import held, intent, old, rows

pytestmark = pytest.mark.virtual_clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


@pytest.fixture(params=[True, False], ids=["inline", "thread"])
def journal(path: Path, request: pytest.FixtureRequest) -> Journal:
    return Journal(path, inline=request.param)


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


async def test_of_a_job_that_was_found_all_is_written_or_nothing(journal: Journal, path: Path) -> None:
    with held(journal):
        with pytest.raises(JournalError):
            await journal.found(intent(body=None), object(), None)  # type: ignore[arg-type] # the disk fails
        assert rows(path) == [], "with no job it would be sent, without a body"
        await journal.found(intent(body=None), "job-1", "s")
        assert rows(path, "state, job, session") == [("accepted", "job-1", "s")]
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


async def test_after_it_was_closed_nothing_is_written(path: Path) -> None:
    journal = Journal(path, inline=True)
    await journal.intend(intent())
    await journal.close()
    with pytest.raises(JournalError, match="closed"):
        await journal.leaving("a" * 20)


OPENING = """
import asyncio, sys
from qrt_async.submit.journal import Journal
from tests.submit.written import intent

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
