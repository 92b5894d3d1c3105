"""Many results: as they come, or all together; never more in hand than was said."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, NotFound, ServiceClosed
from qrt_async.events import CallbackFailed, Event
from qrt_async.jobs.collect import as_completed, gather
from qrt_async.jobs.delivery import Delivery
from qrt_async.jobs.job import AsyncJob
from tests.ground import BACKEND, COUNTS, QASM, Ground, ground

pytestmark = pytest.mark.virtual_clock
RESULTS = "GET /v1/jobs/{id}/results"


def lasting(*seconds: float) -> list[str]:
    return [f"emulate:run={length}" for length in seconds]


async def submitted(here: Ground, *tags: str) -> list[AsyncJob[Any]]:
    return [await here.run(tag) for tag in tags]


async def test_jobs_come_in_the_order_in_which_they_finish_with_their_results() -> None:
    async with ground() as here:
        jobs = await submitted(here, *lasting(60, 5, 200, 20))
        seen = []
        async with as_completed(jobs) as finished:
            async for job in finished:
                assert job.done()
                assert (await job)[0].data.bits("meas").get_counts() == COUNTS
                seen.append(job)
        assert seen == [jobs[1], jobs[3], jobs[0], jobs[2]]
        assert (await here.requests())[RESULTS] <= 4 + 3


async def test_a_job_that_went_wrong_is_yielded_and_raises_when_it_is_awaited() -> None:
    async with ground() as here:
        jobs = await submitted(here, "emulate:fail", "emulate:run=50")
        async with as_completed(jobs) as finished:
            first, second = [job async for job in finished]
        assert (first, second) == tuple(jobs)
        with pytest.raises(qrt.JobFailed):
            await first


async def test_jobs_that_ended_before_come_at_once_and_no_jobs_are_no_wait() -> None:
    async with ground() as here:
        jobs = await submitted(here, *lasting(1, 1))
        await asyncio.gather(*(job.wait() for job in jobs))
        before = asyncio.get_running_loop().time()
        async with as_completed(jobs) as finished:
            assert len([job async for job in finished]) == 2
        assert await gather() == []
        assert asyncio.get_running_loop().time() - before < 0.1


@pytest.mark.parametrize("keep", [True, False])
async def test_a_slow_reader_holds_up_downloads_and_each_result_is_read_once(keep: bool) -> None:
    async with ground(keep_results=keep) as here:
        jobs = await submitted(here, *lasting(*[1.0] * 12))
        taken = 0
        async with as_completed(jobs, held=3) as finished:
            async for job in finished:
                await asyncio.sleep(100)
                assert (await here.requests()).get(RESULTS, 0) <= 3 + taken
                assert await job is await job, "held while it is looked at, kept or not"
                taken += 1
        assert taken == 12
        assert (await here.requests())[RESULTS] == 12


async def test_never_more_results_are_on_their_way_than_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = 0, 0
    real = Delivery.result

    async def counted(self: Delivery, known: Any) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(1)
        try:
            return await real(self, known)
        finally:
            now -= 1

    monkeypatch.setattr(Delivery, "result", counted)
    async with ground() as here:
        jobs = await submitted(here, *lasting(*[1.0] * 20))
        assert len(await gather(*jobs, downloads=4)) == 20
    assert most == 4


async def test_leaving_early_stops_waiting_and_leaves_the_jobs_alone() -> None:
    async with ground() as here:
        jobs = await submitted(here, *lasting(1, 500, 500))
        async with as_completed(jobs) as finished:
            async for job in finished:
                assert job is jobs[0]
                break
        assert asyncio.get_running_loop().time() < 30
        mine = [task for task in asyncio.all_tasks() if task.get_name() == "qrt result"]
        assert mine == []
        assert [await job.wait() for job in jobs] == [qrt.JobStatus.COMPLETED] * 3


async def test_a_job_that_is_gone_and_a_service_that_closes_end_the_stream_with_their_errors() -> None:
    async with ground() as here:
        there = await here.run("emulate:never")
        jobs = [here.service.job("nosuchjob00000000000"), there]
        async with as_completed(jobs) as finished:
            gone = await anext(finished)
            assert gone is jobs[0]
            with pytest.raises(NotFound):
                await gone
            closing = asyncio.create_task(here.service.close())
            last = await anext(finished)
            with pytest.raises(ServiceClosed):
                await last
            await closing


async def test_where_one_service_is_closing_nothing_stays_begun_with_the_jobs_of_others() -> None:
    async with ground() as here, qrt.RuntimeService(url=here.emulator.url, spool=False) as other:
        await other.backends.list()
        jobs = [await here.run(), other.job("nosuchjob00000000000")]
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=3.0, when="after")
        submitting = asyncio.create_task(other.run(qrt.Sampler([QASM]), backend=BACKEND))
        await asyncio.sleep(1)
        closing = asyncio.create_task(other.close())
        await asyncio.sleep(1)
        inside = [job.home.guests for job in jobs]
        with pytest.raises(ServiceClosed):
            await as_completed(jobs).__aenter__()
        with pytest.raises(ServiceClosed):
            await gather(*jobs)
        assert [job.home.guests for job in jobs] == inside
        await jobs[0].wait()
        await asyncio.sleep(10)
        assert RESULTS not in await here.requests(), "nobody wants it any more"
        await asyncio.gather(submitting, closing)


async def test_leaving_at_once_is_fine_though_jobs_had_ended_before() -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here:
        jobs = await submitted(here, *lasting(1, 1))
        await asyncio.gather(*(job.wait() for job in jobs))
        async with as_completed(jobs):
            pass
        await asyncio.sleep(10)
        assert [event for event in heard if isinstance(event, CallbackFailed)] == []
        assert RESULTS not in await here.requests()


async def test_after_leaving_there_is_nothing_more_to_come_whoever_waits() -> None:
    async with ground() as here:
        jobs = await submitted(here, *lasting(1, 1, 500))
        finished = as_completed(jobs)
        async with finished:
            await anext(finished)
            await asyncio.sleep(30)
            assert await anext(finished) in jobs[:2]
            waiting = asyncio.create_task(anext(finished, None))
            await asyncio.sleep(1)
        assert await asyncio.wait_for(waiting, 1) is None
        async with as_completed(jobs[:2]) as left_early:
            await asyncio.sleep(30)
        assert [job async for job in left_early] == []


async def test_gather_gives_results_in_the_order_of_the_jobs_given() -> None:
    async with ground() as here:
        jobs = await submitted(here, *lasting(60, 5, 20))
        results = await gather(*jobs, jobs[0])
        assert results == [await job for job in (*jobs, jobs[0])]
        assert (await here.requests())[RESULTS] <= 3 + 3


async def test_gather_raises_the_first_error_at_once_and_cancels_no_job() -> None:
    async with ground() as here:
        jobs = await submitted(here, "emulate:run=100", "emulate:fail")
        with pytest.raises(qrt.JobFailed):
            await gather(*jobs)
        assert asyncio.get_running_loop().time() < 30
        assert await jobs[0].wait() is qrt.JobStatus.COMPLETED


async def test_gather_returns_errors_in_their_places_where_that_is_wished() -> None:
    async with ground() as here:
        jobs = await submitted(here, "emulate:run=9", "emulate:fail", "emulate:cancelled")
        kinds = [type(found) for found in await gather(*jobs, return_exceptions=True)]
        assert kinds == [qrt.PrimitiveResult, qrt.JobFailed, qrt.JobCancelled]


async def test_cancelling_a_gather_is_a_cancellation_and_touches_no_job() -> None:
    async with ground() as here:
        jobs = await submitted(here, *lasting(50, 50))
        task = asyncio.create_task(gather(*jobs))
        await asyncio.sleep(20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [await job.wait() for job in jobs] == [qrt.JobStatus.COMPLETED] * 2


@pytest.mark.parametrize("held", [0, -1, True, 1.5])
async def test_a_bound_that_makes_no_sense_is_refused(held: Any) -> None:
    with pytest.raises(InvalidInput, match="whole number"):
        as_completed([], held=held)


async def test_what_is_no_job_is_refused() -> None:
    with pytest.raises(InvalidInput, match="str is no AsyncJob"):
        await gather("c5dge2d3rn7breq27i9g")  # type: ignore[call-overload] # wrong on purpose
