"""One look for all: what it costs, and that it is never wrong."""

from __future__ import annotations

import asyncio

import pytest

import qrt_async as qrt
from qrt_async.api.status import JobStatus
from qrt_async.errors import NotAuthorized, NotFound, QrtError
from qrt_async.events import ApiDateLeft, Event, JobMoved, LookFailed, TaskCrashed
from qrt_async.jobs import looks as pages
from qrt_async.transport.wire import Reply
from tests.ground import Ground, ground

pytestmark = pytest.mark.virtual_clock
LIST, ONE_JOB = "GET /v1/jobs", "GET /v1/jobs/{id}"


async def looks(here: Ground) -> int:
    requests = await here.requests()
    return requests.get(LIST, 0) + requests.get(ONE_JOB, 0)


async def test_two_hundred_jobs_are_watched_by_listings_not_one_by_one() -> None:
    async with ground() as here:
        jobs = [await here.run() for _ in range(200)]
        statuses = await asyncio.gather(*(job.wait() for job in jobs))
        assert set(statuses) == {JobStatus.COMPLETED}
        requests = await here.requests()
        assert requests.get(ONE_JOB, 0) == 0
        assert requests[LIST] < 40


async def test_a_listing_of_more_than_one_page_is_read_to_its_end() -> None:
    async with ground() as here:
        jobs = [await here.run(watch=False) for _ in range(450)]
        statuses = await asyncio.gather(*(job.wait() for job in jobs))
        assert statuses == [JobStatus.COMPLETED] * 450
        assert (await here.requests()).get(ONE_JOB, 0) == 0


async def test_the_requests_for_looking_stay_within_the_allowance() -> None:
    policy = qrt.PollPolicy(floor=0.1, ceiling=0.1, allowance=60.0, burst=20)
    async with ground(poll=policy) as here:
        job = await here.run("emulate:never")
        await asyncio.sleep(600)
        assert 600 <= await looks(here) <= 20 + 600 + 1
        assert not job.done()


async def test_a_listing_that_lags_is_expected_and_costs_no_single_read() -> None:
    async with ground(config={"listing_lag": 3.0}) as here:
        jobs = [await here.run() for _ in range(5)]
        assert [await job.wait() for job in jobs] == [JobStatus.COMPLETED] * 5
        assert (await here.requests()).get(ONE_JOB, 0) == 0


async def test_a_listing_that_never_shows_a_job_is_backed_by_single_reads() -> None:
    async with ground(config={"listing_lag": 1e6}) as here:
        jobs = [await here.run() for _ in range(3)]
        assert [await job.wait() for job in jobs] == [JobStatus.COMPLETED] * 3
        assert asyncio.get_running_loop().time() < 30


async def test_a_job_that_is_deleted_while_watched_ends_the_wait_with_not_found() -> None:
    async with ground() as here:
        job = await here.run("emulate:never")
        waiting = asyncio.create_task(job.wait())
        await asyncio.sleep(60)
        await here.service.jobs.cancel(job.id)
        await here.service.jobs.delete(job.id)
        with pytest.raises(NotFound):
            await waiting


@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "status", "status": 429, "retry_after": 5},
        {"kind": "status", "status": 503, "body": "html"},
        {"kind": "status", "status": 500, "body": "empty"},
        {"kind": "cut"},
        {"kind": "garble"},
        {"kind": "expire-tokens"},
    ],
)
async def test_minutes_of_trouble_fail_no_job_and_are_not_hammered_at(trouble: dict[str, object]) -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here:
        jobs = [await here.run() for _ in range(3)]
        await here.fault(method="GET", **trouble)
        waiting = [asyncio.create_task(job.result()) for job in jobs]
        await asyncio.sleep(300)
        asked = (await here.control("GET", "stats"))["total"]
        await here.peace()
        results = await asyncio.wait_for(asyncio.gather(*waiting), 120)
        assert len(results) == 3
        assert asked < 400
        assert trouble["kind"] == "expire-tokens" or any(isinstance(event, LookFailed) for event in heard)


