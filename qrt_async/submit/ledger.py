"""Our SQLite files: their forms, and what is refused. Runs in the writer's thread."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import NamedTuple

from qrt_async.errors import JournalError
from qrt_async.submit.disks import network_kind


class Form(NamedTuple):
    """What a file holds. ``mark`` is its ``application_id``, four letters in ASCII.

    ``steps`` lead from an empty file to the newest form, each from one version to the next: a new file takes all of
    them, an older one those it lacks. A step that was released is never changed; what is new becomes one more.
    """

    what: str
    mark: int
    steps: tuple[str, ...]

    @property
    def version(self) -> int:
        """The newest, in the file's ``user_version``."""
        return len(self.steps)


_SUBMISSIONS = """
CREATE TABLE owners (id TEXT PRIMARY KEY, pid INTEGER NOT NULL, since TEXT NOT NULL);
CREATE TABLE submissions (
    key TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    program TEXT NOT NULL,
    backend TEXT NOT NULL,
    instance TEXT,
    tenant TEXT,
    priority INTEGER NOT NULL,
    cost INTEGER,
    tags TEXT NOT NULL,
    session TEXT,
    private INTEGER NOT NULL,
    watch INTEGER NOT NULL,
    body BLOB,
    posts INTEGER NOT NULL DEFAULT 0,
    job TEXT,
    detail TEXT,
    result BLOB,
    spool TEXT,
    made TEXT NOT NULL,
    changed TEXT NOT NULL
);
CREATE INDEX submissions_by_state ON submissions (state, owner);
CREATE TABLE sessions (
    key TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    backend TEXT NOT NULL,
    mode TEXT NOT NULL,
    session TEXT,
    made TEXT NOT NULL,
    changed TEXT NOT NULL
);
CREATE TABLE doubles (
    job TEXT PRIMARY KEY, key TEXT NOT NULL, kept TEXT NOT NULL, charged REAL, found TEXT NOT NULL
);
"""

_CHARGES = """
ALTER TABLE submissions ADD COLUMN reserved REAL;
ALTER TABLE submissions ADD COLUMN charged REAL;
CREATE INDEX submissions_by_charge ON submissions (owner, reserved, charged) WHERE reserved IS NOT NULL;
"""
"""Seconds of QPU time that a submission under a budget may still be charged, and was."""

_SHARES = """
ALTER TABLE submissions ADD COLUMN shared TEXT;
ALTER TABLE submissions ADD COLUMN size TEXT;
ALTER TABLE submissions ADD COLUMN origin TEXT;
ALTER TABLE submissions ADD COLUMN bundle TEXT;
ALTER TABLE submissions ADD COLUMN first INTEGER;
ALTER TABLE submissions ADD COLUMN pubs INTEGER;
ALTER TABLE submissions ADD COLUMN suspicion TEXT;
ALTER TABLE submissions ADD COLUMN failure TEXT;
CREATE INDEX submissions_by_bundle ON submissions (bundle) WHERE bundle IS NOT NULL;
"""
"""Submissions that share jobs (``shared``: ``member``), and those jobs (``bundle``). A member is PUBs ``first`` and
following, ``pubs`` of them, in the job whose key is ``bundle``, unless that is still ``waiting``; ``suspicion`` and
``origin`` belong to a search for what made a job fail, ``failure`` is its error."""

_LIES_AT = (
    "CREATE TABLE lies_at (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, path BLOB NOT NULL);"
)
"""Which journal it is, and the path where it lies: of a copy, that of the original."""

JOURNAL = Form("journal", int.from_bytes(b"qrtj"), (_SUBMISSIONS, _CHARGES, _SHARES, _LIES_AT))

PERMITS = Form(
    "store of permits",
    int.from_bytes(b"qrtp"),
    (
        """
CREATE TABLE permits (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, replied REAL);
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1), closed_until REAL, latest REAL, submissions INTEGER, per REAL, margin REAL
);
INSERT INTO state VALUES (1, NULL, NULL, NULL, NULL, NULL);
""",
    ),
)


_SWITCHES = 20
"""So often a file that others are opening, too, is tried to be switched."""


def connect(path: Path, form: Form) -> sqlite3.Connection:
    """The file, made if there is none. Raises ``JournalError`` for one of another form, or that cannot be used, and
    leaves that untouched."""
    kind = network_kind(path)
    if kind is not None:
        raise JournalError(
            f"The {form.what} {path} would lie on a network file system ({kind}), where SQLite's locks cannot be relied"
            " on: two processes could send the same submission. Put it on a disk of this machine."
        )
    if not path.parent.is_dir():
        raise JournalError(f"The {form.what} {path} cannot be made: {path.parent} is no folder.")
    if path.exists() and path.stat().st_size > 0:
        _check(path, form)
    else:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, timeout=30.0, check_same_thread=False)
    try:
        _make(connection, path, form)
        _log_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switching to WAL needs the file for itself and may not wait for that; an exclusive transaction waits."""
    for left in reversed(range(_SWITCHES)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if left == 0:
                raise
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")


def _make(connection: sqlite3.Connection, path: Path, form: Form) -> None:
    """Bring an empty or older file to the newest form. Raises ``JournalError`` where an older one cannot be."""
    connection.execute("PRAGMA synchronous = FULL")
    _, version = found = _header(connection)
    if found == (form.mark, form.version):
        return
    try:
        _bring(connection, form)
    except sqlite3.Error as error:
        if version == 0:
            raise
        raise JournalError(
            f"{path} has an older form of a {form.what} ({version}) and cannot be brought to form {form.version}:"
            f" {error}. It was left as it was."
        ) from error


def _bring(connection: sqlite3.Connection, form: Form) -> None:
    """All of it or nothing. Of two processes that try, one does."""
    connection.execute("BEGIN EXCLUSIVE")
    try:
        _, version = _header(connection)
        for step in form.steps[version:]:
            for statement in step.split(";"):
                connection.execute(statement)
        if version < form.version:
            connection.execute(f"PRAGMA application_id = {form.mark}")
            connection.execute(f"PRAGMA user_version = {form.version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite may have undone it already: nothing is to hide the reason
            connection.execute("ROLLBACK")
        raise


def _check(path: Path, form: Form) -> None:
    """Read only, so that what is not ours, or broken, stays as it is."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30.0)
        try:
            application, version = _header(connection)
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        if _died_while_made(path, form, error):
            return
        raise JournalError(f"{path} cannot be read as a {form.what} ({error}). {_UNTOUCHED}") from error
    if application != form.mark and (application, version, tables) != (0, 0, 0):
        raise JournalError(f"{path} is a database of something else. {_UNTOUCHED}")
    if version > form.version:
        raise JournalError(
            f"{path} was written by a newer qrt_async (form {version}; this one knows {form.version}): upgrade it."
            f" {_UNTOUCHED}"
        )
    if sound != "ok":
        raise JournalError(f"{path} is damaged ({sound}). {_UNTOUCHED}")


def _died_while_made(path: Path, form: Form, error: sqlite3.Error) -> bool:
    """A process was killed while it gave an empty file its form: SQLite wants to write to undo that, and may."""
    if getattr(error, "sqlite_errorname", "") != "SQLITE_READONLY_ROLLBACK":
        return False
    with path.open("rb") as file:  # https://www.sqlite.org/fileformat.html#the_database_header
        header = file.read(72)
    return header[68:72] == form.mark.to_bytes(4) and int.from_bytes(header[60:64]) <= form.version


_UNTOUCHED = "It was left untouched: name another file."


def _header(connection: sqlite3.Connection) -> tuple[int, int]:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return application, connection.execute("PRAGMA user_version").fetchone()[0]
