"""Four real processes share the permits of one user; one is killed while it holds one. And in simulated time the same
with IBM's own period, which real processes would need 16 minutes for."""

from __future__ import annotations

import asyncio
import math
import random
import signal
import sys
from pathlib import Path

import pytest

from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.machine import MachinePermits
from tests.ground import ground
from tests.journeys.sharing import LIMIT
from tests.submit.windows import REFUSES

EACH = 20
ROUND_TRIP = 0.25
"""Seconds that a request and another process's look may take on a busy machine."""


def windows(arrivals: list[float], length: float) -> int:
    """Into how many they fall of the windows that follow each other from the first arrival on."""
    return int((arrivals[-1] - arrivals[0]) // length) + 1


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


# --- four stores on one file, in simulated time --------------------------------------------------------------

IBM = RateLimit(5)
LONGEST_TRIP = 5.0
LOOKED_FOR = (0.0, 2.0, 10.0)
"""Seconds after which the job of an unheard reply is found."""


class Party:
    """As many programs as there are stores; the server keeps its own time, and counts nothing."""

    def __init__(self, path: Path, seed: int, unheard: float) -> None:
        clock = asyncio.get_running_loop().time
        self.draw = random.Random(seed)
        self.unheard = unheard
        self.stores = [MachinePermits(path, IBM, clock=clock, inline=True) for _ in range(4)]
        self.arrivals: list[float] = []

    async def program(self, permits: MachinePermits) -> None:
        """Each sends its next as soon as there is a permit, whatever became of the last."""
        async with asyncio.TaskGroup() as under_way:
            for _ in range(EACH):
                while (wait := await permits.take()) > 0:  # noqa: ASYNC110 - that is how it is asked
                    await asyncio.sleep(wait)
                under_way.create_task(self.post(permits))

    async def post(self, permits: MachinePermits) -> None:
        trip = self.draw.choice([0.0, self.draw.uniform(0, LONGEST_TRIP), LONGEST_TRIP])
        there = self.draw.choice([0.0, self.draw.random(), 1.0]) * trip
        await asyncio.sleep(there)
        self.arrivals.append(asyncio.get_running_loop().time())
        await asyncio.sleep(trip - there)
        if self.draw.random() < self.unheard:
            await asyncio.sleep(self.draw.choice(LOOKED_FOR))
        permits.give_back()

    async def killed(self, permits: MachinePermits, after: int) -> None:
        """It dies with a lease in hand and its request on the wire, where that goes on."""
        for _ in range(after):
            while (wait := await permits.take()) > 0:  # noqa: ASYNC110 - that is how it is asked
                await asyncio.sleep(wait)
            await self.post(permits)
        while (wait := await permits.take()) > 0:  # noqa: ASYNC110 - that is how it is asked
            await asyncio.sleep(wait)
        permits._lock.drop()  # as the system does
        await asyncio.sleep(self.draw.uniform(0, LONGEST_TRIP))
        self.arrivals.append(asyncio.get_running_loop().time())


@pytest.mark.virtual_clock
@pytest.mark.timeout(180)
@pytest.mark.parametrize("unheard", [0.0, 0.1])
@pytest.mark.parametrize("dies", [None, 0, 2, 9])
async def test_with_windows_of_a_minute_no_server_refuses_any_of_four(
    tmp_path: Path, dies: int | None, unheard: float
) -> None:
    asyncio.get_running_loop().set_debug(False)
    party = Party(tmp_path / "permits.db", seed=8 if dies is None else dies, unheard=unheard)
    *living, last = party.stores
    programs = [party.program(permits) for permits in living]
    programs.append(party.program(last) if dies is None else party.killed(last, dies))
    await asyncio.gather(*programs)
    arrivals = sorted(party.arrivals)
    assert len(arrivals) == 3 * EACH + (EACH if dies is None else dies + 1)
    for kind, refuses in REFUSES.items():
        for drift in (-1e-3, 0.0, 1e-3):
            seen = [at / (1 + drift) for at in arrivals]
            assert not refuses(seen, IBM.submissions, IBM.per), kind
    if not unheard:
        least = math.ceil(len(arrivals) / IBM.submissions)
        assert windows(arrivals, IBM.hold + LONGEST_TRIP) <= least + 1
