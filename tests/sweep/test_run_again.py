"""Trying failed points again, by several at once and broken off; in simulated time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.ground import BACKEND
from tests.sweep.ground import Reads, open_ground, read, sweep

pytestmark = pytest.mark.virtual_clock


async def test_several_may_try_again_at_once_and_nothing_is_sent_twice(journal: Path | None) -> None:
    simulator = Reads(bad=range(20))
    async with open_ground(simulator, journal) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="twice", pack=4, extra_jobs=0)
        await run
        simulator.bad = set()
        assert sorted(await asyncio.gather(run.retry_failed(), run.retry_failed())) == [0, 20]
        assert all(read(point) == point.index for point in await run)
        assert len(await here.jobs()) == 10


@pytest.mark.parametrize("turns", range(6))
async def test_trying_again_may_be_broken_off_at_any_moment(journal: Path | None, turns: int) -> None:
    simulator = Reads(bad=range(20))
    async with open_ground(simulator, journal) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="broken", pack=4, extra_jobs=0)
        await run
        simulator.bad = set()
        task = asyncio.create_task(run.retry_failed())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await run.retry_failed()
        assert all(read(point) == point.index for point in await run)
        assert len(await here.jobs()) == 10
