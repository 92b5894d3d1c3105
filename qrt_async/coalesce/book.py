"""What is written down of shares, beside the submissions: in the journal, or nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from qrt_async.coalesce.rows import BundleRow, Ending, MemberRow, Seat, Step
from qrt_async.submit.diary import Intent
from qrt_async.submit.journal import Journal
from qrt_async.submit.rows import INTENT, read_intent
from qrt_async.submit.sessions import now
from qrt_async.sweep.rows import Failure

if TYPE_CHECKING:
    import sqlite3

_LOST = "SELECT 1 FROM submissions WHERE key = ? AND (state = 'withdrawn' OR owner != ?)"
_REOPEN = (
    "UPDATE submissions SET bundle = NULL, state = 'waiting', changed = ?"
    " WHERE bundle = ? AND shared = 'member' AND state IN ('waiting', 'sending')"
)


_ALL = (
    f"SELECT {', '.join(INTENT)}, state, posts, job, bundle, first, pubs, suspicion, failure, made, reserved, charged"  # noqa: S608 - our names
    " FROM submissions"
)
"""Without results, which may be large."""


class Book(Protocol):
    """Each returns once what it says is safe."""

    async def seal(self, bundle: Intent, seats: Sequence[Seat]) -> set[str]:
        """These, and nobody else, are to leave together. Returns who was withdrawn meanwhile, or taken up, by another
        process: then nothing is written."""

    async def reopen(self, bundle: str) -> None:
        """It did not leave, for certain: who was in it waits again."""

    async def accepted(self, bundle: str, job_id: str) -> None:
        """The service took them in."""

    async def step(self, step: Step) -> None:
        """A job has ended, or cannot come to be."""

    async def keep(self, slices: Mapping[str, bytes]) -> bool:
        """The result of each; ``False`` where nothing keeps them."""

    async def result(self, key: str) -> bytes | None:
        """What was kept."""

    async def left(self, instance: str | None) -> tuple[list[MemberRow], list[BundleRow]]:
        """All that is ours, after ``claim``, in the order in which it came."""

    async def group(self, key: str) -> list[MemberRow]:
        """This member, and all who are in the same job."""

    async def adopt(self, key: str) -> None:
        """All shares of the process that had this one are ours, if it is gone."""


class NoBook:
    """While the process lives, its memory is enough."""

    async def seal(self, bundle: Intent, seats: Sequence[Seat]) -> set[str]:
        return set()

    async def reopen(self, bundle: str) -> None: ...

    async def accepted(self, bundle: str, job_id: str) -> None: ...

    async def step(self, step: Step) -> None: ...

    async def keep(self, slices: Mapping[str, bytes]) -> bool:
        return False

    async def result(self, key: str) -> bytes | None:
        return None

    async def left(self, instance: str | None) -> tuple[list[MemberRow], list[BundleRow]]:
        return [], []

    async def group(self, key: str) -> list[MemberRow]:
        return []

    async def adopt(self, key: str) -> None: ...


class JournalBook:
    """In the rows of the submissions."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def seal(self, bundle: Intent, seats: Sequence[Seat]) -> set[str]:
        def write(db: sqlite3.Connection) -> set[str]:
            owner = self._journal.owner
            gone = {seat.key for seat in seats if db.execute(_LOST, (seat.key, owner)).fetchone()}
            if not gone:
                db.execute(*self._journal.inserting(bundle))
                db.execute(_REOPEN, (now(), bundle.key))
                _seat(db, bundle.key, seats)
            return gone

        return await self._journal.run(write)

    async def reopen(self, bundle: str) -> None:
        await self._journal.run(lambda db: db.execute(_REOPEN, (now(), bundle)).close())

    async def accepted(self, bundle: str, job_id: str) -> None:
        statement = (
            "UPDATE submissions SET state = 'accepted', job = ?, changed = ?"
            " WHERE bundle = ? AND state IN ('waiting', 'sending', 'accepted')"
        )
        await self._journal.run(lambda db: db.execute(statement, (job_id, now(), bundle)).close())

    async def step(self, step: Step) -> None:
        def write(db: sqlite3.Connection) -> None:
            for ending in step.ended:
                _end(db, ending)
            for one in step.waiting:
                db.execute(
                    "UPDATE submissions SET suspicion = ?, origin = ?, failure = ?, changed = ? WHERE key = ?",
                    (one.suspicion, step.origin, _written(one.failure), now(), one.key),
                )
            if step.bundle is not None:
                db.execute(*self._journal.inserting(step.bundle))
                _seat(db, step.bundle.key, step.seats)

        await self._journal.run(write)

    async def keep(self, slices: Mapping[str, bytes]) -> bool:
        moment = now()
        rows = [(body, moment, key) for key, body in slices.items()]
        statement = "UPDATE submissions SET result = ?, changed = ? WHERE key = ?"
        await self._journal.run(lambda db: db.executemany(statement, rows).close())
        return True

    async def result(self, key: str) -> bytes | None:
        return await self._journal.result(key)

    async def left(self, instance: str | None) -> tuple[list[MemberRow], list[BundleRow]]:
        owner = self._journal.owner
        return await self._journal.run(lambda db: _left(db, owner, instance))

    async def group(self, key: str) -> list[MemberRow]:
        statement = (
            f"{_ALL} WHERE shared = 'member' AND (key = :key"  # noqa: S608 - our names
            " OR bundle = (SELECT bundle FROM submissions WHERE key = :key)) ORDER BY rowid"
        )
        rows = await self._journal.run(lambda db: _select(db, statement, {"key": key}))
        return [_member(row) for row in rows]

    async def adopt(self, key: str) -> None:
        owner = self._journal.owner

        def write(db: sqlite3.Connection) -> None:
            self._journal.living(db)
            taken = db.execute(
                "UPDATE submissions SET owner = ? WHERE shared IS NOT NULL"
                " AND owner = (SELECT owner FROM submissions WHERE key = ?)"
                " AND owner NOT IN (SELECT id FROM owners)",
                (owner, key),
            )
            if taken.rowcount:
                self._journal.take_over(db)

        await self._journal.run(write)


