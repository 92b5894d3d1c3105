"""What stands of sweeps in the file of a journal: tables of their own, and rows in and out. In the writer's thread."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from qrt_async.sweep.piece import Piece
from qrt_async.sweep.rows import Failure, JobRow, Row

if TYPE_CHECKING:
    import sqlite3

NOBODY: Final = ""
"""In the place of the owner: it is over, and anybody may have it."""
CANCELLED: Final = "cancelled"
"""In the place of the owner: it was called off, and anybody may have it who begins it anew."""

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
    """A sweep as it stands: its rows, and its jobs as far as submissions were written down."""

    rows: list[Row] = []
    jobs: dict[str, JobRow] = {}
    """Of those that were written down as submissions, and may have become a job."""
    extra: int = 0
    """How many jobs were spent on looking for a bad point."""
    last: int = 0
    """The highest number that a row ever had."""
    holder: int | None = None
    """The process that has it, where that is another run's."""
    cancelled: bool = False
    """Was it called off by whoever had it?"""

    @property
    def over(self) -> bool:
        """Has every row come to an end? Points may be missing all the same."""
        return all(row.state in {"done", "failed"} for row in self.rows)


def latest(db: sqlite3.Connection, key: str, run: int) -> tuple[int, str] | None:
    """The run that is gone on with, and whose it is: ``run`` where that is not 0, else the newest."""
    for statement in _TABLES:
        db.execute(statement)
    found: tuple[int, str] | None = db.execute(
        "SELECT run, owner FROM sweeps WHERE key = ? AND run = coalesce(nullif(?, 0), run)"
        " ORDER BY run DESC LIMIT 1",
        (key, run),
    ).fetchone()
    return found


def begin(db: sqlite3.Connection, title: Title, run: int, owner: str) -> None:
    """A new run of it."""
    made = datetime.now(UTC).isoformat()
    values = (title.key, run, owner, title.name, title.backend, title.points, made)
    db.execute("INSERT INTO sweeps VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def hand_over(db: sqlite3.Connection, key: str, run: int, owner: str) -> None:
    """From now on it is theirs."""
    db.execute("UPDATE sweeps SET owner = ? WHERE key = ? AND run = ?", (owner, key, run))


def save(db: sqlite3.Connection, key: str, run: int, rows: Iterable[Row]) -> None:
    db.executemany(
        "INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(key, run, *_values(row)) for row in rows],
    )


def read(db: sqlite3.Connection, key: str, run: int, *, holder: int | None = None) -> Opened:
    found = db.execute(
        "SELECT id, circuit, start, stop, state, job, place, origin, failure FROM pieces"
        " WHERE sweep = ? AND run = ? AND state != 'void' ORDER BY id",
        (key, run),
    )
    rows = [_row(values) for values in found]
    jobs = db.execute(
        "SELECT key, job, charged FROM submissions WHERE (job IS NOT NULL OR state IN ('waiting', 'sending'))"
        " AND key IN (SELECT job FROM pieces WHERE sweep = ? AND run = ?)",
        (key, run),
    )
    known = {job: JobRow(key=job, job_id=job_id, charged=charged) for job, job_id, charged in jobs}
    extra, last = db.execute(
        "SELECT count(DISTINCT CASE WHEN origin != '' AND job NOT IN ('', origin) THEN job END), max(id) FROM pieces"
        " WHERE sweep = ? AND run = ?",
        (key, run),
    ).fetchone()
    return Opened(rows=rows, jobs=known, extra=extra, last=last or 0, holder=holder)


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
