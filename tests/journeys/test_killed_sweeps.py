"""A sweep that is killed goes on in the next process: the same points, and no job more than its plan.

In the suite a sample; all of it with ``QRT_KILLS=all``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
from pathlib import Path

import pytest

import qrt_async as qrt
from tests.ground import Ground, ground
from tests.journeys.killed_sweep import JOBS, POINTS, run_of
from tests.journeys.test_killing import ALL, trap
from tests.sweep.ground import Reads, read

__all__ = ["trap"]

log = logging.getLogger(__name__)
CONFIG = {"queue_seconds": 0.02, "run_seconds": 0.02}

pytestmark = [
    pytest.mark.timeout(3600 if ALL else 240),
    pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL"),
]


async def kill(here: Ground, journal: Path, milliseconds: int, **environment: str) -> int | None:
    """Run the program until it is killed; how many milliseconds it ran if it came to its end before."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.journeys.killed_sweep"),
        *(here.emulator.url, str(journal), str(milliseconds)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    said, wrong = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), wrong.decode()
    return None if process.returncode else int(said)


async def resumed(here: Ground, journal: Path, before: int) -> None:
    """The table is that of the undisturbed run, and the jobs are those of the plan."""
    async with qrt.Submitter(here.service, journal=journal, settle=0.2) as submitter:
        run = run_of(submitter, journal)
        points = await run
        assert [(point.index, read(point)) for point in points] == [(at, at) for at in range(POINTS)]
        assert run.progress.over
    assert len(await here.jobs()) - before == JOBS


async def hold_to_account(here: Ground, tmp_path: Path, kills: list[tuple[int, dict[str, str]]]) -> int:
    """Kill and resume, one run after the other; how often it was killed."""
    killed = 0
    for n, (milliseconds, environment) in enumerate(kills):
        before = len(await here.jobs())
        journal = tmp_path / f"{n}.db"
        preloaded = environment and {**environment, "KILL_FILE": journal.name}
        killed += await kill(here, journal, milliseconds, **preloaded) is None
        await resumed(here, journal, before)
    return killed


async def test_killed_at_a_random_moment(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ground(simulator=Reads(), config=CONFIG) as here:  # type: ignore[arg-type] # as Sampled
        whole = await kill(here, tmp_path / "whole.db", 0)
        assert whole is not None
        await here.control("POST", "reset")
        moments = random.Random(7).choices(range(1, whole), k=50 if ALL else 3)
        killed = await hold_to_account(here, tmp_path, [(moment, {}) for moment in moments])
    log.info("killed %s of %s; a whole run takes %s ms", killed, len(moments), whole)
    assert killed >= 0.5 * len(moments)


async def test_killed_at_every_write_sync_and_socket_call(tmp_path: Path, trap: str) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ground(simulator=Reads(), config=CONFIG) as here:  # type: ignore[arg-type] # as Sampled
        counted = tmp_path / "count"
        counting = {"LD_PRELOAD": trap, "KILL_FILE": "all.db", "KILL_COUNT": str(counted)}
        await kill(here, tmp_path / "all.db", 0, **counting)
        calls = int(counted.read_text())
        assert calls > 40, "the trap sees next to nothing"
        await here.control("POST", "reset")
        every = range(1, calls + 1, 1 if ALL else calls // 4)
        preloaded = [(0, {"LD_PRELOAD": trap, "KILL_AT": str(nth)}) for nth in every]
        killed = await hold_to_account(here, tmp_path, preloaded)
    log.info("killed %s of %s calls", killed, len(every))
    assert killed >= 0.7 * len(every), "a run varies by some calls"


async def test_who_follows_a_sweep_goes_on_when_its_process_is_killed(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_debug(False)
    config = {"queue_seconds": 2.0, "run_seconds": 0.2}
    journal = tmp_path / "followed.db"
    async with ground(simulator=Reads(), config=config) as here:  # type: ignore[arg-type] # as Sampled
        leading = asyncio.create_task(kill(here, journal, 1500))
        while not await here.jobs():  # noqa: ASYNC110 - another process rings no bell here
            await asyncio.sleep(0.05)
        async with qrt.Submitter(here.service, journal=journal, settle=0.2) as submitter:
            run = run_of(submitter, journal)
            run.start()
            followed = [str(progress.why_waiting) async for progress in run.updates()]
            points = await run
        assert await leading is None, "it came to its end"
        assert any("which runs this sweep" in words for words in followed)
        assert [(point.index, read(point)) for point in points] == [(at, at) for at in range(POINTS)]
        assert len(await here.jobs()) == JOBS
