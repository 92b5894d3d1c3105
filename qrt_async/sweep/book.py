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
    "CREATE TABLE IF NOT EXISTS charges_of_sweeps (job TEXT PRIMARY KEY, charged REAL NOT NULL)",
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


class Book(Protocol):
    """Each returns once what it says is safe."""

    @property
    def keeps(self) -> bool:
        """Will results be there after this process, and not in memory before?"""

    async def open(self, title: Title, *, fresh: bool) -> Opened:
        """The latest run of this sweep, or a new one. From now on it is ours."""

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

    async def open(self, title: Title, *, fresh: bool) -> Opened:
        return Opened()

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
        self._title: Title | None = None
        self._run = 0

    async def open(self, title: Title, *, fresh: bool) -> Opened:
        self._title = title
        self._run, opened = await self._journal.run(lambda db: self._open(db, title, fresh=fresh))
        if isinstance(opened, int):
            raise InvalidInput(
                f"Sweep {title.name!r} is being run by process {opened}, which has the same journal open:"
                " let that one finish. fresh=True would start a second measurement. Nothing was sent."
            )
        if (title.key, self._run) in self._under_way:
            raise InvalidInput(
                f"Sweep {title.name!r} is under way in this Submitter already: use the SweepRun that you have of it."
                " fresh=True would start a second measurement. Nothing was sent."
            )
        self._under_way.add((title.key, self._run))
        return opened

    def close(self) -> None:
        if self._title is not None:
            self._under_way.discard((self._title.key, self._run))

    async def save(self, rows: Sequence[Row]) -> None:
        found = list(rows)
        await self._journal.run(lambda db: self._save(db, found))

    async def charge(self, job: str, charged: float) -> None:
        statement = "INSERT OR REPLACE INTO charges_of_sweeps VALUES (?, ?)"
        await self._journal.run(lambda db: db.execute(statement, (job, charged)).close())

    async def result(self, job: str) -> bytes | None:
        return await asyncio.to_thread(self.result_now, job)

    def result_now(self, job: str) -> bytes | None:
        return kept_result(self._journal.path, job)

    # --- in the writer's thread --------------------------------------------------------------------------

    def _open(self, db: sqlite3.Connection, title: Title, *, fresh: bool) -> tuple[int, Opened | int]:
        """The run, and how it was left, or the process that has it."""
        for statement in _TABLES:
            db.execute(statement)
        living = self._journal.living(db)
        latest = db.execute(
            "SELECT run, owner FROM sweeps WHERE key = ? ORDER BY run DESC LIMIT 1", (title.key,)
        ).fetchone()
        if latest is None or fresh:
            run = 1 if latest is None else latest[0] + 1
            made = datetime.now(UTC).isoformat()
            values = (title.key, run, self._journal.owner, title.name, title.backend, title.points, made)
            db.execute("INSERT INTO sweeps VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            return run, Opened()
        run, owner = latest
        if owner in living and owner != self._journal.owner:
            return run, living[owner]
        mine = (self._journal.owner, title.key, run)
        db.execute("UPDATE sweeps SET owner = ? WHERE key = ? AND run = ?", mine)
        return run, _read(db, title.key, run)

    def _save(self, db: sqlite3.Connection, rows: Iterable[Row]) -> None:
        assert self._title is not None  # noqa: S101 - opened before
        db.executemany(
            "INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(self._title.key, self._run, *_values(row)) for row in rows],
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
        "SELECT submissions.key, submissions.job, charges_of_sweeps.charged FROM submissions"
        " LEFT JOIN charges_of_sweeps ON charges_of_sweeps.job = submissions.key"
        " WHERE (submissions.job IS NOT NULL OR submissions.state IN ('waiting', 'sending'))"
        " AND submissions.key IN (SELECT job FROM pieces WHERE sweep = ? AND run = ?)",
        (sweep, run),
    )
    known = {key: JobRow(key=key, job_id=job_id, charged=charged) for key, job_id, charged in jobs}
    (extra,) = db.execute(
        "SELECT count(DISTINCT job) FROM pieces"
        " WHERE sweep = ? AND run = ? AND origin != '' AND job NOT IN ('', origin)",
        (sweep, run),
    ).fetchone()
    return Opened(rows=rows, jobs=known, extra=extra)


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
