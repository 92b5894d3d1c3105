"""Watching from the first look to the last result, in simulated time: what it costs, how late it is, never wrong.

All counts come from the server. The goals are those of one policy, the default one.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

import qrt_async as qrt
from benchmarks.simulated import Scene, scene, status_requests
from benchmarks.stage import BACKEND, CRN
from benchmarks.watching import WITH_HINTS, WITHOUT, Case, Spread, play
from tests.ground import ground

DATES = (WITH_HINTS, WITHOUT)


@pytest.mark.parametrize("length", [1.0, 5.0, 8.0, 30.0])
@pytest.mark.parametrize(("seen", "most"), [(False, 20), (True, 14)])
def test_two_hundred_short_jobs_cost_few_status_requests(length: float, seen: bool, most: int) -> None:
    found = play(Case(length=length, seen=seen))
    assert (found["status"] or 0) <= most
    assert (found["requests"] or 0) <= 425


@pytest.mark.parametrize("hints", [1.0, None])
@pytest.mark.parametrize("seen", [False, True])
def test_two_hundred_jobs_of_five_seconds_are_told_before_a_listing_would(
    seen: bool, hints: float | None
) -> None:
    """A listing is half a second behind in the mean, so it alone could not do it."""
    found = play(Case(seen=seen, hints=hints))
    assert (found["requests"] or 0) <= 425
    assert (found["p50"] or 9) < 0.5
    assert (found["p95"] or 9) < 1.0


@pytest.mark.parametrize("seen", [False, True])
def test_a_thousand_jobs_cost_five_times_as_much(seen: bool) -> None:
    found = play(Case(jobs=1000, seen=seen))
    assert (found["status"] or 0) <= 5 * (14 if seen else 20)
    assert (found["max"] or 99) < 5.0


@pytest.mark.parametrize(
    ("length", "requests", "late"), [(5.0, 20, 0.12), (300.0, 60, 0.10), (18_000.0, 180, 0.01)]
)
def test_one_job_without_hints_costs_little_whatever_its_length(
    length: float, requests: int, late: float
) -> None:
    for seed in range(3):
        found = play(Case(jobs=1, length=length, hints=None, lag=(0.0, 0.0), seed=seed))
        assert (found["status"] or 0) <= requests
        assert (found["max"] or 9e9) <= late * length * 1.1, "the length itself is within 10 %"


@pytest.mark.parametrize("hints", [1 / 3, 3.0])
@pytest.mark.parametrize("length", [5.0, 300.0])
def test_hints_that_are_wrong_by_three_do_not_hurt(hints: float, length: float) -> None:
    right, wrong = play(Case(length=length)), play(Case(length=length, hints=hints))
    assert (wrong["max"] or 9e9) <= (right["max"] or 0) + 0.25 * length
    assert (wrong["status"] or 99) <= (right["status"] or 0) + 15


@pytest.mark.parametrize("spread", ["σ 0.3", "σ 1"])
@pytest.mark.parametrize("lag", [(0.0, 0.0), (1.0, 1.0), (5.0, 5.0)])
def test_nothing_is_wrong_however_jobs_are_spread_and_listings_lag(
    spread: Spread, lag: tuple[float, float]
) -> None:
    found = play(Case(jobs=60, spread=spread, lag=lag))
    assert (found["max"] or 9e9) < 60


def test_two_thousand_jobs_need_few_pages_a_job() -> None:
    found = play(Case(jobs=2000))
    assert (found["status"] or 9e9) < 200
    assert (found["max"] or 9e9) < 20


@pytest.mark.virtual_clock
@pytest.mark.parametrize("date", DATES)
async def test_a_day_of_watching_stays_within_the_allowance_and_grows_nowhere(date: str) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with scene(api_version=date) as stage:
        jobs = [await stage.submit("emulate:never") for _ in range(300)]
        waiting = [asyncio.create_task(job.result()) for job in jobs]
        await asyncio.sleep(2 * 3600)
        before, grown = await stage.requests(), _memory()
        await asyncio.sleep(22 * 3600)
        asked = status_requests(await stage.requests()) - status_requests(before)
        grown = _memory() - grown
        assert asked <= 22 * 3600 * 60 / 60
        assert asked < 2 * 2 * 22 * 3600 / 160, "two pages a look, and a look in about three minutes"
        assert grown < 300_000
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def _memory() -> int:
    """Objects that the collector knows of, times a word or two: enough to see growth."""
    gc.collect()
    return len(gc.get_objects()) * 64


@pytest.mark.virtual_clock
@pytest.mark.parametrize("date", DATES)
async def test_every_second_look_failing_for_ten_minutes_hurts_no_job(date: str) -> None:
    asyncio.get_running_loop().set_debug(False)
    settings = {"queue_seconds": 200.0, "run_seconds": 200.0, "jitter": 0.5, "listing_lag": (0.0, 3.0)}
    async with ground(config=settings, api_version=date) as here:
        jobs = [await here.run(*tags) for tags in [()] * 20 + [("emulate:fail",), ("emulate:cancelled",)]]
        rules = [
            {"kind": kind, "method": "GET", "path": path, "probability": 0.5, "seed": seed, **more}
            for seed, (kind, path, more) in enumerate(
                [
                    ("status", "/v1/jobs", {"status": 503}),
                    ("cut", "/v1/jobs/{id}", {}),
                    ("status", "/v1/jobs/{id}/metrics", {"status": 500}),
                ]
            )
        ]
        await here.control("POST", "faults", rules)
        waiting = [asyncio.create_task(job.wait()) for job in jobs]
        await asyncio.sleep(600)
        await here.peace()
        async with asyncio.timeout(300):
            ends = await asyncio.gather(*waiting)
        assert [end.value for end in ends] == ["Completed"] * 20 + ["Failed", "Cancelled"]


@pytest.mark.virtual_clock
async def test_after_an_outage_looks_resume_at_a_measured_pace() -> None:
    async with ground(config={"run_seconds": 900.0}) as here:
        jobs = [await here.run() for _ in range(30)]
        waiting = asyncio.gather(*(job.wait() for job in jobs))
        await here.fault(kind="status", status=503, method="GET")
        await asyncio.sleep(600)
        during = sum((await here.requests()).values())
        await here.peace()
        await asyncio.sleep(60)
        after = sum((await here.requests()).values())
        assert during - 30 < 40, "pauses grow to a minute"
        assert after - during < 20, "no read a job"
        assert {end.value for end in await waiting} == {"Completed"}


@pytest.mark.virtual_clock
async def test_where_only_listings_are_broken_jobs_are_read_by_themselves() -> None:
    async with ground() as here:
        jobs = [await here.run() for _ in range(5)]
        await here.fault(kind="status", status=500, method="GET", path="/v1/jobs")
        async with asyncio.timeout(120):
            assert {(await job.wait()).value for job in jobs} == {"Completed"}


@pytest.mark.virtual_clock
async def test_many_handles_on_jobs_of_another_program_are_found_in_the_newest_rows() -> None:
    async with ground() as here:
        ids = [(await here.run(watch=False)).id for _ in range(300)]
        async with qrt.RuntimeService(url=here.emulator.url, spool=False, rate_limit=None) as other:
            before = await here.requests()
            await asyncio.gather(*(other.job(job_id).wait() for job_id in ids))
        asked = await here.requests()
        assert asked.get("GET /v1/jobs/{id}", 0) - before.get("GET /v1/jobs/{id}", 0) <= 3
        assert asked["GET /v1/jobs"] < 80


@pytest.mark.virtual_clock
async def test_a_job_that_failed_is_never_taken_for_completed_though_its_result_was_peeked_at() -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ground(config={"listing_lag": 5.0, "jitter": 0.1}) as here:
        await (await here.run())
        good = [await here.run() for _ in range(30)]
        bad = [await here.run("emulate:fail") for _ in range(10)]
        gone = [await here.run("emulate:cancelled") for _ in range(10)]
        found = await asyncio.gather(*good, *bad, *gone, return_exceptions=True)
        kinds = [type(each) for each in found]
        assert kinds == [qrt.PrimitiveResult] * 30 + [qrt.JobFailed] * 10 + [qrt.JobCancelled] * 10
        reads = (await here.requests())["GET /v1/jobs/{id}/results"]
        assert reads > 31, "some were peeked at before their end was listed"


@pytest.mark.virtual_clock
async def test_the_result_of_a_private_job_is_never_peeked_at() -> None:
    async with ground(config={"listing_lag": 5.0}) as here:
        await (await here.run())
        before = (await here.requests())["GET /v1/jobs/{id}/results"]
        jobs = [await here.run(private=True) for _ in range(10)]
        assert len(await asyncio.gather(*jobs)) == 10
        assert (await here.requests())["GET /v1/jobs/{id}/results"] == before + 10


@pytest.mark.virtual_clock
@pytest.mark.parametrize("how", ["session", "tag"])
async def test_a_listing_of_the_session_or_tag_is_read_where_other_jobs_crowd_the_window(how: str) -> None:
    async with scene({"run_seconds": 400.0}) as stage:
        session = await _session(stage) if how == "session" else None
        tags = ("mine",) if how == "tag" else ()
        mine = [await stage.submit(*tags, session_id=session) for _ in range(3)]
        for _ in range(900):
            await stage.submit(watch=False)
        waiting = [asyncio.create_task(job.wait()) for job in mine]
        await asyncio.sleep(100)
        before = await stage.requests()
        await asyncio.sleep(200)
        asked = status_requests(await stage.requests()) - status_requests(before)
        assert asked <= 12, "one page a look, not five and not three single reads"
        await asyncio.gather(*waiting)


async def _session(stage: Scene) -> Any:
    created = await stage.service.sessions.create(BACKEND, mode="batch", instance=CRN)
    return created.id
