"""What a journal holds of Runtime sessions: they cost money until they are closed, also those of dead processes."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from qrt_async.submit.writer import Writer

if TYPE_CHECKING:
    import sqlite3


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session whose process died. Without an id, it is not known whether it was opened."""

    key: str
    backend: str
    session_id: str | None


class KeepsSessions:
    """The part of a journal that sessions are written into."""

    owner: str
    _writer: Writer

    async def opening(self, backend: str, mode: str) -> str:
        """A session is about to be opened; returns its key."""
        key = secrets.token_hex(10)
        values = (key, self.owner, backend, mode, now(), now())
        await self._writer.run(
            lambda db: db.execute(
                "INSERT INTO sessions (key, owner, state, backend, mode, made, changed)"
                " VALUES (?, ?, 'opening', ?, ?, ?, ?)",
                values,
            ).close()
        )
        return key

    async def session(self, key: str, state: str, session_id: str | None = None) -> None:
        """It is ``open``, or ``closed``."""
        values = (state, session_id, now(), key)
        await self._writer.run(
            lambda db: db.execute(
                "UPDATE sessions SET state = ?, session = coalesce(?, session), changed = ? WHERE key = ?",
                values,
            ).close()
        )

    async def left_open(self) -> list[SessionRow]:
        """Sessions of processes that are no more; call ``claim`` first."""

        def read(db: sqlite3.Connection) -> list[SessionRow]:
            rows = db.execute(
                "SELECT key, backend, session FROM sessions WHERE state IN ('opening', 'open')"
                " AND owner NOT IN (SELECT id FROM owners)"
            )
            return [
                SessionRow(key=key, backend=backend, session_id=session) for key, backend, session in rows
            ]

        return await self._writer.run(read)


def now() -> str:
    """As it is written down."""
    return datetime.now(UTC).isoformat()
