"""Four real processes share the permits of one user; one is killed while it holds one."""

from __future__ import annotations

import asyncio
import math
import signal
import sys
from pathlib import Path

import pytest

from tests.ground import ground
from tests.journeys.sharing import LIMIT

EACH = 20
ROUND_TRIP = 0.25
"""Seconds that a request and another process's look may take on a busy machine."""


def windows(arrivals: list[float], length: float) -> int:
    """Into how many windows they fall, each beginning with the first arrival after the one before."""
    count, end = 0, -math.inf
    for at in arrivals:
        if at >= end:
            count, end = count + 1, at + length
    return count


@pytest.mark.timeout(150)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
async def test_never_six_in_a_window_and_no_window_wasted(tmp_path: Path) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ground(config={"rate_limit": (LIMIT.submissions, LIMIT.per)}) as here:
        ends = await asyncio.gather(
            *(_run(here.emulator.url, tmp_path / "permits.db", dies) for dies in (0, 0, 0, 3))
        )
        jobs = await here.jobs()
        replies = (await here.control("GET", "stats"))["replies"]["POST /v1/jobs"]
    assert ends == [0, 0, 0, -signal.SIGKILL]
    assert set(replies) <= {"200"}, "nobody was refused"
    assert 3 * EACH + 2 <= len(jobs) <= 3 * EACH + 6
    arrivals = sorted(job["created"] for job in jobs)
    assert all(
        sixth - first > LIMIT.per
        for first, sixth in zip(arrivals, arrivals[LIMIT.submissions :], strict=False)
    )
    least = math.ceil(len(jobs) / LIMIT.submissions)
    assert windows(arrivals, LIMIT.hold + ROUND_TRIP) <= least + 1


async def _run(url: str, permits: Path, dies: int) -> int:
    program = [sys.executable, "-m", "tests.journeys.sharing", url, str(permits), str(EACH), str(dies)]
    process = await asyncio.create_subprocess_exec(*program, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), said.decode()
    return process.returncode
