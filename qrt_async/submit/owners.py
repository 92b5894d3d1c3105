"""Which process is alive that has a file of ours open: each holds a lock that the system takes back when it dies."""

from __future__ import annotations

import contextlib
import os
import sys
import weakref
from pathlib import Path


class Lock:
    """A lock file of one owner."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._release: weakref.finalize[[Path, int, int], Lock] | None = None

    def take(self) -> bool:
        """``False`` if somebody alive holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            return False
        # At the latest when the interpreter ends; if it cannot, the system takes back the lock and not the file.
        self._release = weakref.finalize(self, _release, self._path, descriptor, os.getpid())
        return True

    def drop(self) -> None:
        """Give it back, and the file away."""
        if self._release is not None:
            self._release()


def lock_of(file: Path, owner: str) -> Lock:
    """Where the lock of one who has the file open lies: beside it, by whichever name it was opened."""
    real = file.resolve()
    return Lock(real.with_name(f"{real.name}-{owner}.lock"))


def is_alive(file: Path, owner: str) -> bool:
    """Has the owner the file open?"""
    lock = lock_of(file, owner)
    alive = not lock.take()
    lock.drop()
    return alive


def _release(path: Path, descriptor: int, pid: int) -> None:
    if os.getpid() == pid:  # a child that was forked ends, and its parent lives on
        with contextlib.suppress(OSError):
            path.unlink()
    os.close(descriptor)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
