"""What a job handle asks of the service: cancelling, deleting, changing tags; logs, metrics and the record."""

from __future__ import annotations

import asyncio

import pytest

import qrt_async as qrt
from qrt_async.api.status import JobStatus
from qrt_async.errors import NotFound
from tests.ground import ground

pytestmark = pytest.mark.virtual_clock


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_cancel_says_whether_the_service_accepted() -> None:
    async with ground() as here:
        job = await here.run()
        assert await job.cancel() is True
        assert await job.wait() is JobStatus.CANCELLED
        assert now() < 10, "a cancelled job is looked at soon"
        assert await job.cancel() is False
        other = await here.run()
        await other.wait()
        assert await here.service.job(other.id).cancel() is False


async def test_a_500_on_a_cancel_that_worked_is_no_error() -> None:
    async with ground() as here:
        job = await here.run()
        await here.fault(kind="status", method="POST", path="/v1/jobs/{id}/cancel", when="after")
        assert await job.cancel() is True
        assert await job.wait() is JobStatus.CANCELLED


async def test_a_500_on_a_cancel_that_did_not_work_is_raised() -> None:
    async with ground() as here:
        job = await here.run()
        await here.fault(kind="status", method="POST", path="/v1/jobs/{id}/cancel")
        with pytest.raises(qrt.errors.Unavailable):
            await job.cancel()
        await here.peace()
        assert await job.wait() is JobStatus.COMPLETED


async def test_tag_helpers_keep_the_reserved_tag() -> None:
    async with ground() as here:
        job = await here.run("a", "b")
        assert list(job.tags) == ["a", "b"]
        await job.add_tags("c", ["d"])
        await job.remove_tags("a")
        assert list(job.tags) == ["b", "c", "d"]
        await job.replace_tags("only")
        (entry,) = await here.jobs()
        assert list(job.tags) == ["only"]
        assert [tag.split(":")[0] for tag in entry["tags"]] == ["only", "qrt"]


async def test_delete_removes_a_finished_job_and_only_that() -> None:
    async with ground() as here:
        job = await here.run()
        with pytest.raises(qrt.errors.ServiceError, match="1337"):
            await job.delete()
        await job
        await job.delete()
        with pytest.raises(NotFound):
            await here.service.jobs.get(job.id)


async def test_logs_and_metrics_and_refresh_are_one_request_each() -> None:
    async with ground() as here:
        job = await here.run(watch=False)
        assert await job.logs() == ""
        record = await job.refresh()
        assert record.state.status is JobStatus.QUEUED
        assert job.record is record
        await asyncio.sleep(20)
        assert (await job.metrics()).charged == 2.0
        assert "completed" in await job.logs()
        with pytest.raises(NotFound):
            await here.service.job("d4if161vhnc73fl21ug0").logs()


@pytest.mark.parametrize("ended", [True, False])
async def test_a_job_that_was_not_found_and_is_there_after_all_can_be_awaited_once_read(ended: bool) -> None:
    """Awaited from another process too soon after it was submitted, or while the service was confused."""
    async with ground() as here, qrt.RuntimeService(url=here.emulator.url, spool=False) as other:
        submitted = await here.run(watch=False)
        await here.fault(kind="status", status=404, method="GET")
        job = other.job(submitted.id)
        with pytest.raises(NotFound):
            await job
        assert job.done()
        await here.peace()
        await asyncio.sleep(30 if ended else 0)
        assert (await job.refresh()).state.status is job.status
        assert (job.done(), len(await job)) == (ended, 1)
        assert job.exception() is None
