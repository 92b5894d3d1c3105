"""Where results that can be read only once are kept: a folder of raw bodies, one file for each job."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import sys
from pathlib import Path

from qrt_async.errors import ResultError


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
        """Make sure that the body can be kept, before it is asked for."""
        try:
            await asyncio.to_thread(self._prepare, job_id)
        except OSError as error:
            raise ResultError(
                f"The result of private job {job_id} can be read only once, and {self._folder} cannot be"
                f" written ({error.strerror}). It was not read. Give RuntimeService a writable folder as"
                " spool=, or spool=False to do without a copy."
            ) from error

    async def store(self, job_id: str, body: bytes) -> None:
        """Keep the body; it is on disk when this returns."""
        await asyncio.to_thread(self._store, job_id, body)

    def _load(self, job_id: str) -> bytes | None:
        try:
            return self.path(job_id).read_bytes()
        except OSError:
            return None

    def _prepare(self, job_id: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(self._open(self._part(job_id)))

    def _store(self, job_id: str, body: bytes) -> None:
        part = self._part(job_id)
        with os.fdopen(self._open(part), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path(job_id))
        self._sync_folder()

    def _part(self, job_id: str) -> Path:
        return self.path(job_id).with_suffix(".part")

    @staticmethod
    def _open(path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def _sync_folder(self) -> None:
        with contextlib.suppress(OSError):  # Windows cannot open a folder
            descriptor = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
