"""Several runs of one sweep, in this process and in others: one carries it out, the others see what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, NotSent, ServiceClosed, Unavailable
from tests.ground import BACKEND, Ground, ground
from tests.sweep.ground import Reads, inline, open_ground, read, sweep

pytestmark = pytest.mark.virtual_clock


@asynccontextmanager
async def two(
    path: Path, simulator: Reads | None = None
) -> AsyncIterator[tuple[Ground, qrt.Submitter, qrt.Submitter]]:
    """Two Submitters that share a journal as two processes do."""
    config = {"rate_limit": (2, 60.0)}
    async with (
        ground(simulator=simulator or Reads(), config=config) as here,  # type: ignore[arg-type] # as Sampled
        qrt.Submitter(here.service, journal=inline(path)) as first,
        qrt.Submitter(here.service, journal=inline(path)) as second,
    ):
        yield here, first, second


def run_of(submitter: qrt.Submitter, **how: Any) -> qrt.SweepRun:
    return submitter.sweep(sweep(), backend=BACKEND, name="shared", pack=4, **how)


async def test_who_follows_gets_points_as_they_end_and_sends_nothing(tmp_path: Path) -> None:
    async with two(tmp_path / "runs.db") as (here, first, second):
        leading, following = run_of(first), run_of(second)
        leading.start()
        await asyncio.sleep(5)
        loop = asyncio.get_running_loop()
        at = [(read(point) == point.index, loop.time()) async for point in following]
        assert len(at) == 20
        assert all(right for right, _ in at)
        assert at[7][1] + 50 < at[8][1], "the first two jobs end a minute before the others"
        assert leading.progress.done == 20
        assert len(await here.jobs()) == 5
        assert [point.job_id for point in await following] == [point.job_id for point in await leading]


async def test_the_progress_of_who_follows_is_that_of_who_leads(tmp_path: Path) -> None:
    async with two(tmp_path / "runs.db") as (_, first, second):
        leading, following = run_of(first), run_of(second)
        leading.start()
        await asyncio.sleep(5)
        following.start()
        await asyncio.sleep(5)
        assert (following.progress.running, following.progress.missing) == (8, 12)
        assert "which runs this sweep" in str(following.progress.why_waiting)
        await asyncio.sleep(20)
        assert (following.progress.done, following.progress.charged) == (8, 4.0)
        await following
        assert (following.progress.over, following.progress.why_waiting) == (True, None)


@pytest.mark.parametrize("moment", [0.0, 1.0, 20.0, 70.0])
async def test_who_follows_goes_on_when_the_first_one_is_gone(tmp_path: Path, moment: float) -> None:
    async with two(tmp_path / "runs.db") as (here, _, second):
        following = run_of(second)
        with contextlib.suppress(KeyError):
            async with qrt.Submitter(here.service, journal=inline(tmp_path / "runs.db")) as dying:
                run_of(dying).start()
                await asyncio.sleep(moment)
                following.start()
                await asyncio.sleep(3)
                raise KeyError
        assert all(read(point) == point.index for point in await following)
        assert len(await here.jobs()) == 5


async def test_what_whoever_leads_cancels_is_cancelled_for_who_follows(tmp_path: Path) -> None:
    async with two(tmp_path / "runs.db") as (here, first, second):
        leading, following = run_of(first), run_of(second)
        leading.start()
        await asyncio.sleep(30)
        following.start()
        await asyncio.sleep(5)
        await leading.cancel()
        for points in (await leading, await following):
            assert [point.index for point in points if point.error is None] == list(range(8))
            assert all(isinstance(point.error, qrt.JobCancelled) for point in points[8:])
        sent = len(await here.jobs())
        await asyncio.sleep(300)
        assert len(await here.jobs()) == sent
        assert all(read(point) == point.index for point in await run_of(second)), "anybody may begin it again"


async def test_cancelling_what_one_only_follows_leaves_it_alone(tmp_path: Path) -> None:
    async with two(tmp_path / "runs.db") as (_, first, second):
        leading, following = run_of(first), run_of(second)
        leading.start()
        await asyncio.sleep(5)
        following.start()
        await asyncio.sleep(25)
        await following.cancel()
        assert following.done
        assert all(read(point) == point.index for point in await leading)


async def test_a_sweep_that_is_over_may_be_gone_on_with_by_another_process(tmp_path: Path) -> None:
    simulator = Reads(bad=[4], names=True)
    async with two(tmp_path / "runs.db", simulator) as (here, first, second):
        led, run = run_of(first), run_of(second)
        await led
        assert [point.index for point in await run if point.error] == [4]
        sent = len(await here.jobs())
        simulator.bad.clear()
        assert await run.retry_failed() == 1
        await asyncio.sleep(1)
        with pytest.raises(InvalidInput, match="under way again"):
            await led.retry_failed()
        assert all(read(point) == point.index for point in await run)
        assert len(await here.jobs()) == sent + 1


async def _over(run: qrt.SweepRun) -> qrt.SweepRun:
    await run
    return run


async def test_cancelled_at_any_moment_it_keeps_nobody_from_the_sweep(tmp_path: Path) -> None:
    async with two(tmp_path / "runs.db") as (_, first, second):
        for turns in range(0, 40, 3):
            run = run_of(first)
            run.start()
            for _ in range(turns):
                await asyncio.sleep(0)
            await run.cancel()
        after = run_of(second)
        assert all(read(point) == point.index for point in await after)


async def test_jobs_of_a_submitter_that_is_open_are_not_sent_by_another_one(tmp_path: Path) -> None:
    async with two(tmp_path / "runs.db") as (here, _, second):
        async with qrt.Submitter(here.service, journal=inline(tmp_path / "runs.db"), leave="detach") as first:
            run, after = run_of(first), run_of(second)
            run.start()
            await asyncio.sleep(5)
            after.start()
            assert run._runner._task is not None
            run._runner._task.cancel()  # as a service that is closed
            with pytest.raises(ServiceClosed):
                await run
            await asyncio.sleep(300)
            assert not after.done
        assert all(read(point) == point.index for point in await after)
        assert len(await here.jobs()) == 5


async def test_a_result_that_another_open_submitter_has_to_read_is_an_error_until_it_is_left(
    tmp_path: Path,
) -> None:
    async with two(tmp_path / "runs.db") as (here, _, second):
        async with qrt.Submitter(here.service, journal=inline(tmp_path / "runs.db")) as first:
            await here.fault(kind="status", path="/v1/jobs/{id}/results", status=503)
            assert all(isinstance(point.error, Unavailable) for point in await run_of(first))
            await here.peace()
            run = run_of(second)
            assert all("another Submitter's" in str(point.error) for point in await run)
        assert await run.retry_failed() == 20
        assert all(read(point) == point.index for point in await run)
        assert len(await here.jobs()) == 5


async def test_cancelling_waits_for_a_request_on_its_way_and_cancels_its_job(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=3.0, when="after")
        run = run_of(submitter)
        run.start()
        while not await here.jobs():  # noqa: ASYNC110 - the server rings no bell
            await asyncio.sleep(0.1)
        await run.cancel()
        page = await here.service.jobs.list()
        assert page.jobs
        assert {job.state.status for job in page.jobs} == {qrt.JobStatus.CANCELLED}


async def test_leaving_does_not_wait_for_what_one_only_follows(tmp_path: Path) -> None:
    async with two(tmp_path / "runs.db") as (here, first, _):
        leading = run_of(first)
        leading.start()
        await asyncio.sleep(5)
        began = asyncio.get_running_loop().time()
        async with qrt.Submitter(here.service, journal=inline(tmp_path / "runs.db")) as other:
            following = run_of(other)
            following.start()
            await asyncio.sleep(3)
        assert asyncio.get_running_loop().time() - began < 5
        with pytest.raises(NotSent, match="followed"):
            await following
        assert all(read(point) == point.index for point in await leading)


async def test_two_runs_in_one_submitter_send_one_sweep(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        first, second = run_of(submitter), run_of(submitter, transform=read_of)
        found = await asyncio.gather(_over(first), _over(second))
        assert [[read(point) for point in await run] for run in found] == [list(range(20))] * 2
        assert [point.value for point in await second] == list(range(20))
        assert len(await here.jobs()) == 5


def read_of(result: qrt.PubResult) -> int:
    (value,) = result.data.meas.get_int_counts()
    return int(value)


async def test_leaving_normally_sends_a_sweep_that_has_only_just_begun(tmp_path: Path) -> None:
    for turns in range(12):
        async with ground(simulator=Reads()) as here:  # type: ignore[arg-type] # as Sampled
            async with qrt.Submitter(here.service, journal=inline(tmp_path / f"{turns}.db")) as submitter:
                run = run_of(submitter)
                run.start()
                for _ in range(turns):
                    await asyncio.sleep(0)
            assert len(await here.jobs()) == 5
            await run


async def waiting_job(path: Path) -> str:
    """The key of the last job of a sweep that waits in line."""
    db = sqlite3.connect(path)
    try:
        found = db.execute("SELECT key FROM submissions WHERE state = 'waiting' ORDER BY rowid DESC LIMIT 1")
        (key,) = found.fetchone()
    finally:
        db.close()
    return str(key)


@pytest.mark.parametrize("again", [False, True])
async def test_a_job_that_another_process_withdraws_fails_its_points_and_no_others(
    tmp_path: Path, again: bool
) -> None:
    """Of a sweep that was begun here, and of one that went on here."""
    path = tmp_path / "runs.db"
    async with two(path) as (here, first, second):
        if again:
            with contextlib.suppress(KeyError):
                async with qrt.Submitter(here.service, journal=inline(path)) as dying:
                    run_of(dying).start()
                    await asyncio.sleep(5)
                    raise KeyError
        run = run_of(first)
        run.start()
        await asyncio.sleep(5)
        assert await second.cancel(await waiting_job(path))
        await asyncio.sleep(2)
        assert run.progress.failed == 4, "heard at once, and not when its turn comes"
        points = await run
        assert [point.index for point in points if point.error is None] == list(range(16))
        assert all(isinstance(point.error, NotSent) for point in points[16:])
        assert len(await here.jobs()) == 4
        assert await run.retry_failed() == 4
        assert all(read(point) == point.index for point in await run)
