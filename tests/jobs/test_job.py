"""What a job handle promises (design 1.4)."""

from __future__ import annotations

import asyncio
import copy
import pickle

import pytest

import qrt_async as qrt
from qrt_async.api.status import JobStatus
from qrt_async.errors import InvalidInput, NotFound, ResultError, ServiceClosed, WaitTimedOut
from tests.ground import COUNTS, Sampled, ground
from tests.jobs.test_job_updates import _listen

pytestmark = pytest.mark.virtual_clock
RESULTS = "GET /v1/jobs/{id}/results"
ONE_JOB = "GET /v1/jobs/{id}"


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_awaiting_gives_the_decoded_result_and_the_same_object_each_time() -> None:
    async with ground() as here:
        job = await here.run()
        result = await job
        assert result[0].data.bits("meas").get_counts() == COUNTS
        assert await job is result
        assert await here.service.job(job.id) is result
        assert (await here.requests())[RESULTS] == 1


async def test_a_hundred_waiters_cost_what_one_costs() -> None:
    async with ground() as here:
        job = await here.run()
        results = await asyncio.gather(*(job.result() for _ in range(100)))
        assert len({id(result) for result in results}) == 1
        assert (await here.requests())[RESULTS] == 1


async def test_gather_wait_for_shield_and_as_completed_take_a_job() -> None:
    async with ground() as here:
        jobs = [await here.run() for _ in range(4)]
        first, second = await asyncio.gather(*jobs[:2])
        assert len(first) == len(second) == 1
        assert len(await asyncio.wait_for(jobs[2], 60)) == 1
        assert len(await asyncio.shield(jobs[3])) == 1
        assert [len(await done) for done in asyncio.as_completed(jobs)] == [1] * 4


@pytest.mark.parametrize(
    ("tag", "kind", "status"),
    [
        ("emulate:fail", qrt.JobFailed, JobStatus.FAILED),
        ("emulate:cancelled", qrt.JobCancelled, JobStatus.CANCELLED),
        ("emulate:ran-too-long", qrt.JobRanTooLong, JobStatus.CANCELLED),
    ],
)
async def test_how_a_job_ends_is_raised_by_awaiting_and_only_told_by_waiting(
    tag: str, kind: type[qrt.QrtError], status: JobStatus
) -> None:
    async with ground() as here:
        job = await here.run(tag)
        with pytest.raises(asyncio.InvalidStateError):
            job.exception()
        assert await job.wait() is status
        with pytest.raises(kind, match=job.id):
            await job
        assert job.done()
        assert type(job.exception()) is kind
        assert not isinstance(job.exception(), asyncio.CancelledError)


async def test_a_timeout_ends_the_wait_and_not_the_job() -> None:
    async with ground() as here:
        job = await here.run()
        with pytest.raises(TimeoutError) as caught:
            await job.result(timeout=3)
        assert type(caught.value) is WaitTimedOut
        assert now() == pytest.approx(3, abs=0.1)
        assert not job.done()
        assert len(await job.result(timeout=60)) == 1


async def test_a_timeout_of_the_callers_is_not_renamed() -> None:
    async with ground() as here:
        job = await here.run()
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(3):
                await job.wait(timeout=100)
        assert type(caught.value) is TimeoutError


async def test_cancelling_one_waiter_leaves_the_others_and_the_job_alone() -> None:
    async with ground() as here:
        job = await here.run()
        waiters = [asyncio.create_task(job.result()) for _ in range(3)]
        await asyncio.sleep(1)
        waiters[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiters[1]
        assert await waiters[0] is await waiters[2]
        assert [entry["status"] for entry in await here.jobs()] == ["Completed"]


async def test_a_handle_from_an_id_makes_no_request_until_it_is_awaited() -> None:
    async with ground() as here:
        made = await here.run(watch=False)
        job_id = made.id
        del made
        before = await here.requests()
        job = here.service.job(job_id)
        assert (job.status, job.record, job.seen_at, job.backend, job.private) == (None,) * 5
        assert not job.done()
        await asyncio.sleep(100)
        assert await here.requests() == before
        assert len(await job) == 1
        assert job.backend == "ideal"
        assert (await here.requests())[ONE_JOB] == 1


async def test_watching_stops_when_the_last_handle_is_dropped() -> None:
    async with ground() as here:
        job = await here.run("emulate:never")
        await asyncio.sleep(30)
        assert (await here.requests())[ONE_JOB] > 3
        del job
        before = await here.requests()
        await asyncio.sleep(600)
        assert await here.requests() == before


async def test_an_unwatched_job_is_left_alone_until_somebody_asks() -> None:
    async with ground() as here:
        job = await here.run(watch=False)
        before = await here.requests()
        await asyncio.sleep(100)
        assert await here.requests() == before
        assert await job.wait() is JobStatus.COMPLETED


@pytest.mark.parametrize("job_id", ["", "  ", "..", "."])
async def test_an_empty_id_is_refused_before_anything_is_sent(job_id: str) -> None:
    async with ground() as here:
        with pytest.raises(InvalidInput, match="job id"):
            here.service.job(job_id)
        assert await here.requests() == {}


async def test_waiting_for_an_unknown_job_ends_with_not_found() -> None:
    async with ground() as here:
        job = here.service.job("d4if161vhnc73fl21ug0")
        with pytest.raises(NotFound, match="1291"):
            await job
        with pytest.raises(NotFound):
            await job.wait()
        assert isinstance(job.exception(), NotFound)
        with pytest.raises(NotFound):
            _ = [update async for update in here.service.job("d4if161vhnc73fl21ug1").updates()]


async def test_an_error_that_is_raised_again_does_not_hold_on_to_those_who_heard_it_before() -> None:
    async with ground() as here:
        job = here.service.job("nosuchjob00000000000")
        depths = []
        for _ in range(4):
            with pytest.raises(NotFound) as caught:
                await job
            depths.append(len(caught.traceback))
            with pytest.raises(NotFound) as caught:
                await anext(job.updates())
            depths.append(len(caught.traceback))
        assert max(depths[2:]) <= max(depths[:2])


async def test_a_job_cannot_be_pickled_and_says_what_to_do_instead() -> None:
    async with ground() as here:
        job = await here.run()
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match=r"service\.job"):
                attempt(job)


async def test_without_keeping_results_each_await_downloads_again() -> None:
    async with ground(keep_results=False) as here:
        job = await here.run()
        assert await job is not await job
        assert (await here.requests())[RESULTS] == 2


async def test_a_result_that_cannot_be_read_keeps_its_bytes() -> None:
    async with ground(simulator=Sampled(b'{"__type__": "PrimitiveResult", "__value__": 7}')) as here:
        job = await here.run()
        with pytest.raises(ResultError):
            await job
        assert await job.raw_results() == b'{"__type__": "PrimitiveResult", "__value__": 7}'


async def test_closing_the_service_ends_waits_with_a_plain_word_and_not_with_cancellation() -> None:
    async with ground() as here:
        job = await here.run("emulate:never")
        waits = [asyncio.create_task(job.result()), asyncio.create_task(job.wait())]
        listening = asyncio.create_task(_listen(job))
        await asyncio.sleep(5)
        await here.service.close()
        outcomes = await asyncio.gather(*waits, listening, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ServiceClosed] * 3
        with pytest.raises(ServiceClosed, match="closed"):
            await job
