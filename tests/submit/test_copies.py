"""A journal is one SQLite file: any tool reads it, and copies it, while it is in use."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from qrt_async.submit.journal import Journal
from tests.submit.test_journal import held, intent, rows

pytestmark = pytest.mark.virtual_clock
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
