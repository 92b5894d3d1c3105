"""Who wants a share no more gives it up, and nothing else, in simulated time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import qrt_async as qrt
from qrt_async.errors import ServiceClosed
from tests.coalesce.ground import open_ground, program, read
from tests.coalesce.test_recovery import submitter as submitter_of
from tests.ground import BACKEND, ground
from tests.sweep.ground import Reads

pytestmark = pytest.mark.virtual_clock


async def test_cancelling_a_share_cancels_nobody_elses(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(3)]
        jobs = [await submission.job() for submission in submissions]
        assert await jobs[0].cancel() is True
        assert await jobs[0].cancel() is False
        assert jobs[0].status is qrt.JobStatus.CANCELLED
        with pytest.raises(qrt.JobCancelled, match="gave up"):
            await submissions[0]
        assert [read(await submission) for submission in submissions[1:]] == [[1], [2]]
        assert [job["status"] for job in await here.jobs()] == ["Completed"]


async def test_the_job_is_cancelled_with_the_last_who_wants_it(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(3)]
        for submission in submissions:
            assert await (await submission.job()).cancel() is True
        assert {job["status"] for job in await here.jobs()} == {"Cancelled"}
        for submission in submissions:
            with pytest.raises(qrt.JobCancelled):
                await submission


async def test_closing_that_ends_a_giving_up_says_so_and_cancels_nobody() -> None:
    async with open_ground(leave="detach") as (here, submitter):
        job = await submitter.submit(program(1), backend=BACKEND, share=True).job()
        await here.fault(path="/v1/jobs/{id}/cancel", kind="delay", seconds=1000.0)
        asking = asyncio.create_task(job.cancel())
        await asyncio.sleep(1)
        await here.service.close()
        with pytest.raises(ServiceClosed):
            await asking


async def test_one_that_was_given_up_in_a_search_is_not_forgotten_by_it(tmp_path: Path) -> None:
    """The bad one itself: nobody else is taken for it."""
    path = tmp_path / "runs.db"
    async with ground(simulator=Reads(bad=[3])) as here:  # type: ignore[arg-type] # as Sampled
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
            async with submitter_of(here, path) as first:
                submissions = [first.submit(program(n), backend=BACKEND, share=True) for n in range(4)]
                job = await submissions[3].job()
                await asyncio.sleep(20)  # the first job has failed, the first half is out to be tested
                assert await job.cancel() is True
                raise ZeroDivisionError
        async with submitter_of(here, path) as second:
            recovery = await second.recover()
            results = await asyncio.gather(*recovery.submissions, return_exceptions=True)
        assert [read(result) for result in results[:3]] == [[0], [1], [2]]
        assert isinstance(results[3], qrt.JobCancelled)
