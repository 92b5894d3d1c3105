"""What is written down of sweeps, beside the submissions: in the journal, or nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

from qrt_async.errors import InvalidInput
from qrt_async.submit.journal import Journal
from qrt_async.sweep.piece import Piece
from qrt_async.sweep.rows import Failure, JobRow, Row

if TYPE_CHECKING:
    import sqlite3

_TABLES = (
    "CREATE TABLE IF NOT EXISTS sweeps (key TEXT NOT NULL, run INTEGER NOT NULL, owner TEXT NOT NULL, name TEXT,"
    " backend TEXT NOT NULL, points INTEGER NOT NULL, made TEXT NOT NULL, PRIMARY KEY (key, run))",
    "CREATE TABLE IF NOT EXISTS pieces (sweep TEXT NOT NULL, run INTEGER NOT NULL, id INTEGER NOT NULL,"
    " circuit INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, state TEXT NOT NULL,"
    " job TEXT NOT NULL, place INTEGER NOT NULL, origin TEXT NOT NULL, failure TEXT,"
    " PRIMARY KEY (sweep, run, id))",
)


class Title(Struct, frozen=True, kw_only=True):
    """Which sweep it is."""

    key: str
    name: str
    backend: str
    points: int


class Opened(Struct, frozen=True, kw_only=True):
    """A sweep as it was left: its rows, and its jobs as far as submissions were written down."""

    rows: list[Row] = []
    jobs: dict[str, JobRow] = {}
    """Of those that were written down as submissions, and may have become a job."""
    extra: int = 0
    """How many jobs were spent on looking for a bad point."""
    last: int = 0
    """The highest number that a row ever had."""


class Book(Protocol):
    """Each returns once what it says is safe."""

    @property
    def keeps(self) -> bool:
        """Will results be there after this process, and not in memory before?"""

    async def look(self, title: Title, *, fresh: bool) -> Opened:
        """How the latest run of this sweep was left; nothing, for a ``fresh`` one."""

    async def hold(self) -> Opened | None:
        """From now on it is ours alone, as it stands by now; ``None`` where memory knows best. Raises ``InvalidInput``
        while another run has it."""

    def close(self) -> None:
        """The run is over: another one may have the sweep."""

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

    async def hold(self) -> Opened | None:
        return None

    def close(self) -> None: ...

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

    async def hold(self) -> Opened | None:
        if self._mine in self._under_way:
            raise self._taken("under way in this Submitter already: use the SweepRun that you have of it.")
        run, opened = await self._journal.run(self._hold)
        if isinstance(opened, int):
            raise self._taken(
                f"being run by process {opened}, which has the same journal open: let that one finish."
            )
        self._run, self._fresh = run, False
        if self._mine in self._under_way:
            raise self._taken("under way in this Submitter already: use the SweepRun that you have of it.")
        self._under_way.add(self._mine)
        return opened

    def close(self) -> None:
        self._under_way.discard(self._mine)

    @property
    def _mine(self) -> tuple[str, int]:
        return self._title.key, self._run

    def _taken(self, how: str) -> InvalidInput:
        return InvalidInput(
            f"Sweep {self._title.name!r} is {how} fresh=True would start a second measurement. Nothing was sent."
        )

    async def save(self, rows: Sequence[Row]) -> None:
        found = list(rows)
        await self._journal.run(lambda db: self._save(db, found))

    async def charge(self, job: str, charged: float) -> None:
        await self._journal.charged(job, charged)

    async def result(self, job: str) -> bytes | None:
        return await asyncio.to_thread(self.result_now, job)

    def result_now(self, job: str) -> bytes | None:
        return kept_result(self._journal.path, job)

    # --- in the writer's thread --------------------------------------------------------------------------

    def _look(self, db: sqlite3.Connection) -> Opened:
        latest = None if self._fresh else self._latest(db)
        return Opened() if latest is None else _read(db, self._title.key, latest[0])

    def _hold(self, db: sqlite3.Connection) -> tuple[int, Opened | int]:
        """The run, and how it stands, or the process that has it."""
        title, ours = self._title, self._journal.owner
        latest = self._latest(db)
        if latest is None or self._fresh:
            run = 1 if latest is None else latest[0] + 1
            values = (title.key, run, ours, title.name, title.backend, title.points, _now())
            db.execute("INSERT INTO sweeps VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            return run, Opened()
        run, owner = latest
        living = self._journal.living(db)
        if owner in living and owner != ours:
            return run, living[owner]
        db.execute("UPDATE sweeps SET owner = ? WHERE key = ? AND run = ?", (ours, title.key, run))
        return run, _read(db, title.key, run)

    def _latest(self, db: sqlite3.Connection) -> tuple[int, str] | None:
        """The run that is gone on with, and whose it is: the one that was held before, else the newest."""
        for statement in _TABLES:
            db.execute(statement)
        found: tuple[int, str] | None = db.execute(
            "SELECT run, owner FROM sweeps WHERE key = ? AND run = coalesce(nullif(?, 0), run)"
            " ORDER BY run DESC LIMIT 1",
            self._mine,
        ).fetchone()
        return found

    def _save(self, db: sqlite3.Connection, rows: Iterable[Row]) -> None:
        db.executemany(
            "INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*self._mine, *_values(row)) for row in rows],
        )


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


def _read(db: sqlite3.Connection, sweep: str, run: int) -> Opened:
    found = db.execute(
        "SELECT id, circuit, start, stop, state, job, place, origin, failure FROM pieces"
        " WHERE sweep = ? AND run = ? AND state != 'void' ORDER BY id",
        (sweep, run),
    )
    rows = [_row(values) for values in found]
    jobs = db.execute(
        "SELECT key, job, charged FROM submissions WHERE (job IS NOT NULL OR state IN ('waiting', 'sending'))"
        " AND key IN (SELECT job FROM pieces WHERE sweep = ? AND run = ?)",
        (sweep, run),
    )
    known = {key: JobRow(key=key, job_id=job_id, charged=charged) for key, job_id, charged in jobs}
    extra, last = db.execute(
        "SELECT count(DISTINCT CASE WHEN origin != '' AND job NOT IN ('', origin) THEN job END), max(id) FROM pieces"
        " WHERE sweep = ? AND run = ?",
        (sweep, run),
    ).fetchone()
    return Opened(rows=rows, jobs=known, extra=extra, last=last or 0)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _values(row: Row) -> tuple[object, ...]:
    piece, failure = row.piece, row.failure
    written = None if failure is None else msgspec.json.encode(failure).decode()
    place = (row.state, row.job, row.place, row.origin)
    return (row.id, piece.circuit, piece.start, piece.stop, *place, written)


def _row(values: tuple[object, ...]) -> Row:
    number, circuit, start, stop, state, job, place, origin, failure = values
    fields = {"id": number, "state": state, "job": job, "place": place, "origin": origin}
    piece = msgspec.convert({"circuit": circuit, "start": start, "stop": stop}, Piece)
    known = None if failure is None else msgspec.json.decode(str(failure), type=Failure)
    return msgspec.convert({**fields, "piece": piece, "failure": known}, Row)
