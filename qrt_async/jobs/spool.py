"""Where results that can be read only once are kept: a folder of raw bodies, one file for each job."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import sys
from pathlib import Path

from qrt_async.errors import ResultError

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


def chosen_spool(given: str | Path | bool | None) -> Spool | None:
    """The spool in that folder; ``None`` and ``True`` mean the platform's own, ``False`` none at all."""
    if given is False:
        return None
    return Spool(default_folder() if given is None or given is True else Path(given))


class Spool:
    """Keeps bodies on disk, readable by their owner only. All of its work is done in threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, job_id: str) -> Path:
        """Where the body of this job is kept. Ids are hashed, so that none can point elsewhere."""
        return self._folder / f"{hashlib.sha256(job_id.encode()).hexdigest()[:40]}.result"

    async def load(self, job_id: str) -> bytes | None:
        """The body, if it was kept and can be read."""
        return await asyncio.to_thread(self._load, job_id)

    async def prepare(self, job_id: str) -> None:
        """Make sure that the body can be kept, and was not begun before, ere it is asked for."""
        await self.check_part(job_id)
        try:
            await asyncio.to_thread(self._prepare, job_id)
        except OSError as error:
            raise ResultError(
                f"The result of private job {job_id} can be read only once, and {self._folder} cannot be"
                f" written ({error.strerror}). It was not read. Give RuntimeService a writable folder as"
                " spool=, or spool=False to do without a copy."
            ) from error

    async def add(self, job_id: str, piece: bytes) -> None:
        """Keep a piece that arrived."""
        await asyncio.to_thread(self._add, job_id, piece)

    async def finish(self, job_id: str, *, complete: bool) -> None:
        """All has arrived, and is on disk when this returns; or there was nothing to keep."""
        await asyncio.to_thread(self._finish if complete else self._drop, job_id)

    async def check_part(self, job_id: str, cause: Exception | None = None) -> None:
        """Raises ``ResultError`` if an earlier read was cut: the service has deleted the rest."""
        size = await asyncio.to_thread(self._arrived, job_id)
        if size:
            raise ResultError(
                f"Reading the result of private job {job_id} was cut after {size} bytes. The service deletes it"
                f" as it is read, so it is not read again; what arrived is in {self._part(job_id)}."
            ) from cause

    def _load(self, job_id: str) -> bytes | None:
        try:
            return self.path(job_id).read_bytes()
        except OSError:
            return None

    def _prepare(self, job_id: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(self._open(job_id))

    def _add(self, job_id: str, piece: bytes) -> None:
        with os.fdopen(self._open(job_id), "ab") as file:
            file.write(piece)

    def _finish(self, job_id: str) -> None:
        with os.fdopen(self._open(job_id), "ab") as file:
            os.fsync(file.fileno())
        self._part(job_id).replace(self.path(job_id))
        self._sync_folder()

    def _drop(self, job_id: str) -> None:
        self._part(job_id).unlink(missing_ok=True)

    def _arrived(self, job_id: str) -> int:
        try:
            return self._part(job_id).stat().st_size
        except OSError:
            return 0

    def _part(self, job_id: str) -> Path:
        return self.path(job_id).with_suffix(".part")

    def _open(self, job_id: str) -> int:
        return os.open(self._part(job_id), os.O_WRONLY | os.O_CREAT | os.O_APPEND | _BINARY, 0o600)

    def _sync_folder(self) -> None:
        with contextlib.suppress(OSError):  # Windows cannot open a folder
            descriptor = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
