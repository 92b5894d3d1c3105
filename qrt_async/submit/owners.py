"""Which process is alive that has the journal open: each holds a lock that the system takes back when it dies."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


class Lock:
    """A lock file of one owner."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> bool:
        """``False`` if somebody alive holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def drop(self) -> None:
        """Give it back, and the file away."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(self._descriptor)
            self._descriptor = None


def lock_of(journal: Path, owner: str) -> Lock:
    """Where the lock of an owner of the journal lies: beside it."""
    return Lock(journal.with_name(f"{journal.name}-{owner}.lock"))


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
