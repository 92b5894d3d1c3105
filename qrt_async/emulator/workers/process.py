"""A worker process seen from the event loop: questions in, answers out, or the news of its death."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import cast

from .worker import ENVIRONMENT, HEAD, length

ROOT = Path(__file__).resolve().parents[3]
"""Where the package lies: the process must load this very one."""
STDERR_KEPT = 2000


class WorkerDied(Exception):
    """The process ended before it answered. ``code`` is its exit code, minus a signal's number."""

    def __init__(self, code: int | None, said: str) -> None:
        super().__init__(f"the process ended with code {code}" + (f": {said}" if said else ""))
        self.code = code


class WorkerProcess(asyncio.SubprocessProtocol):
    """One process, one question at a time. Belongs to the loop it was started in."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[None] = loop.create_future()
        """Done when the process has ended and all its pipes are closed."""
        self._loop = loop
        self._transport: asyncio.SubprocessTransport | None = None
        self._received = bytearray()
        self._said = bytearray()
        self._answer: asyncio.Future[bytes] | None = None

    async def start(self, cpu_seconds: float) -> bytes:
        """Start the process; returns its first message. Raises ``WorkerDied`` or ``OSError``."""
        if not sys.executable:
            raise OSError("sys.executable is empty: there is no interpreter to start a worker process with")
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        await self._loop.subprocess_exec(
            lambda: self,
            sys.executable,
            "-P",  # the working folder is none of the worker's business
            "-m",
            "qrt_async.emulator.workers.worker",
            str(cpu_seconds),
            env={**os.environ, **ENVIRONMENT, "PYTHONPATH": os.pathsep.join(paths)},
        )
        return await self._next()

    async def ask(self, *messages: bytes) -> bytes:
        """Send messages and wait for the answer. Raises ``WorkerDied``."""
        if self._transport is None or self.gone.done():
            raise WorkerDied(self._code(), "")
        self._said.clear()
        pipe = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        for message in messages:
            pipe.write(length(message))
            pipe.write(message)
        return await self._next()

    def kill(self) -> None:
        """End the process now; ``gone`` tells when it has."""
        if self._transport is None:
            if not self.gone.done():
                self.gone.set_result(None)
            return
        with contextlib.suppress(ProcessLookupError):
            self._transport.kill()
        pipe = self._transport.get_pipe_transport(0)
        if pipe is not None:
            pipe.close()

    @property
    def alive(self) -> bool:
        return not self.gone.done()

    async def _next(self) -> bytes:
        self._answer = self._loop.create_future()
        self._deliver()
        return await self._answer

    def _deliver(self) -> None:
        """Hand a complete message to whoever waits for it."""
        if self._answer is None or self._answer.done():
            return
        if len(self._received) >= HEAD:
            end = HEAD + int.from_bytes(self._received[:HEAD], "big")
            if len(self._received) >= end:
                self._answer.set_result(bytes(memoryview(self._received)[HEAD:end]))
                self._received = self._received[end:]
                return
        if self.gone.done():
            self._answer.set_exception(WorkerDied(self._code(), self._said.decode(errors="replace").strip()))

    def _code(self) -> int | None:
        return None if self._transport is None else self._transport.get_returncode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)  # uvloop's only looks like one

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._received += data
            self._deliver()
        else:
            self._said = (self._said + data)[-STDERR_KEPT:]

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._transport.close()
        if not self.gone.done():
            self.gone.set_result(None)
        self._deliver()
