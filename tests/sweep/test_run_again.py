"""Trying failed points again, by several at once and broken off; and searches that cannot read a result. In simulated
time."""

from __future__ import annotations

import asyncio
import contextlib
import math
from pathlib import Path

import pytest

import qrt_async as qrt
from qrt_async.errors import JobFailed, Unavailable
from tests.ground import BACKEND, ground
from tests.sweep.ground import Reads, inline, open_ground, read, sweep

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


@pytest.mark.parametrize("outage", [(20.0, 40.0), (20.0, 1000.0)])
async def test_a_search_goes_on_where_a_result_cannot_be_read(
    journal: Path | None, outage: tuple[float, float]
) -> None:
    async with open_ground(Reads(bad=[321]), journal) as (here, submitter):
        run = submitter.sweep(sweep(500), backend=BACKEND, name="search")
        run.start()
        await asyncio.sleep(outage[0])
        await here.fault(kind="status", path="/v1/jobs/{id}/results", status=503)
        await asyncio.sleep(outage[1] - outage[0])
        await here.peace()
        errors = {point.index: type(point.error) for point in await run if point.error is not None}
        assert errors.pop(321) is JobFailed
        assert set(errors.values()) == {Unavailable}
        await run.retry_failed()
        assert [point.index for point in await run if point.error] == [321]
        assert all(read(point) == point.index for point in await run if point.error is None)
        assert len(await here.jobs()) <= 1 + math.ceil(math.log2(500)) + 2  # the bad one is tried again


async def test_the_next_run_reads_what_a_search_could_not_and_ends_it(tmp_path: Path) -> None:
    async with ground(simulator=Reads(bad=[321])) as here:  # type: ignore[arg-type] # as Sampled
        for moment, rule in ((100.0, True), (1000.0, False)):
            with contextlib.suppress(KeyError):
                async with qrt.Submitter(here.service, journal=inline(tmp_path / "runs.db")) as submitter:
                    run = submitter.sweep(sweep(500), backend=BACKEND, name="search")
                    run.start()
                    if rule:
                        await here.fault(kind="status", path="/v1/jobs/{id}/results", status=503)
                    await asyncio.sleep(moment)
                    await here.peace()
                    points = await run if not rule else []
                    raise KeyError
        assert [point.index for point in points if point.error] == [321]
        assert all(read(point) == point.index for point in points if point.error is None)
        assert len(await here.jobs()) <= 1 + math.ceil(math.log2(500)) + 1
