"""The benchmark's side of a race: each contender in a process of its own, watched from outside."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from .gauge import status
from .lane import Answer, Task

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = Path(__file__).resolve().parent / "contenders"
LIMIT = 600.0
"""Seconds after which a contender has lost."""
LINE = 2**24
"""The longest answer in bytes."""
GLANCE = 0.05
"""Seconds between two counts of a contender's threads."""
OFFICIAL = "official"
ABSENT = "name an interpreter that has qiskit-ibm-runtime: --official PYTHON or QRT_OFFICIAL_PYTHON"


class Lost(Exception):
    """A contender that did not finish, or not with what it should have."""


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """A script, and in which manner it shall answer."""

    name: str
    script: str
    manner: str = ""
    environment: dict[str, str] = msgspec.field(default_factory=dict)


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """Who may run, and with which interpreters."""

    official: str | None = None
    only: tuple[str, ...] = ()
    """Scripts; none means all."""

    def divide(self, contenders: Sequence[Contender]) -> tuple[list[Contender], dict[str, str]]:
        """Those who run, and why each of the others does not."""
        skipped = {}
        for contender in contenders:
            if self.only and contender.script not in self.only:
                skipped[contender.name] = "not asked for"
            elif contender.script == OFFICIAL and not self.official:
                skipped[contender.name] = ABSENT
        return [contender for contender in contenders if contender.name not in skipped], skipped

    def python(self, contender: Contender) -> str:
        return self.official if contender.script == OFFICIAL and self.official else sys.executable


class Finish(msgspec.Struct, frozen=True):
    """What the contender answered, and the most OS threads that were seen (``None``: the platform hides them)."""

    answer: Answer
    threads: int | None


async def nothing() -> None:
    """What happens at the start where nothing has to."""


async def run(
    field: Field,
    contender: Contender,
    question: str,
    task: Task,
    at_the_start: Callable[[], Awaitable[None]] = nothing,
) -> Finish:
    """Run a contender to its end. ``at_the_start`` is awaited between its ready and the word to go."""
    command = [field.python(contender), str(SCRIPTS / f"{contender.script}.py"), question, json.dumps(task)]
    with tempfile.TemporaryFile() as complaints:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=complaints,
            limit=LINE,
            env=_environment(contender),
        )
        try:
            async with asyncio.timeout(LIMIT):
                return await _watch(process, at_the_start)
        except (EOFError, TimeoutError, json.JSONDecodeError) as error:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip()[-2000:]
            raise Lost(f"{contender.name}: {type(error).__name__} {error}\n{said}") from error
        finally:
            await _end(process)


def _environment(contender: Contender) -> dict[str, str]:
    """Ours without anybody's account; the repository can be imported."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QISKIT_")}
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, **contender.environment, "PYTHONPATH": os.pathsep.join(paths)}


async def _watch(process: asyncio.subprocess.Process, at_the_start: Callable[[], Awaitable[None]]) -> Finish:
    first = await _line(process)
    if first != {"ready": True}:
        return Finish(first, None)
    await at_the_start()
    assert process.stdin is not None
    process.stdin.write(b"go\n")
    counting = asyncio.create_task(_most_threads(process.pid))
    answer = asyncio.create_task(_line(process))
    try:
        await asyncio.wait([counting, answer], return_when=asyncio.FIRST_COMPLETED)
        found = await answer
    finally:
        counting.cancel()
        answer.cancel()
        most = (await asyncio.gather(counting, return_exceptions=True))[0]
    return Finish(found, most if isinstance(most, int) else None)


async def _line(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise EOFError("it ended without an answer")
    return json.loads(line)


async def _most_threads(process: int) -> int | None:
    """Counts until it is cancelled."""
    most = None
    try:
        while (now := status("Threads", process)) is not None:
            most = max(now, most or 0)
            await asyncio.sleep(GLANCE)
    except asyncio.CancelledError:
        pass
    return most


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        try:
            async with asyncio.timeout(5.0):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
