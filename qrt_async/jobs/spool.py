"""Where results that can be read only once are kept: a folder of raw bodies, one file for each job."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import secrets
import sys
import threading
from pathlib import Path

from qrt_async.errors import ResultError, ResultTooLong
from qrt_async.transport.bodies import MAX_RESULT

_BINARY = getattr(os, "O_BINARY", 0)
"""Windows would translate line ends."""


def default_folder() -> Path:
    """The platform's folder for a program's data."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "qrt-async" / "results"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "qrt-async" / "results"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "qrt-async" / "results"


def chosen_spool(given: str | Path | bool | None, max_result: int = MAX_RESULT) -> Spool | None:
    """The spool in that folder; ``None`` and ``True`` mean the platform's own, ``False`` none at all."""
    if given is False:
        return None
    return Spool(default_folder() if given is None or given is True else Path(given), max_result)


class Spool:
    """Keeps bodies on disk, readable by their owner only. All of its work is done in threads.

    ``max_result``: bytes of the longest body that is loaded; a longer one stays where it is.
    """

    def __init__(self, folder: Path, max_result: int = MAX_RESULT) -> None:
        self._folder = folder
        self._most = max_result

    def path(self, job_id: str) -> Path:
        """Where the body of this job is kept. Ids are hashed, so that none can point elsewhere."""
        return self._folder / f"{hashlib.sha256(job_id.encode()).hexdigest()[:40]}.result"

    async def load(self, job_id: str) -> bytes | None:
        """The body, if it was kept and can be read. ``ResultTooLong`` if it is too long to be loaded."""
        return await asyncio.to_thread(self._load, job_id)

    async def begin(self, job_id: str) -> Part:
        """Where the body goes as it arrives. ``ResultError`` if it cannot be kept, or was begun before."""
        await self.check_parts(job_id)
        try:
            return await asyncio.to_thread(self._begin, job_id)
        except OSError as error:
            raise ResultError(
                f"The result of private job {job_id} can be read only once, and {self._folder} cannot be"
                f" written ({error.strerror}). It was not read. Give RuntimeService a writable folder as"
                " spool=, or spool=False to do without a copy."
            ) from error

    def too_long(self, job_id: str, size: int) -> ResultTooLong:
        return ResultTooLong(
            f"The result of private job {job_id} has {size:,} bytes; at most {self._most:,} are held in memory"
            f" (max_result of RuntimeService). It is whole, in {self.path(job_id)}."
        )

    async def check_parts(self, job_id: str) -> None:
        """Raises ``ResultError`` if an earlier read was cut: the service has deleted the rest."""
        for part, size in await asyncio.to_thread(self._parts, job_id):
            how = f"begun before, and {size} bytes arrived; unless another process is still at it, it was cut"
            raise cut(job_id, how, part)

    def _load(self, job_id: str) -> bytes | None:
        path = self.path(job_id)
        try:
            if (size := path.stat().st_size) > self._most:
                raise self.too_long(job_id, size)
            return path.read_bytes()
        except OSError:
            return None

    def _begin(self, job_id: str) -> Part:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        whole = self.path(job_id)
        return Part(whole.with_suffix(f".{secrets.token_hex(4)}.part"), whole)

    def _parts(self, job_id: str) -> list[tuple[Path, int]]:
        with contextlib.suppress(OSError):
            parts = self._folder.glob(f"{self.path(job_id).stem}.*.part")
            return [(part, size) for part in parts if (size := part.stat().st_size)]
        return []


class Part:
    """A body on its way to the disk. Every reader has a file of their own: two processes that ask at once
    cannot spoil each other's."""

    def __init__(self, path: Path, whole: Path) -> None:
        self.path = path
        self.arrived = 0
        self._whole = whole
        self._failed = False
        # Who is cancelled leaves while a piece may still be on its way to the disk.
        self._lock = threading.Lock()
        self._file = os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb", buffering=0
        )

    async def add(self, piece: bytes) -> bool:
        """Keep a piece that arrived: is all on disk? A disk that fails meanwhile does not end the read: what
        arrives is in memory too, and would be lost with it."""
        self.arrived += len(piece)
        await asyncio.to_thread(self._add, piece)
        return not self._failed

    async def finish(self) -> bool:
        """All has arrived. Is it on disk, under its own name?"""
        return await asyncio.to_thread(self._finish)

    async def leave(self) -> None:
        """The read was cut: what arrived stays, synced; where nothing did, nothing stays."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """The same at once. More than once is fine."""
        with self._lock:
            if not self._file.closed:
                with contextlib.suppress(OSError):
                    os.fsync(self._file.fileno())
                self._file.close()
                if not self.arrived:
                    self.path.unlink(missing_ok=True)

    def _add(self, piece: bytes) -> None:
        with self._lock:
            try:
                left = memoryview(piece)
                while left:
                    left = left[self._file.write(left) :]
            except OSError:
                self._failed = True

    def _finish(self) -> bool:
        try:
            os.fsync(self._file.fileno())
            self._file.close()
            if not self._failed:
                self.path.replace(self._whole)
        except OSError:
            return False
        _sync_folder(self._whole.parent)
        return not self._failed


def cut(job_id: str, how: str, part: Path) -> ResultError:
    """The error of a read that did not come to its end."""
    return ResultError(
        f"Reading the result of private job {job_id} was {how}. The service deletes a private result as it is"
        f" read, so it is not read again; what arrived is in {part}."
    )


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # Windows cannot open a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
