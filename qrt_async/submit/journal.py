"""The journal of submissions on disk: what was meant to be sent, what may have left, what became of it."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from qrt_async.errors import InvalidInput, JournalError
from qrt_async.submit import copies
from qrt_async.submit.diary import Account, Intent, RowState, Withdrawn, taken_over, withdrawn
from qrt_async.submit.owners import Lock, is_alive, lock_of
from qrt_async.submit.rows import COLUMNS, ROWS, Row, row_of
from qrt_async.submit.sessions import KeepsSessions, now
from qrt_async.submit.writer import Writer

if TYPE_CHECKING:
    import sqlite3

_ACCOUNT = """
SELECT (SELECT total(charged) FROM submissions WHERE reserved IS NOT NULL)
     + (SELECT total(doubles.charged) FROM doubles JOIN submissions USING (key) WHERE reserved IS NOT NULL),
       (SELECT total(reserved) FROM submissions WHERE reserved IS NOT NULL AND charged IS NULL AND owner != ?)
"""
"""What counts in a budget: that which was sent under one. Charged, doubles included; and reserved by others."""

_ACCEPTED = (
    "UPDATE submissions SET state = 'accepted', job = ?, session = coalesce(?, session), body = NULL, changed = ?"
    " WHERE key = ?"
)

T = TypeVar("T")


class Journal(KeepsSessions):
    """One file, readable with any SQLite tool, safe for several processes, safe to copy with SQLite's own means while
    in use (``sqlite3 runs.db ".backup copy.db"``). Never holds a token. ``inline`` works without a thread, and blocks:
    for tests.

    While a process of this machine uses the original, a copy is for reading: ``recover()`` in it is ``JournalError``.
    Later, or on another machine, that sends what was in line when the copy was made, whether or not the original has
    sent it since: go on with one of the two only.

    The file belongs to its user alone (mode 0600): it holds what is submitted until the service has it.
    """

    keeps = True

    def __init__(self, path: str | Path, *, inline: bool = False) -> None:
        self.path = Path(path).absolute()
        self.owner = secrets.token_hex(6)
        self._lent = False
        self._lock: Lock = lock_of(self.path, self.owner)
        self._writer = Writer(f"the journal {self.path}", self._connect, inline=inline)

    async def open(self) -> None:
        """Raises ``JournalError`` where it cannot be used."""
        await self._writer.run(lambda _: None)

    async def intend(self, intent: Intent) -> None:
        await self._do(*self.inserting(intent))

    def inserting(self, intent: Intent) -> tuple[str, dict[str, Any]]:
        """What writes it down, unless it is there."""
        fields: dict[str, Any] = {
            COLUMNS.get(name, name): getattr(intent, name) for name in intent.__struct_fields__
        }
        fields |= {"tags": msgspec.json.encode(intent.tags).decode(), "owner": self.owner, "state": "waiting"}
        fields |= {"made": now(), "changed": now()}
        names = ", ".join(fields)
        marks = ", ".join(f":{name}" for name in fields)
        return f"INSERT OR IGNORE INTO submissions ({names}) VALUES ({marks})", fields  # noqa: S608 - our names

    async def leaving(self, key: str) -> None:
        def write(db: sqlite3.Connection) -> Withdrawn | None:
            lost = self._lost(db, key)
            if lost is None:
                db.execute(
                    "UPDATE submissions SET state = 'sending', posts = posts + 1, changed = ? WHERE key = ?",
                    (now(), key),
                )
            return lost

        lost = await self._writer.run(write)
        if lost is not None:
            raise lost

    async def reserve(self, key: str, cost: float, room: float) -> Account:
        def write(db: sqlite3.Connection) -> Account | Withdrawn:
            lost = self._lost(db, key)
            if lost is not None:
                return lost
            account = self._account(db)
            if account.settled + account.elsewhere > room:
                return account
            db.execute(
                "UPDATE submissions SET state = 'sending', posts = posts + 1, reserved = ?, changed = ? WHERE key = ?",
                (cost, now(), key),
            )
            return msgspec.structs.replace(account, granted=True)

        account = await self._writer.run(write)
        if isinstance(account, Withdrawn):
            raise account
        return account

    async def refused(self, key: str) -> None:
        await self._do(
            "UPDATE submissions SET state = CASE WHEN posts > 1 THEN state ELSE 'waiting' END, posts = posts - 1,"
            " reserved = NULL, changed = ? WHERE key = ?",
            (now(), key),
        )

    async def charged(self, key: str, seconds: float) -> Account:
        def write(db: sqlite3.Connection) -> Account:
            db.execute("UPDATE submissions SET charged = ?, changed = ? WHERE key = ?", (seconds, now(), key))
            return msgspec.structs.replace(self._account(db), granted=True)

        return await self._writer.run(write)

    async def accepted(self, key: str, job_id: str, session_id: str | None) -> None:
        await self._do(_ACCEPTED, (job_id, session_id, now(), key))

    async def found(self, intent: Intent, job_id: str, session_id: str | None) -> None:
        """A job whose submission is not written down. All of it at once: an intent alone would be sent."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(*self.inserting(intent))
            db.execute(_ACCEPTED, (job_id, session_id, now(), intent.key))

        await self._writer.run(write)

    async def moved(self, key: str, state: RowState, detail: str | None = None) -> None:
        await self._do(
            "UPDATE submissions SET state = :state, detail = :detail, changed = :now,"
            " body = CASE WHEN :state IN ('waiting', 'sending') THEN body END,"
            " reserved = CASE WHEN :state IN ('failed', 'withdrawn') THEN NULL ELSE reserved END"
            # One whose job could not be written down stays as it is, to be found by its tag.
            " WHERE key = :key AND (job IS NOT NULL OR :state != 'ended')",
            {"state": state, "detail": detail, "now": now(), "key": key},
        )

    async def keep(self, key: str, body: bytes) -> None:
        """The result of its job, as the service sent it."""
        await self._do("UPDATE submissions SET result = ?, changed = ? WHERE key = ?", (body, now(), key))

    async def spooled(self, key: str, path: str | None) -> None:
        """Where the result of its private job is, once it was read."""
        await self._do("UPDATE submissions SET spool = ?, changed = ? WHERE key = ?", (path, now(), key))

    async def result(self, key: str) -> bytes | None:
        """The result that was kept."""

        def read(db: sqlite3.Connection) -> bytes | None:
            found = db.execute("SELECT result FROM submissions WHERE key = ?", (key,)).fetchone()
            body: bytes | None = None if found is None else found[0]
            return body

        return await self._writer.run(read)

    async def has_result(self, key: str) -> bool:
        """Was a result kept?"""
        asked = "SELECT 1 FROM submissions WHERE key = ? AND result IS NOT NULL"
        return await self._writer.run(lambda db: db.execute(asked, (key,)).fetchone() is not None)

    async def doubled(self, key: str, kept: str, job_id: str, charged: float | None) -> None:
        """A submission had become two jobs, and this one was cancelled."""
        await self._do(
            "INSERT OR REPLACE INTO doubles (job, key, kept, charged, found) VALUES (?, ?, ?, ?, ?)",
            (job_id, key, kept, charged, now()),
        )

    async def claim(self, instance: str | None) -> list[Row]:
        """What processes that are no more submitted to this instance is ours from now on; with what was before."""
        return await self._writer.run(lambda db: self._claim(db, instance))

    async def adopt(self, keys: Sequence[str]) -> list[Row]:
        """Those of these submissions that no other living process has are ours from now on."""
        return await self._writer.run(lambda db: self._adopt(db, keys))

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What ``work`` returns, committed: for who keeps more than submissions in this file."""
        return await self._writer.run(work)

    def begin(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """The same where nobody waits for it; it is done in its turn. Raises ``JournalError`` where it was closed."""
        self._writer.begin(work)

    async def keys(self) -> set[str]:
        """The keys of all submissions that were ever written down here."""
        return await self._writer.run(
            lambda db: {row[0] for row in db.execute("SELECT key FROM submissions")}
        )

    async def close(self) -> None:
        """Everything is on disk; who opens it next sees that we are gone."""
        with contextlib.suppress(JournalError):  # never opened, or broken: the lock tells it, too
            await self._writer.run(self._leave)
        await self._writer.close()
        self._lock.drop()

    def lend(self) -> Journal:
        """To one Submitter: two of the same owner would each send what the other has in line."""
        if self._lent:
            raise InvalidInput(
                f"This Journal is another Submitter's; give each the path, {str(self.path)!r}."
            )
        self._lent = True
        return self

    # --- in the writer's thread --------------------------------------------------------------------------

    async def _do(self, statement: str, values: Any) -> None:
        await self._writer.run(lambda db: db.execute(statement, values).close())

    def _connect(self) -> sqlite3.Connection:
        # Imports sqlite3, which only those need who keep a journal.
        from qrt_async.submit.ledger import JOURNAL, connect

        connection = connect(self.path, JOURNAL)
        self._lock.take()
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR REPLACE INTO owners VALUES (?, ?, ?)", (self.owner, os.getpid(), now())
            )
            copies.settle_in(connection, self.path)
        return connection

    def living(self, db: sqlite3.Connection) -> dict[str, int]:
        """Whoever has this file open, with the ids of their processes; the dead are struck off."""
        for (owner,) in db.execute("SELECT id FROM owners WHERE id != ?", (self.owner,)).fetchall():
            if not is_alive(self.path, owner):
                db.execute("DELETE FROM owners WHERE id = ?", (owner,))
        return dict(db.execute("SELECT id, pid FROM owners").fetchall())

    def take_over(self, db: sqlite3.Connection) -> None:
        """Before what a process that is gone had becomes ours. Raises ``JournalError`` where the original of a copy
        is in use: there it goes on."""
        copies.make_independent(db, self.path)

    def _claim(self, db: sqlite3.Connection, instance: str | None) -> list[Row]:
        self.take_over(db)
        self.living(db)
        db.execute(
            "UPDATE submissions SET owner = ? WHERE owner NOT IN (SELECT id FROM owners) AND instance IS ?",
            (self.owner, instance),
        )
        rows = db.execute(
            f"{ROWS} WHERE owner = ? AND instance IS ? AND state != 'withdrawn' AND shared IS NULL ORDER BY rowid",
            (self.owner, instance),
        )
        return [row_of(row) for row in rows]

    def _adopt(self, db: sqlite3.Connection, keys: Sequence[str]) -> list[Row]:
        self.living(db)
        found = []
        for key in keys:
            taken = db.execute(
                "UPDATE submissions SET owner = ? WHERE key = ? AND owner NOT IN (SELECT id FROM owners)",
                (self.owner, key),
            )
            if taken.rowcount:
                self.take_over(db)
            row = db.execute(
                f"{ROWS} WHERE key = ? AND owner = ? AND shared IS NULL", (key, self.owner)
            ).fetchone()
            if row is not None:
                found.append(row_of(row))
        return found

    def _lost(self, db: sqlite3.Connection, key: str) -> Withdrawn | None:
        """Why it is not ours to send any more."""
        found = db.execute("SELECT state, owner FROM submissions WHERE key = ?", (key,)).fetchone()
        if found is None or found[0] == "withdrawn":
            return withdrawn(key)
        return None if found[1] == self.owner else taken_over(key)

    def _account(self, db: sqlite3.Connection) -> Account:
        settled, elsewhere = db.execute(_ACCOUNT, (self.owner,)).fetchone()
        return Account(settled=settled, elsewhere=elsewhere)

    def _leave(self, db: sqlite3.Connection) -> None:
        """Rows stay whose they are: with nobody alive to own them, the next one claims them."""
        db.execute("DELETE FROM owners WHERE id = ?", (self.owner,))
