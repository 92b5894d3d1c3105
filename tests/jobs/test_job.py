"""What a job handle promises (design 1.4)."""

from __future__ import annotations

import asyncio
import copy
import itertools
import pickle
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.api.status import JobStatus
from qrt_async.errors import InvalidInput, NotFound, ResultError, ServiceClosed, WaitTimedOut
from tests.ground import COUNTS, Sampled, ground

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


async def _listen(job: qrt.AsyncJob[Any]) -> None:
    async for _ in job.updates():
        pass
