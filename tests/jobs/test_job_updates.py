"""The changes of a job as its handle tells them: updates and callbacks."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.api.status import JobStatus
from qrt_async.errors import ServiceClosed
from tests.ground import ground

pytestmark = pytest.mark.virtual_clock


async def test_updates_tell_every_change_once_in_order_to_every_listener() -> None:
    async with ground() as here:
        job = await here.run()

        async def collect() -> list[qrt.JobUpdate]:
            return [update async for update in job.updates()]

        first, second = await asyncio.gather(collect(), collect())
        assert first == second
        words = [update.status_text for update in first]
        assert list(dict.fromkeys(words)) == ["Queued", "Running", "Completed"]
        assert all(not later.same_as(earlier) for earlier, later in itertools.pairwise(first))
        assert [update async for update in job.updates()] == first[-1:]


async def test_updates_carry_position_and_estimates_where_the_date_has_them() -> None:
    async with ground(poll=qrt.PollPolicy(allowance=600.0), api_version="2026-02-15") as here:
        for _ in range(3):
            await here.run(watch=False)
            await asyncio.sleep(2)
        job = await here.run()
        hinted = [u async for u in job.updates() if u.status is JobStatus.QUEUED and u.estimated_start_time]
        positions = [update.position_in_queue or 0 for update in hinted]
        assert len(set(positions)) >= 3, "the three before it leave the queue one after the other"
        assert positions == sorted(positions, reverse=True)
        assert hinted[0].estimated_completion_time is not None


async def test_updates_do_without_hints_at_the_newest_date() -> None:
    async with ground(api_version="2026-04-15") as here:
        job = await here.run()
        words = [update.status_text async for update in job.updates()]
        assert words == ["Queued", "Running", "Completed"]
        assert (await here.requests())["GET /v1/jobs/{id}/metrics"] == 1


async def test_breaking_out_of_updates_leaves_nothing_behind() -> None:
    async with ground() as here:
        job = await here.run()
        async for update in job.updates():
            assert update.status is JobStatus.QUEUED
            break
        stream = job.updates()
        await anext(stream)
        await stream.aclose()
        assert [update async for update in stream] == []
        assert await job.wait() is JobStatus.COMPLETED


async def test_callbacks_get_the_job_and_a_failing_one_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with ground() as here:
        job = await here.run()
        called: list[Any] = []

        def broken(_: Any) -> None:
            raise LookupError("my mistake")

        job.add_done_callback(broken)
        job.add_done_callback(called.append)
        job.add_done_callback(called.remove)
        assert job.remove_done_callback(called.remove) == 1
        assert job.remove_done_callback(called.remove) == 0
        await job
        await asyncio.sleep(0)
        assert called == [job]
        job.add_done_callback(called.append)
        await asyncio.sleep(0)
        assert called == [job, job]
        assert "my mistake" in caplog.text


async def test_a_callback_is_called_though_every_handle_was_dropped() -> None:
    async with ground() as here:
        called = asyncio.Event()
        (await here.run()).add_done_callback(lambda _: called.set())
        await asyncio.wait_for(called.wait(), 60)


async def _listen(job: qrt.AsyncJob[Any]) -> None:
    async for _ in job.updates():
        pass


async def test_a_callback_that_is_refused_while_the_service_closes_is_not_kept() -> None:
    called: list[Any] = []
    async with ground() as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=3.0, when="after")
        submitting = asyncio.create_task(here.run())
        await asyncio.sleep(1)
        closing = asyncio.create_task(here.service.close())
        await asyncio.sleep(1)
        job = here.service.job("nosuchjob00000000000")
        with pytest.raises(ServiceClosed):
            job.add_done_callback(called.append)
        assert job.remove_done_callback(called.append) == 0
        await asyncio.gather(submitting, closing)
    assert called == []
