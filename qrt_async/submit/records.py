"""Submissions as a journal has them, for whoever asks: in the writer's thread, any process's."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from qrt_async.submit.journal import Journal
from qrt_async.submit.passage import State
from qrt_async.submit.rows import ROWS, Row, row_of
from qrt_async.submit.sessions import now

if TYPE_CHECKING:
    import sqlite3

_LISTED = (
    "SELECT rowid, key, tenant, backend, program, state, job, detail, tags, made, changed FROM submissions"
    " WHERE tenant IS ? AND instance IS ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"
)
_BY_TENANT = "CREATE INDEX IF NOT EXISTS submissions_by_tenant ON submissions (tenant)"
_LAST = 2**62


class SubmissionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A submission in a list: what was last written down of it, in whichever process it is.

    ``state`` is as in ``Submission.state``; ``detail`` is the last status of the job once it has ended, or why there
    is none. ``why_waiting`` is there where it waits in this process.
    """

    id: str
    tenant: str | None
    backend: str
    program_id: str
    state: State
    made: datetime
    changed: datetime
    job_id: str | None = None
    detail: str | None = None
    tags: tuple[str, ...] = ()
    why_waiting: str | None = None


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """A submission in the journal. ``owner`` is the process that carries it: ``None`` where that is gone."""

    row: Row
    owner: int | None
    ours: bool


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Records, the newest first, and where the next older ones begin."""

    records: tuple[SubmissionRecord, ...]
    older: int | None


Read = Callable[[int | None], Awaitable[tuple[Sequence[SubmissionRecord], int | None]]]


class SubmissionRecords:
    """Records of submissions, the newest first, a page at a time. An iterator object: drop it at any time."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._records: deque[SubmissionRecord] = deque()
        self._before: int | None = None
        self._last = False

    def __aiter__(self) -> SubmissionRecords:
        return self

    async def __anext__(self) -> SubmissionRecord:
        while not self._records:
            if self._last:
                raise StopAsyncIteration
            found, self._before = await self._read(self._before)
            self._records.extend(found)
            self._last = self._before is None
        return self._records.popleft()


async def sight(journal: Journal, keys: list[str], instance: str | None) -> dict[str, Sighting]:
    """These submissions, those of this instance, as they stand now."""

    def read(db: sqlite3.Connection) -> dict[str, Sighting]:
        living = journal.living(db)
        found = {}
        for key in keys:
            owner = db.execute(
                "SELECT owner FROM submissions WHERE key = ? AND instance IS ?", (key, instance)
            ).fetchone()
            if owner is not None:
                row = row_of(db.execute(f"{ROWS} WHERE key = ?", (key,)).fetchone())
                found[key] = Sighting(row=row, owner=living.get(owner[0]), ours=owner[0] == journal.owner)
        return found

    return await journal.run(read)


async def withdraw(journal: Journal, key: str) -> bool:
    """Whoever carries it does not send it any more; ``False`` if it may have been sent."""

    def write(db: sqlite3.Connection) -> bool:
        done = db.execute(
            "UPDATE submissions SET state = 'withdrawn', body = NULL, reserved = NULL, changed = ?"
            " WHERE key = ? AND state = 'waiting'",
            (now(), key),
        )
        return done.rowcount == 1

    return await journal.run(write)


async def withdrawn_since(journal: Journal, moment: str) -> tuple[str, list[str]]:
    """Those of this process that were withdrawn since, by whomever; and a moment to ask from the next time."""

    def read(db: sqlite3.Connection) -> tuple[str, list[str]]:
        found = db.execute(
            "SELECT key, changed FROM submissions WHERE state = 'withdrawn' AND owner = ? AND changed >= ?",
            (journal.owner, moment),
        ).fetchall()
        return max([moment, *(changed for _, changed in found)]), [key for key, _ in found]

    return await journal.run(read)


async def page(
    journal: Journal, tenant: str | None, instance: str | None, before: int | None, limit: int
) -> Page:
    """The newest of a tenant, or those that are older than ``before``."""

    def read(db: sqlite3.Connection) -> Page:
        db.execute(_BY_TENANT)
        found = db.execute(_LISTED, (tenant, instance, before or _LAST, limit)).fetchall()
        older = found[-1][0] if len(found) == limit else None
        return Page(records=tuple(_record(*row[1:]) for row in found), older=older)

    return await journal.run(read)


def _record(
    key: str,
    tenant: str | None,
    backend: str,
    program: str,
    state: State,
    job: str | None,
    detail: str | None,
    tags: str,
    made: str,
    changed: str,
) -> SubmissionRecord:
    return SubmissionRecord(
        id=key,
        tenant=tenant,
        backend=backend,
        program_id=program,
        state=state,
        made=datetime.fromisoformat(made),
        changed=datetime.fromisoformat(changed),
        job_id=job,
        detail=detail,
        tags=tuple(msgspec.json.decode(tags)),
    )
