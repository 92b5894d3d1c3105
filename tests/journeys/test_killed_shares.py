"""Submissions that share jobs, and whose process is killed: nothing is lost, nothing is sent twice, and each gets
its own slice or error. By the server's own list.

In the suite a sample; all of it with ``QRT_KILLS=all``. ``--log-cli-level=INFO`` shows how often it was killed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from tests.coalesce.ground import read
from tests.ground import Ground, ground
from tests.journeys.killed_shares import BAD, POINTS
from tests.sweep.ground import Reads

log = logging.getLogger(__name__)
ALL = os.environ.get("QRT_KILLS") == "all"
AT_POINTS = [(point, nth) for point in POINTS for nth in (range(1, 5) if ALL else (2,))]
RANDOM = [("random", moment) for moment in random.Random(3).sample(range(600), 60 if ALL else 2)]
CONFIG = {"queue_seconds": 0.02, "run_seconds": 0.02}

pytestmark = [
    pytest.mark.timeout(1800 if ALL else 180),
    pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL"),
]


async def kill(here: Ground, journal: Path, point: str, nth: int) -> bool:
    """Run the program until it is killed; ``False`` if it came to its end before."""
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "tests.journeys.killed_shares",
            here.emulator.url,
            str(journal),
            point,
            str(nth),
        ),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), said.decode()
    return process.returncode == -signal.SIGKILL


def written(journal: Path) -> dict[str, tuple[int, str]]:
    """The members that were written down: which program each is, and how it stands."""
    if not journal.exists() or journal.stat().st_size == 0:
        return {}
    connection = sqlite3.connect(journal)
    try:
        rows = connection.execute("SELECT key, tenant, state FROM submissions WHERE shared = 'member'")
        return {key: (int(tenant.removeprefix("t")), state) for key, tenant, state in rows}
    except sqlite3.OperationalError:
        return {}  # killed before the file had its form
    finally:
        connection.close()


async def recovered(here: Ground, journal: Path) -> None:
    """Everybody who was written down has their own value, and the bad one its error."""
    members = written(journal)
    async with qrt.Submitter(
        here.service, journal=journal, settle=0.2, coalesce=qrt.Coalesce(max_points=4)
    ) as submitter:
        recovery = await submitter.recover()
        results = await asyncio.gather(*recovery.submissions, return_exceptions=True)
    assert recovery.doubles == ()
    assert {submission.id for submission in recovery.submissions} == set(members)
    for submission, result in zip(recovery.submissions, results, strict=True):
        _check(members[submission.id][0], result)


def _check(number: int, result: Any) -> None:
    if number == BAD:
        assert isinstance(result, qrt.JobFailed)
        assert result.reason_code == 1517
    else:
        assert read(result) == [number]


async def hold_to_account(here: Ground, tmp_path: Path, kills: list[tuple[str, int]]) -> Counter[str]:
    """Kill and recover, one run after the other; how often it was killed at each point."""
    killed: Counter[str] = Counter()
    for n, (point, nth) in enumerate(kills):
        journal, before = tmp_path / f"{n}.db", {entry["id"] for entry in await here.jobs()}
        killed[point] += await kill(here, journal, point, nth)
        await recovered(here, journal)
        jobs = [entry for entry in await here.jobs() if entry["id"] not in before]
        tags = Counter(tag for job in jobs for tag in job["tags"] if tag.startswith("qrt:"))
        assert all(count == 1 for count in tags.values()), "one job was sent twice"
        # Two jobs, and the search for the bad one of the four in the second.
        assert len(jobs) <= 2 + 3
    return killed


async def test_killed_at_a_named_point(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ground(simulator=Reads(bad=[BAD]), config=CONFIG) as here:  # type: ignore[arg-type] # as Sampled
        killed = await hold_to_account(here, tmp_path, AT_POINTS)
    log.info("killed: %s", dict(killed))
    assert killed == Counter(point for point, _ in AT_POINTS)


async def test_killed_at_a_random_moment(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ground(simulator=Reads(bad=[BAD]), config=CONFIG) as here:  # type: ignore[arg-type] # as Sampled
        killed = await hold_to_account(here, tmp_path, RANDOM)
    log.info("killed: %s of %s", killed["random"], len(RANDOM))
    assert killed["random"] > 0.2 * len(RANDOM)
