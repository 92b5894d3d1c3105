"""What was ordered, by whom, and when: this application's own memory, beside the journal. One SQLite file."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self

from .forms import Order

End = Literal["over", "cancelled"]

_TABLE = (
    "CREATE TABLE IF NOT EXISTS orders"
    " (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, made TEXT NOT NULL, kind TEXT NOT NULL, said TEXT NOT NULL,"
    " ended TEXT)"
)
_ROWS = "SELECT id, tenant, made, said, ended FROM orders"
_ENDED = "SELECT id, ended FROM orders WHERE id IN (SELECT value FROM json_each(?)) AND ended IS NOT NULL"


@dataclass(frozen=True)
class Record:
    """``id`` is the submission's, or the name of the sweep. How it ``ended`` is noted of sweeps: these are not taken up
    again."""

    id: str
    tenant: str
    made: datetime
    order: Order
    ended: End | None = None

    @classmethod
    def new(cls, name: str, tenant: str, order: Order) -> Self:
        return cls(name, tenant, datetime.now(UTC), order)


class Records:
    """Safe for several processes. Never blocks the loop: each question is one short visit to the file, in a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def open(self) -> None:
        await self._ask("PRAGMA journal_mode = WAL")
        await self._ask(_TABLE)

    async def add(self, record: Record) -> None:
        said = json.dumps(asdict(record.order))
        await self._ask(
            "INSERT INTO orders (id, tenant, made, kind, said) VALUES (?, ?, ?, ?, ?)",
            (record.id, record.tenant, record.made.isoformat(), record.order.kind, said),
        )

    async def forget(self, record: Record) -> None:
        await self._ask("DELETE FROM orders WHERE id = ?", (record.id,))

    async def end(self, record: Record, end: End) -> None:
        """What was noted first, stays."""
        await self._ask("UPDATE orders SET ended = coalesce(ended, ?) WHERE id = ?", (end, record.id))

    async def ended(self, names: Iterable[str]) -> dict[str, End]:
        """Those of these that have, and how."""
        return dict(await self._ask(_ENDED, (json.dumps([*names]),)))

    async def of(self, tenant: str, limit: int) -> list[Record]:
        """The newest of a tenant's, the newest first."""
        rows = await self._ask(f"{_ROWS} WHERE tenant = ? ORDER BY made DESC LIMIT ?", (tenant, limit))
        return [_record(*row) for row in rows]

    async def find(self, name: str, tenant: str) -> Record | None:
        """Only its tenant's: to others there is none."""
        rows = await self._ask(f"{_ROWS} WHERE id = ? AND tenant = ?", (name, tenant))
        return _record(*rows[0]) if rows else None

    async def unfinished(self) -> list[Record]:
        """Sweeps of all tenants, the oldest first."""
        rows = await self._ask(f"{_ROWS} WHERE kind = 'sweep' AND ended IS NULL ORDER BY made")
        return [_record(*row) for row in rows]

    async def _ask(self, statement: str, values: tuple[str | int, ...] = ()) -> list[Any]:
        def visit() -> list[Any]:
            with closing(sqlite3.connect(self._path, timeout=30.0)) as db, db:
                return db.execute(statement, values).fetchall()

        return await asyncio.to_thread(visit)


def _record(name: str, tenant: str, made: str, said: str, ended: End | None) -> Record:
    order = json.loads(said)
    order["values"] = tuple(order["values"])
    return Record(name, tenant, datetime.fromisoformat(made), Order(**order), ended)
