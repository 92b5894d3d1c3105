"""How a sweep ends before its end: left, closed, cancelled, at any time; in simulated time."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import NotSent, ServiceClosed
from tests.ground import BACKEND, ground
from tests.sweep.ground import Reads, inline, open_ground, read, sweep

pytestmark = pytest.mark.virtual_clock


async def test_leaving_normally_sends_the_whole_sweep(journal: Path | None) -> None:
    async with ground(simulator=Reads(), config={"rate_limit": (2, 60.0)}) as here:  # type: ignore[arg-type]
        async with qrt.Submitter(here.service, journal=inline(journal)) as submitter:
            run = submitter.sweep(sweep(), backend=BACKEND, name="drain", pack=4)
            run.start()
        assert len(await here.jobs()) == 5
        assert all(read(point) == point.index for point in await run)


async def test_leaving_by_an_error_ends_the_run_with_not_sent() -> None:
    async with ground(simulator=Reads(), config={"rate_limit": (2, 60.0)}) as here:  # type: ignore[arg-type]
        with contextlib.suppress(KeyError):
            async with qrt.Submitter(here.service) as submitter:
                run = submitter.sweep(sweep(), backend=BACKEND, name="error", pack=4)
                run.start()
                await asyncio.sleep(1)
                raise KeyError
        with pytest.raises(NotSent):
            await run


async def test_closing_the_service_ends_the_run_in_our_words() -> None:
    async with open_ground() as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="closed")
        run.start()
        await asyncio.sleep(1)
        waiting = asyncio.create_task(_all(run))
        await asyncio.sleep(1)
        await here.service.close()
        with pytest.raises(ServiceClosed):
            await waiting


async def _all(run: Any) -> Any:
    return await run


async def test_waiters_and_readers_of_a_run_may_be_cancelled_at_any_time() -> None:
    async with open_ground(rate_limit=(2, 60.0)) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="cancelled", pack=4)
        for wait in (0.0, 1.0, 20.0, 70.0):
            for work in (_all(run), _read_all(run), run.plan(), _updates(run)):
                task = asyncio.create_task(work)
                await asyncio.sleep(wait)
                task.cancel()
                await asyncio.wait([task])
        assert all(read(point) == point.index for point in await run)
        assert len(await here.jobs()) == 5


async def _read_all(run: Any) -> None:
    async for _ in run:
        pass


async def _updates(run: Any) -> None:
    async for _ in run.updates():
        pass


async def test_cancelling_a_sweep_cancels_its_jobs_and_sends_no_more(journal: Path | None) -> None:
    async with open_ground(journal=journal, rate_limit=(2, 60.0)) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="cancel", pack=4)
        run.start()
        await asyncio.sleep(5)
        await run.cancel()
        points = await run
        assert all(isinstance(point.error, qrt.JobCancelled) for point in points)
        jobs = await here.jobs()
        assert len(jobs) == 2
        await asyncio.sleep(500)
        assert len(await here.jobs()) == 2
        page = await here.service.jobs.list()
        assert {job.state.status for job in page.jobs} == {qrt.JobStatus.CANCELLED}


async def test_a_sweep_that_was_cancelled_before_it_began_sends_nothing(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="never")
        await run.cancel()
        assert all(isinstance(point.error, qrt.JobCancelled) for point in await run)
        assert [point.index async for point in run] == list(range(20))
        await asyncio.sleep(100)
        assert await here.jobs() == []
        assert await run.retry_failed() == 20
        assert all(read(point) == point.index for point in await run)


async def test_cancelling_is_finished_even_if_it_is_cancelled_itself(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="twice", pack=10)
        run.start()
        await asyncio.sleep(5)
        cancelling = asyncio.create_task(run.cancel())
        await asyncio.sleep(0)
        cancelling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelling
        assert all(isinstance(point.error, qrt.JobCancelled) for point in await run)
        page = await here.service.jobs.list()
        assert {job.state.status for job in page.jobs} == {qrt.JobStatus.CANCELLED}


async def test_what_was_cancelled_is_missing_in_the_next_run(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="next", pack=10)
        run.start()
        await asyncio.sleep(5)
        await run.cancel()
        points = await submitter.sweep(sweep(), backend=BACKEND, name="next", pack=10)
        assert all(read(point) == point.index for point in points)
        assert len(await here.jobs()) == 4


async def test_cancelling_what_another_run_carries_out_leaves_it_alone(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        other = submitter.sweep(sweep(), backend=BACKEND, name="other")
        other.start()
        await asyncio.sleep(5)
        mine = submitter.sweep(sweep(), backend=BACKEND, name="other")
        await mine.plan()
        await mine.cancel()
        assert all(read(point) == point.index for point in await other)
        assert len(await here.jobs()) == 1
