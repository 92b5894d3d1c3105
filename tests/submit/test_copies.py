"""A journal is one SQLite file: any tool reads it, and copies it, while it is in use."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

import qrt_async as qrt
from qrt_async.errors import JournalError
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, COUNTS, QASM, ground
from tests.submit.written import held, intent, rows
from tests.sweep.ground import inline, open_ground, read, sweep

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)
TOOL = shutil.which("sqlite3")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


async def test_one_file_by_two_names_is_one_journal(path: Path) -> None:
    """Also for who asks whether the one who has something in line is alive."""
    other_name = path.with_name("link.db")
    other_name.symlink_to(path)
    one, other = Journal(path, inline=True), Journal(other_name, inline=True)
    await one.intend(intent("1" * 20))
    await other.intend(intent("2" * 20))
    assert [row.intent.key for row in await other.claim("crn")] == ["2" * 20]
    assert [row.intent.key for row in await one.claim("crn")] == ["1" * 20]
    await one.close()
    await other.close()


async def test_a_journal_is_where_it_was_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    journal = Journal(path.name, inline=True)
    monkeypatch.chdir("/")
    await journal.open()
    assert path.exists()
    await journal.close()


async def test_a_copy_that_is_made_while_it_is_in_use_is_whole(path: Path) -> None:
    journal, copy = Journal(path), path.with_name("copy.db")

    async def write(begin: int) -> None:
        for n in range(begin, begin + 100):
            await journal.intend(intent(f"{n:020x}", body=b"x" * 500))

    def backup() -> None:
        original, target = sqlite3.connect(path), sqlite3.connect(copy)
        original.backup(target, pages=1)
        original.close()
        target.close()

    with held(journal):
        await write(0)
        await asyncio.gather(write(100), asyncio.to_thread(backup))
        await journal.close()
    copied = rows(copy)
    assert 100 <= len(copied) <= 200
    assert copied == rows(path)[: len(copied)]
    reader = Journal(copy, inline=True)
    assert len(await reader.keys()) == len(copied)
    await reader.close()


def copied(path: Path, name: str = "copy.db") -> Path:
    copy = path.with_name(name)
    with closing(sqlite3.connect(path)) as original, closing(sqlite3.connect(copy)) as target:
        original.backup(target)
    return copy


async def test_what_waits_in_a_copy_is_the_originals_while_that_is_in_use(path: Path) -> None:
    one, later = Journal(path, inline=True), Journal(path, inline=True)
    await one.intend(intent("1" * 20))
    copy = Journal(copied(path), inline=True)
    with pytest.raises(JournalError, match=r"is a copy of .*runs\.db, which a living process has open"):
        await copy.claim("crn")
    await one.close()
    await later.open()
    with pytest.raises(JournalError, match="is a copy"):  # whoever it is that has it
        await copy.adopt(["1" * 20])
    assert [row.intent.key for row in await later.claim("crn")] == ["1" * 20]
    await later.close()
    assert [row.intent.key for row in await copy.claim("crn")] == ["1" * 20]
    await copy.close()


async def test_a_copy_that_went_on_is_a_journal_of_its_own(path: Path) -> None:
    one = Journal(path, inline=True)
    await one.intend(intent("1" * 20))
    await one.close()
    copy = Journal(copied(path), inline=True)
    assert len(await copy.claim("crn")) == 1
    await copy.close()
    again, original = Journal(copy.path, inline=True), Journal(path, inline=True)
    await original.open()
    assert len(await again.claim("crn")) == 1
    await again.close()
    await original.close()


async def test_what_is_new_in_a_copy_is_its_own(path: Path) -> None:
    one, copy = Journal(path, inline=True), Journal(path.with_name("copy.db"), inline=True)
    await one.open()
    copied(path)
    await copy.intend(intent("2" * 20))
    assert [row.intent.key for row in await copy.adopt(["2" * 20])] == ["2" * 20]
    await one.close()
    await copy.close()


async def test_a_journal_that_was_moved_is_no_copy(path: Path) -> None:
    """In the place of the one that was moved there may be a new one."""
    one = Journal(path, inline=True)
    await one.intend(intent("1" * 20))
    await one.close()
    moved, new = path.rename(path.with_name("moved.db")), Journal(path, inline=True)
    await new.open()
    ours = Journal(moved, inline=True)
    assert len(await ours.claim("crn")) == 1
    await ours.close()
    await new.close()


async def test_a_copy_of_a_journal_in_use_is_read_and_does_not_send(path: Path) -> None:
    async with (
        ground(rate_limit=qrt.RateLimit(1)) as here,
        qrt.Submitter(here.service, journal=Journal(path, inline=True)) as one,
    ):
        first, second = (one.submit(SAMPLER, backend=BACKEND) for _ in range(2))
        await first
        await asyncio.sleep(1)
        async with qrt.Submitter(here.service, journal=Journal(copied(path), inline=True)) as reader:
            assert (await (await reader.find(first.id)))[0].data.bits("meas").get_counts() == COUNTS
            for asking in (reader.find(second.id), reader.cancel(second.id), reader.recover()):
                with pytest.raises(JournalError, match="is a copy"):
                    await asking
        await second
        assert len(await here.jobs()) == 2


async def test_a_sweep_is_read_from_a_copy_and_goes_on_in_the_original(path: Path) -> None:
    async with open_ground(journal=path, rate_limit=(2, 60.0)) as (here, submitter):
        runs = [submitter.sweep(sweep(), backend=BACKEND, name=name, pack=10) for name in ("over", "waits")]
        await runs[0]
        runs[1].start()
        await asyncio.sleep(1)
        async with qrt.Submitter(here.service, journal=inline(copied(path))) as reader:
            over, waits = (
                reader.sweep(sweep(), backend=BACKEND, name=name, pack=10) for name in ("over", "waits")
            )
            assert all(read(point) == point.index for point in await over)
            with pytest.raises(JournalError, match="is a copy"):
                await waits
        assert all(read(point) == point.index for point in await runs[1])
        assert len(await here.jobs()) == 4


def tool(path: Path, command: str) -> str:
    assert TOOL is not None
    done = subprocess.run([TOOL, str(path), command], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.skipif(TOOL is None, reason="the tool is not there")
async def test_sqlites_own_tool_reads_and_copies_it_while_it_is_in_use(path: Path) -> None:
    journal = Journal(path, inline=True)
    await journal.intend(intent("1" * 20, tags=("mine",), tenant="alice"))
    told = tool(path, "SELECT key, state, program, backend, tenant, tags FROM submissions")
    assert told == f'{"1" * 20}|waiting|sampler|b|alice|["mine"]\n'
    copy = path.with_name("copy.db")
    tool(path, f".backup {copy}")
    await journal.close()
    assert rows(copy) == rows(path)
