"""The example web application in a process of its own, beside an emulator in another."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]
BACKEND = "emulator_ideal"
CLOSED = "emulator_heron"
"""What is for this one waits here, once it is closed."""
TROUBLE = re.compile(r"Traceback|Warning|ERROR|never (awaited|retrieved)|destroyed")
"""What a site may not say."""


class Emulated:
    """The service, and what a test may ask of it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, method: str, what: str, body: Any = None) -> Any:
        asked = Request(f"{self.url}/_emulator/{what}", json.dumps(body).encode(), method=method)  # noqa: S310 - ours
        with urlopen(asked, timeout=30) as reply:  # noqa: S310 - ours
            text = reply.read()
        return json.loads(text) if text else None

    def pause(self) -> None:
        """Jobs stay in the queue until the backend goes on. Nothing would be sent to it, so that is not told."""
        self.control(
            "POST", "faults", [{"kind": "status", "status": 404, "path": "/v1/backends/{name}/status"}]
        )
        self.control("POST", "backends", {BACKEND: {"name": "paused", "reason": "a test"}})

    def go_on(self) -> None:
        online = {"name": "online", "reason": "available"}
        self.control("POST", "backends", {BACKEND: online, CLOSED: online})

    def close(self) -> None:
        """The service says of a backend that it is paused, so nothing is sent to it."""
        self.control("POST", "backends", {CLOSED: {"name": "paused", "reason": "a test"}})

    async def has(self, count: int) -> list[Any]:
        """Its jobs, once there are so many."""
        while True:
            jobs: list[Any] = await asyncio.to_thread(self.control, "GET", "jobs")
            if len(jobs) >= count:
                return jobs
            await asyncio.sleep(0.05)


@contextmanager
def emulator() -> Iterator[Emulated]:
    command = [sys.executable, "-m", "qrt_async.emulator", "--queue-seconds", "0.5", "--run-seconds", "0.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield Emulated(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()


class Site:
    """``python -m examples.web_backend``; started again, it listens at the same port, with the same data. Without an
    emulator it has to find one by itself."""

    def __init__(self, emulated: Emulated | None, folder: Path, **settings: str) -> None:
        self._emulated = emulated
        self._folder = folder
        self._settings = settings
        self._process: subprocess.Popen[str] | None = None
        self.url = "http://127.0.0.1:0"

    @property
    def emulated(self) -> Emulated:
        assert self._emulated is not None
        return self._emulated

    def start(self, *arguments: str) -> None:
        port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", "examples.web_backend", "--port", port, *arguments]
        if self._emulated is not None:
            command += ["--data", str(self._folder / "data")]
        with (self._folder / "errors.txt").open("a") as errors:
            self._process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
                env=self._environment(),
            )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, self.errors

    def tell(self) -> None:
        """That it is to stop, and not wait for it."""
        assert self._process is not None
        self._process.terminate()

    def stop(self) -> None:
        """As who runs services does."""
        if self._process is not None:
            self.tell()
            self.ended()

    def ended(self) -> None:
        """Return once it has."""
        process, self._process = self._process, None
        assert process is not None
        process.communicate(timeout=60)

    def kill(self) -> None:
        """As a power cut does."""
        assert self._process is not None
        self._process.kill()
        self.ended()

    @property
    def errors(self) -> str:
        """All that it said of trouble."""
        return (self._folder / "errors.txt").read_text("utf-8")

    def _environment(self) -> dict[str, str]:
        kept = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith(("QISKIT_", "WEB_BACKEND_"))
        }
        said = {
            "PYTHONWARNINGS": "error",
            "HOME": str(self._folder),
            "WEB_BACKEND_SECRET": "a secret of the tests",
        }
        said |= {f"WEB_BACKEND_{name.upper()}": text for name, text in self._settings.items()}
        if self._emulated is not None:
            # A user of its own for each folder: the limit is the user's.
            said |= {"QISKIT_IBM_URL": self._emulated.url, "QISKIT_IBM_TOKEN": self._folder.name}
        return kept | said
