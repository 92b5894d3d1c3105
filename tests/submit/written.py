"""Journals as tests write them, and read them behind their back."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

from qrt_async.submit.diary import Intent
from qrt_async.submit.journal import Journal
from qrt_async.submit.ledger import JOURNAL, connect


def intent(key: str = "a" * 20, **how: Any) -> Intent:
    fields = {"program_id": "sampler", "backend": "b", "body": b"{}", "instance": "crn", **how}
    return Intent(key=key, **fields)


def rows(path: Path, what: str = "key, state, job, body") -> list[tuple[Any, ...]]:
    """As any SQLite tool reads it, while it is in use."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(f"SELECT {what} FROM submissions ORDER BY rowid").fetchall()  # noqa: S608 - ours
    finally:
        connection.close()


def held(journal: Journal) -> Any:
    """A thread of ours is invisible to simulated time."""
    return asyncio.get_running_loop().held()  # type: ignore[attr-defined] # the loop with simulated time


def old(path: Path) -> None:
    """A journal as the first version wrote it, with two submissions whose process is gone."""
    connection = connect(path, JOURNAL._replace(steps=JOURNAL.steps[:1]))
    connection.execute(
        "INSERT INTO submissions VALUES (?, 'gone', 'waiting', 'sampler', 'b', 'crn', NULL, 0, NULL, '[\"t\"]', NULL,"
        " 0, 1, ?, 0, NULL, NULL, NULL, NULL, 'then', 'then')",
        ("1" * 20, b"{}"),
    )
    connection.execute(
        "INSERT INTO submissions VALUES (?, 'gone', 'ended', 'sampler', 'b', 'crn', 'x', 2, 5, '[]', 's', 0, 1, NULL,"
        " 1, 'job-1', 'Completed', ?, NULL, 'then', 'then')",
        ("2" * 20, b"result"),
    )
    connection.close()
