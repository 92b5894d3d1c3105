"""The thread that owns a file: bad work fails alone, and the thread goes with its last user."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
from pathlib import Path

import pytest

import qrt_async as qrt
from qrt_async.errors import JournalError
from qrt_async.submit.machine import MachinePermits
from qrt_async.submit.writer import Work, Writer
from tests.ground import BACKEND, QASM, ground


@pytest.fixture
def path(tmp_path: Path) -> Path:
    connection = sqlite3.connect(tmp_path / "things.db")
    connection.execute("CREATE TABLE things (name TEXT NOT NULL)")
    connection.close()
    return tmp_path / "things.db"


def writer(path: Path) -> Writer:
    return Writer("the file", lambda: sqlite3.connect(path, isolation_level=None, check_same_thread=False))


def insert(name: str | None) -> Work[None]:
    return lambda db: db.execute("INSERT INTO things VALUES (?)", (name,)).close()


def names(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [row[0] for row in connection.execute("SELECT name FROM things ORDER BY rowid")]
    finally:
        connection.close()


def threads(of: Path) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if str(of) in thread.name]


async def ended(*threads: threading.Thread) -> bool:
    """Has each come to its end? They answer before they do."""
    for thread in threads:
        await asyncio.to_thread(thread.join, 10)
    return not any(thread.is_alive() for thread in threads)


async def test_one_bad_piece_of_work_takes_nothing_else_of_its_commit_with_it(path: Path) -> None:
    one, busy = writer(path), threading.Event()
    before = one.begin(lambda _: busy.wait(10))
    pieces = [one.begin(insert(name)) for name in ("a", None, "b")]
    busy.set()  # these three are committed together, as far as they can be
    assert await before
    ends = await asyncio.gather(*pieces, return_exceptions=True)
    assert [type(end) for end in ends] == [type(None), JournalError, type(None)]
    assert names(path) == ["a", "b"]
    await one.close()


async def test_whoever_is_cancelled_has_their_work_done_and_closing_waits_for_it(path: Path) -> None:
    one, busy = writer(path), threading.Event()
    before = one.begin(lambda _: busy.wait(10))
    working = asyncio.create_task(one.run(insert("a")))
    await asyncio.sleep(0)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    busy.set()
    await one.close()
    assert before.done()
    assert names(path) == ["a"]


async def test_one_that_is_dropped_unclosed_ends_its_thread(path: Path) -> None:
    one = writer(path)
    await one.run(insert("a"))
    thread = one._thread
    assert thread is not None
    del one
    gc.collect()
    assert await ended(thread)


async def test_with_the_last_service_of_a_user_the_store_of_permits_lets_go_of_its_thread(
    tmp_path: Path,
) -> None:
    permits = MachinePermits(tmp_path / "permits.db", qrt.RateLimit(5))
    async with ground() as here:
        for _ in range(2):  # whoever uses it again opens it anew
            async with (
                qrt.RuntimeService(url=here.emulator.url, spool=False, rate_limit=None) as service,
                qrt.Submitter(service, permits=permits, leave="detach") as submitter,
            ):
                await submitter.submit(qrt.Sampler([QASM]), backend=BACKEND, isa="off").job()
                (thread,) = threads(tmp_path)
            assert await ended(thread)
            assert list(tmp_path.glob("*.lock")) == []