async def test_a_key_that_was_taken_away_is_told_after_a_few_looks_and_not_waited_out() -> None:
    async with ground() as here:
        job = await here.run()
        await here.fault(method="GET", kind="status", status=403, code=1200, message="Not authorized.")
        with pytest.raises(NotAuthorized, match=r"job\.read"):
            await job
        await here.peace()
        assert await job.wait() is JobStatus.COMPLETED


async def test_every_change_of_a_job_is_one_event_and_one_info_line(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Event] = []
    caplog.set_level("INFO", logger="qrt_async")
    async with ground(observers=[heard.append]) as here:
        job = await here.run()
        await job
    moves = [(event.previous, event.status) for event in heard if isinstance(event, JobMoved)]
    assert moves == [(None, "Queued"), ("Queued", "Running"), ("Running", "Completed")]
    lines = [record.getMessage() for record in caplog.records if record.name == "qrt_async"]
    assert lines == [f"job {job.id} is {word}" for word in ("Queued", "Running", "Completed")]


async def test_idle_the_service_has_no_task_and_makes_no_request() -> None:
    async with ground() as here:
        await (await here.run()).wait()
        await asyncio.sleep(1)
        before = await here.requests()
        mine = {task for task in asyncio.all_tasks() if task.get_name().startswith("qrt ")}
        await asyncio.sleep(3600)
        assert mine == set()
        assert await here.requests() == before


async def test_a_watcher_that_crashes_fails_its_waiters_and_says_so() -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here:
        job = await here.run()

        async def broken(_: object) -> None:
            raise LookupError("our own mistake")

        here.service._watcher._lookout.ask = broken  # type: ignore[assignment] # our own mistake, on purpose
        with pytest.raises(QrtError, match="our own mistake"):
            await job
        await asyncio.sleep(0)
        assert any(isinstance(event, TaskCrashed) for event in heard)


@pytest.mark.parametrize(
    ("dates", "spoken"),
    [(("2026-02-15", "2026-04-15"), "2026-02-15"), (("2026-03-15", "2026-04-15"), "2026-04-15")],
)
async def test_with_the_first_look_a_date_that_is_gone_is_left(dates: tuple[str, ...], spoken: str) -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append], api_version=None) as here:
        job = await here.run()
        await here.control("POST", "config", {"api_dates": list(dates)})
        await job
        requests = await here.requests()
        assert requests["GET /v1/versions"] == 1
        left = [(event.left, event.taken) for event in heard if isinstance(event, ApiDateLeft)]
        assert left == ([] if spoken == "2026-02-15" else [("2026-02-15", spoken)])


async def test_a_date_that_the_caller_chose_is_kept_and_nobody_is_asked() -> None:
    async with ground(api_version="2026-03-15") as here:
        await (await here.run())
        assert "GET /v1/versions" not in await here.requests()


async def test_a_row_that_cannot_be_read_is_as_good_as_none_and_the_job_is_read_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = pages.read_rows

    def spoiled(reply: Reply, wanted: frozenset[str]) -> pages.Rows:
        rows = real(reply, wanted)
        found = tuple(pages.Row(row.id, b'{"id":"' + row.id.encode() + b'","state":7}') for row in rows.found)
        return pages.Rows(found, rows.read, rows.last)

    monkeypatch.setattr(pages, "read_rows", spoiled)
    async with ground() as here:
        jobs = [await here.run() for _ in range(3)]
        assert [await job.wait() for job in jobs] == [JobStatus.COMPLETED] * 3
        assert (await here.requests())[ONE_JOB] >= 3


async def test_a_listing_that_lags_behind_a_direct_read_takes_nothing_back() -> None:
    async with ground(config={"listing_lag": 4.0, "queue_seconds": 3.0, "run_seconds": 60.0}) as here:
        jobs = [await here.run() for _ in range(3)]
        told = asyncio.create_task(_words(jobs[0]))
        await asyncio.sleep(4.0)
        await jobs[0].refresh()
        assert jobs[0].status is JobStatus.RUNNING
        assert list(dict.fromkeys(await told)) == ["Running", "Completed"]


async def _words(job: qrt.AsyncJob[object]) -> list[str]:
    return [update.status_text async for update in job.updates()]
