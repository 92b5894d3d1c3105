"""A journal knows where it lies, so that a copy knows that it is one: as long as somebody uses the original, what is
not over in it is the original's to send. In the writer's thread."""

from __future__ import annotations

import os
import secrets
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qrt_async.errors import JournalError
from qrt_async.submit.owners import is_alive

if TYPE_CHECKING:
    import sqlite3


class _Original(NamedTuple):
    path: Path
    owners: tuple[str, ...]


def settle_in(db: sqlite3.Connection, path: Path) -> None:
    """The file lies here, unless it is a copy of one that is still where it was."""
    if db.execute("SELECT 1 FROM lies_at").fetchone() is None:
        db.execute("INSERT INTO lies_at VALUES (1, ?, ?)", (secrets.token_hex(10), os.fsencode(path)))
    elif _original_of(db, path) is None:
        db.execute("UPDATE lies_at SET path = ?", (os.fsencode(path),))


def make_independent(db: sqlite3.Connection, path: Path) -> None:
    """What is in a copy is the copy's from now on. Raises ``JournalError`` while somebody uses the original."""
    original = _original_of(db, path)
    if original is None:
        return
    if any(is_alive(original.path, owner) for owner in original.owners):
        raise JournalError(
            f"{path} is a copy of {original.path}, which a living process has open: what is not over in it is sent from"
            " there, and sent twice if it were sent from here, too. Go on there, or here once nobody uses that."
        )
    db.execute("UPDATE lies_at SET id = ?, path = ?", (secrets.token_hex(10), os.fsencode(path)))


def _original_of(db: sqlite3.Connection, path: Path) -> _Original | None:
    """The file that this one is a copy of, where that is still there."""
    mark, home = db.execute("SELECT id, path FROM lies_at").fetchone()
    there = Path(os.fsdecode(home))
    try:
        found = None if there.samefile(path) else _read(there)
    except OSError:
        return None
    return None if found is None or found[0] != mark else _Original(there, found[1])


def _read(path: Path) -> tuple[str, tuple[str, ...]] | None:
    """Which journal lies there, and who has it open; ``None`` where that cannot be told."""
    import sqlite3

    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1.0)) as db:
            (mark,) = db.execute("SELECT id FROM lies_at").fetchone()
            return mark, tuple(owner for (owner,) in db.execute("SELECT id FROM owners"))
    except (sqlite3.Error, TypeError):
        return None
