"""A process that is killed while it submits loses nothing and doubles nothing: by the server's own list.

In the suite a sample; all of it with ``QRT_KILLS=all``, which takes some minutes. ``--log-cli-level=INFO`` shows
how often it was killed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import qrt_async as qrt
from tests.ground import Ground, ground
from tests.journeys.killed import POINTS, SUBMISSIONS

log = logging.getLogger(__name__)
ALL = os.environ.get("QRT_KILLS") == "all"
ROUNDS = 6 if ALL else 1
AT_POINTS = [(point, nth) for point in POINTS for nth in range(1, SUBMISSIONS + 1) for _ in range(ROUNDS)]
RANDOM = random.Random(1).sample(range(400), 200 if ALL else 4)
SAMPLE = AT_POINTS if ALL else [(point, 2) for point in POINTS]

pytestmark = [
    pytest.mark.timeout(1800 if ALL else 120),
    pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL"),
]


async def kill(here: Ground, journal: Path, point: str, nth: int, **environment: str) -> bool:
    """Run the program until it is killed; ``False`` if it came to its end before."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.journeys.killed",
        here.emulator.url,
        str(journal),
        point,
        str(nth),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    _, said = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), said.decode()
    return process.returncode == -signal.SIGKILL


def keys(journal: Path) -> list[str]:
    if not journal.exists() or journal.stat().st_size == 0:
        return []
    connection = sqlite3.connect(journal)
    try:
        return [row[0] for row in connection.execute("SELECT key FROM submissions")]
    finally:
        connection.close()


async def recovered(here: Ground, journal: Path) -> int:
    """Recover, await every result, and hold the journal against the server's list; how many submissions there are."""
    before = {entry["id"] for entry in await here.jobs()}
    async with qrt.Submitter(here.service, journal=journal, settle=0.2) as submitter:
        recovery = await submitter.recover()
        results = await asyncio.gather(*recovery.submissions)
    written = keys(journal)
    assert len(results) == len(written)
    assert recovery.doubles == ()
    assert before <= {entry["id"] for entry in await here.jobs()}
    return len(written)


async def hold_to_account(
    here: Ground, tmp_path: Path, kills: list[tuple[str, int]], trap: str = ""
) -> Counter[str]:
    """Kill and recover, one run after the other; how often it was killed at each point."""
    killed: Counter[str] = Counter()
    total, journals = 0, []
    for n, (point, nth) in enumerate(kills):
        journal = tmp_path / f"{n}.db"
        journals.append(journal)
        preloaded = {"LD_PRELOAD": trap, "KILL_AT": str(nth), "KILL_FILE": journal.name} if trap else {}
        killed[point] += await kill(here, journal, point, nth, **preloaded)
        total += await recovered(here, journal)
    jobs = await here.jobs()
    tags = Counter(tag for job in jobs for tag in job["tags"])
    assert tags == Counter(f"qrt:{key}" for journal in journals for key in keys(journal))
    assert len(jobs) == total
    assert {job["status"] for job in jobs} <= {"Completed"}
    return killed


CONFIG = {"queue_seconds": 0.02, "run_seconds": 0.02}


async def test_killed_at_a_named_point(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ground(config=CONFIG) as here:
        killed = await hold_to_account(here, tmp_path, SAMPLE)
    log.info("killed: %s", dict(killed))
    assert killed == Counter(point for point, _ in SAMPLE)


async def test_killed_at_a_random_moment(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ground(config=CONFIG) as here:
        killed = await hold_to_account(here, tmp_path, [("random", moment) for moment in RANDOM])
    log.info("killed: %s", dict(killed))
    assert killed["random"] > 0.2 * len(RANDOM)


@pytest.fixture
def trap(tmp_path: Path) -> str:
    """A library that counts, and kills at, every write, sync and socket call."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs a C compiler, and Linux's way to preload a library")
    built = tmp_path / "trap.so"
    source = Path(__file__).with_name("trap.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(built), str(source), "-ldl"], check=True)
    return str(built)


async def test_killed_at_every_write_sync_and_socket_call(tmp_path: Path, trap: str) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ground(config=CONFIG) as here:
        counted = tmp_path / "count"
        await kill(
            here, tmp_path / "all.db", "none", 0, LD_PRELOAD=trap, KILL_FILE="all.db", KILL_COUNT=str(counted)
        )
        calls = int(counted.read_text())
        assert calls > 40, "the trap sees next to nothing"
        await here.control("POST", "reset")
        every = range(1, calls + 1, 1 if ALL else calls // 4)
        killed = await hold_to_account(here, tmp_path, [("call", nth) for nth in every], trap)
    log.info("killed: %s", {**killed, "calls of a run": calls})
    assert killed["call"] >= 0.7 * len(every), "a run varies by some calls"
