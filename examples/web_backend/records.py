"""What was ordered, by whom, and when: this application's own memory, beside the journal. One SQLite file."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from .forms import Order

T = TypeVar("T")

_TABLE = "CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, made TEXT NOT NULL, said TEXT)"
_ROWS = "SELECT id, tenant, made, said FROM orders"


@dataclass(frozen=True)
class Record:
    """``id`` is the submission's, or the name of the sweep."""

    id: str
    tenant: str
    made: datetime
    order: Order


class Records:
    """Safe for several processes. Never blocks the loop: each question is one short visit to the file, in a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def open(self) -> None:
        await self._ask(lambda db: db.execute("PRAGMA journal_mode = WAL").fetchone())
        await self._ask(lambda db: db.execute(_TABLE))

    async def add(self, id: str, tenant: str, order: Order) -> Record:  # noqa: A002 - what it is
        record = Record(id, tenant, datetime.now(UTC), order)
        row = (id, tenant, record.made.isoformat(), json.dumps(asdict(order)))
        await self._ask(lambda db: db.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", row))
        return record

    async def of(self, tenant: str) -> list[Record]:
        """All of a tenant's, the newest first."""
        return await self._read(f"{_ROWS} WHERE tenant = ? ORDER BY made DESC", tenant)

    async def find(self, id: str, tenant: str) -> Record | None:  # noqa: A002 - what it is
        """Only its tenant's: to others there is none."""
        found = await self._read(f"{_ROWS} WHERE id = ? AND tenant = ?", id, tenant)
        return found[0] if found else None

    async def sweeps(self) -> list[Record]:
        """Those of all tenants, the oldest first."""
        return await self._read(f"{_ROWS} WHERE json_extract(said, '$.kind') = ? ORDER BY made", "sweep")

    async def _read(self, question: str, *values: str) -> list[Record]:
        rows = await self._ask(lambda db: db.execute(question, values).fetchall())
        return [_record(*row) for row in rows]

    async def _ask(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def visit() -> T:
            with closing(sqlite3.connect(self._path, timeout=30.0)) as db, db:
                return work(db)

        return await asyncio.to_thread(visit)


def _record(id: str, tenant: str, made: str, order: str) -> Record:  # noqa: A002 - what it is
    said = json.loads(order)
    return Record(id, tenant, datetime.fromisoformat(made), Order(**said | {"values": tuple(said["values"])}))
