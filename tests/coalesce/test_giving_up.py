"""Who wants a share no more gives it up, and nothing else, in simulated time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import qrt_async as qrt
from qrt_async.errors import ServiceClosed
from tests.coalesce.ground import open_ground, program, read
from tests.ground import BACKEND

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
