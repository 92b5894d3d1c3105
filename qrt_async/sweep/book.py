"""What is written down of sweeps, beside the submissions: in the journal, or nowhere."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from qrt_async.errors import JournalError
from qrt_async.submit.journal import Journal
from qrt_async.sweep import entries
from qrt_async.sweep.entries import Opened, Title
from qrt_async.sweep.rows import Row

if TYPE_CHECKING:
    import sqlite3


class Book(Protocol):
    """Each returns once what it says is safe."""

    @property
    def keeps(self) -> bool:
        """Will results be there after this process, and not in memory before?"""

    async def look(self, title: Title, *, fresh: bool) -> Opened:
        """How the latest run of this sweep was left; nothing, for a ``fresh`` one."""

    async def hold(self, *, following: bool = False) -> Opened | None:
        """How it stands by now; it is ours alone from now on, unless it says who is its ``holder``. One that was
        ``following`` does not get what was ``cancelled``. ``None`` where memory knows best."""

    def close(self, *, cancelled: bool = False, keep: bool = False) -> None:
        """The run is over: another one may have the sweep. To ``keep`` is to let none but those of this Submitter have
        it, which has jobs of it under way."""

    async def save(self, rows: Sequence[Row]) -> None:
        """New rows, and old ones in their new state: all of them, or none."""

    async def charge(self, job: str, charged: float) -> None:
        """What a job cost, in seconds of QPU time."""

    async def result(self, job: str) -> bytes | None:
        """The result of a submission as the service sent it, if it is kept here."""

    def result_now(self, job: str) -> bytes | None:
        """The same for one who may block."""


class NoBook:
    """While the process lives, its memory is enough."""

    keeps = False

    async def look(self, title: Title, *, fresh: bool) -> Opened:
        return Opened()

    async def hold(self, *, following: bool = False) -> Opened | None:
        return None

    def close(self, *, cancelled: bool = False, keep: bool = False) -> None: ...

    async def save(self, rows: Sequence[Row]) -> None: ...

    async def charge(self, job: str, charged: float) -> None: ...

    async def result(self, job: str) -> bytes | None:
        return None

    def result_now(self, job: str) -> bytes | None:
        return None


class JournalBook:
    """In the file of a journal, in tables of its own. ``under_way`` are the sweeps of its Submitter."""

    keeps = True

    def __init__(self, journal: Journal, under_way: set[tuple[str, int]]) -> None:
        self._journal = journal
        self._under_way = under_way
        self._title = Title(key="", name="", backend="", points=0)
        self._fresh = False
        self._run = 0
        """0 until it is known which."""

    async def look(self, title: Title, *, fresh: bool) -> Opened:
        self._title, self._fresh = title, fresh
        return await self._journal.run(self._look)

    async def hold(self, *, following: bool = False) -> Opened | None:
        self._run, opened = await self._journal.run(lambda db: self._hold(db, following))
        self._fresh = False
        if opened.holder is None and not opened.cancelled:
            if self._mine in self._under_way:
                return replace(opened, holder=os.getpid())
            self._under_way.add(self._mine)
        return opened

    def close(self, *, cancelled: bool = False, keep: bool = False) -> None:
        mine = self._mine
        self._under_way.discard(mine)
        if keep:
            return
        owner = entries.CANCELLED if cancelled else entries.NOBODY
        with suppress(JournalError):  # closed before: that we are gone tells it
            self._journal.begin(lambda db: entries.hand_over(db, *mine, owner))

    async def save(self, rows: Sequence[Row]) -> None:
        found = list(rows)
        await self._journal.run(lambda db: entries.save(db, *self._mine, found))

    async def charge(self, job: str, charged: float) -> None:
        await self._journal.charged(job, charged)

    async def result(self, job: str) -> bytes | None:
        return await asyncio.to_thread(self.result_now, job)

    def result_now(self, job: str) -> bytes | None:
        return kept_result(self._journal.path, job)

    @property
    def _mine(self) -> tuple[str, int]:
        return self._title.key, self._run

    # --- in the writer's thread --------------------------------------------------------------------------

    def _look(self, db: sqlite3.Connection) -> Opened:
        found = None if self._fresh else entries.latest(db, *self._mine)
        return Opened() if found is None else entries.read(db, self._title.key, found[0])

    def _hold(self, db: sqlite3.Connection, following: bool) -> tuple[int, Opened]:
        key, ours = self._title.key, self._journal.owner
        found = entries.latest(db, *self._mine)
        if found is None or self._fresh:
            run = 1 if found is None else found[0] + 1
            entries.begin(db, self._title, run, ours)
            return run, Opened()
        run, owner = found
        living = self._journal.living(db)
        if owner in living and owner != ours:
            return run, entries.read(db, key, run, holder=living[owner])
        opened = entries.read(db, key, run)
        if owner == entries.CANCELLED and following:
            return run, replace(opened, cancelled=True)
        if owner != ours and not opened.over:
            self._journal.take_over(db)
        entries.hand_over(db, key, run, ours)
        return run, opened


def kept_result(path: Path, job: str) -> bytes | None:
    """From the file itself: also after its journal was closed. Blocks."""
    import sqlite3

    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30.0)) as db:
            found = db.execute("SELECT result FROM submissions WHERE key = ?", (job,)).fetchone()
    except sqlite3.Error:
        return None
    body: bytes | None = None if found is None else found[0]
    return body