def _seat(db: sqlite3.Connection, bundle: str, seats: Iterable[Seat]) -> None:
    db.executemany(
        "UPDATE submissions SET bundle = ?, first = ?, pubs = ?, suspicion = NULL,"
        " state = CASE WHEN state = 'waiting' THEN 'sending' ELSE state END WHERE key = ?",
        [(bundle, *seat.span, seat.key) for seat in seats],
    )


def _end(db: sqlite3.Connection, ending: Ending) -> None:
    db.execute(
        # Who only wants it no more may still be in a search, which cannot do without.
        "UPDATE submissions SET state = :state, detail = :detail, failure = :failure, changed = :now,"
        " suspicion = CASE WHEN :kept THEN suspicion END, body = CASE WHEN :kept THEN body END"
        " WHERE key = :key AND state NOT IN ('ended', 'failed', 'withdrawn')",
        {
            "state": ending.state,
            "detail": ending.detail,
            "failure": _written(ending.failure),
            "now": now(),
            "kept": ending.failure is not None and ending.failure.kind == "JobCancelled",
            "key": ending.key,
        },
    )


def _written(failure: Failure | None) -> str | None:
    return None if failure is None else msgspec.json.encode(failure).decode()


def _left(
    db: sqlite3.Connection, owner: str, instance: str | None
) -> tuple[list[MemberRow], list[BundleRow]]:
    rows = _select(
        db,
        f"{_ALL} WHERE owner = ? AND instance IS ? AND state != 'withdrawn'"
        " AND shared IS NOT NULL ORDER BY rowid",
        (owner, instance),
    )
    members = [_member(row) for row in rows if row["shared"] == "member"]
    return members, [_bundle(row) for row in rows if row["shared"] == "bundle"]


def _select(db: sqlite3.Connection, statement: str, values: Any) -> list[dict[str, Any]]:
    cursor = db.execute(statement, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _member(row: dict[str, Any]) -> MemberRow:
    failure = row["failure"]
    return MemberRow(
        intent=read_intent(row),
        state=row["state"],
        job_id=row["job"],
        bundle=row["bundle"],
        span=(row["first"] or 0, row["pubs"] or 0),
        suspicion=row["suspicion"],
        failure=None if failure is None else msgspec.json.decode(failure, type=Failure),
        made=datetime.fromisoformat(row["made"]),
    )


def _bundle(row: dict[str, Any]) -> BundleRow:
    return BundleRow(
        intent=read_intent(row),
        state=row["state"],
        posts=row["posts"],
        job_id=row["job"],
        uncharged=row["reserved"] is not None and row["charged"] is None,
    )
