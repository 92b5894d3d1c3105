"""Server-sent events: the newest state at once, every change, nothing twice, and an end."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput
from qrt_async.integrations import asgi
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, QASM, ground
from tests.integrations.serving import Event, parsed, told_of
from tests.sweep.ground import Reads, open_ground, sweep

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)


def names(told: list[Event]) -> list[str]:
    return list(dict.fromkeys(name for _, name, _ in told))


async def test_a_submission_is_followed_from_the_line_to_its_end() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, qrt.Submitter(here.service) as submitter:
        submitter.submit(SAMPLER, backend=BACKEND)
        submission = submitter.submit(SAMPLER, backend=BACKEND)
        told = await told_of(submission)
        assert names(told) == ["waiting", "job", "end"]
        statuses = [data["status"] for _, name, data in told if name == "job"]
        assert [status for status in dict.fromkeys(statuses) if status] == ["Queued", "Running", "Completed"]
        assert (told[-1][2]["status"], told[-1][2]["problem"]) == ("Completed", None)
        assert told[-1][2]["submission"] == submission.id
        ids = [mark for mark, _, _ in told]
        assert len(ids) == len(set(ids))


async def test_places_in_line_and_waits_are_told() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, qrt.Submitter(here.service) as submitter:
        await submitter.submit(SAMPLER, backend=BACKEND).job()
        for _ in range(2):
            submitter.submit(SAMPLER, backend=BACKEND)
        told = await told_of(submitter.submit(SAMPLER, backend=BACKEND))
        waiting = [data for _, name, data in told if name == "waiting"]
        places = [data["position_in_line"] for data in waiting if data["position_in_line"] is not None]
        assert places == [3, 2, 1]
        first = next(data for data in waiting if data["position_in_line"] == 3)
        assert first["eta"] == pytest.approx(3 * 60.25, abs=3)
        assert first["why_waiting"] == "2 before it in line"


async def test_a_job_tells_its_place_in_the_queue_where_the_service_does() -> None:
    async with ground(api_version="2026-02-15", config={"queue_seconds": 300.0}) as here:
        told = await told_of(await here.run())
        queued = [data for _, name, data in told if name == "job" and data["status"] == "Queued"]
        assert any(data["position_in_queue"] is not None and data["estimated_start_time"] for data in queued)
        assert all(data["submission"] is None for data in queued)


@pytest.mark.parametrize(
    ("tag", "problem"), [("emulate:fail=1517", "job-failed"), ("emulate:ran-too-long", "job-ran-too-long")]
)
async def test_how_a_job_went_wrong_is_told_at_the_end(tag: str, problem: str) -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        submission = submitter.submit(SAMPLER, backend=BACKEND, tags=[tag])
        *_, (mark, name, data) = await told_of(submission)
        assert (name, data["state"], data["problem"]["type"]) == ("end", "ended", f"urn:qrt-async:{problem}")
        assert mark.startswith("end-")


async def test_why_there_will_be_no_job_is_told_at_the_end() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, qrt.Submitter(here.service) as submitter:
        await submitter.submit(SAMPLER, backend=BACKEND).job()
        submission = submitter.submit(SAMPLER, backend=BACKEND)
        asyncio.get_running_loop().call_later(5, submission.withdraw)
        told = await told_of(submission)
        assert names(told) == ["waiting", "end"]
        assert (told[-1][2]["state"], told[-1][2]["job"]) == ("withdrawn", None)
        assert told[-1][2]["problem"]["type"] == "urn:qrt-async:not-sent"


async def test_who_comes_again_is_told_what_is_new_since_and_nothing_twice() -> None:
    async with ground(config={"queue_seconds": 60.0}) as here, qrt.Submitter(here.service) as submitter:
        submission = submitter.submit(SAMPLER, backend=BACKEND)
        whole = await told_of(submission)
        for cut in range(len(whole)):
            mark, name, _ = whole[cut]
            stream = asgi.events(submission, last_event_id=mark)
            again = parsed([frame async for frame in stream.frames()])
            assert (stream.status_code, again) == ((204, []) if name == "end" else (200, [whole[-1]]))


async def test_who_comes_again_in_mid_flight_hears_of_no_earlier_state(tmp_path: Path) -> None:
    """In this worker, and in another one that shares the journal and has never seen the job."""
    path = tmp_path / "runs.db"
    async with (
        ground(config={"queue_seconds": 100.0, "run_seconds": 100.0}) as here,
        qrt.Submitter(here.service, journal=Journal(path, inline=True)) as submitter,
        qrt.RuntimeService(url=here.emulator.url, spool=False) as service,
        qrt.Submitter(service, journal=Journal(path, inline=True)) as other,
    ):
        submission = submitter.submit(SAMPLER, backend=BACKEND)
        stream = asgi.events(submission).frames()
        seen: list[Event] = []
        came = 0
        async for frame in stream:
            seen += parsed([frame])
            if seen and seen[-1][2].get("status") == "Queued":
                for who in (submitter, other):
                    found = await who.find(submission.id)
                    rest = asgi.events(found, last_event_id=seen[-1][0], heartbeat=0.1).frames()
                    first = parsed([await anext(rest) for _ in range(2)])
                    assert [data["status"] for _, name, data in first if name == "job"] in ([], ["Queued"])
                    came += 1
                    assert {mark for mark, _, _ in first}.isdisjoint(mark for mark, _, _ in seen)
                    await rest.aclose()
        assert names(seen)[-2:] == ["job", "end"]
        assert came >= 4


async def test_who_comes_again_while_nothing_has_moved_is_told_nothing() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, qrt.Submitter(here.service) as submitter:
        await submitter.submit(SAMPLER, backend=BACKEND).job()
        submission = submitter.submit(SAMPLER, backend=BACKEND)
        await asyncio.sleep(1)
        first = asgi.events(submission).frames()
        ((mark, _, data),) = parsed([await anext(first) for _ in range(2)])
        assert data["eta"] is not None
        again = asgi.events(submission, last_event_id=mark, heartbeat=3.0).frames()
        assert [await anext(again) for _ in range(4)] == [b"retry: 2000\n\n", *[b":\n\n"] * 3]


async def test_who_is_slow_gets_the_newest_and_not_all() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, qrt.Submitter(here.service) as submitter:
        for _ in range(10):
            submitter.submit(SAMPLER, backend=BACKEND)
        submission = submitter.submit(SAMPLER, backend=BACKEND)
        told: list[Event] = []
        async for frame in asgi.events(submission).frames():
            told += parsed([frame])
            await asyncio.sleep(200)
        assert len(told) <= 8
        places = [
            data["position_in_line"]
            for _, name, data in told
            if name == "waiting" and data["position_in_line"]
        ]
        assert places == sorted(places, reverse=True)
        assert told[-1][1] == "end"


async def test_heartbeats_show_that_the_connection_is_alive() -> None:
    async with ground(config={"queue_seconds": 100.0}) as here:
        job = await here.run()
        loop = asyncio.get_running_loop()
        at = [(loop.time(), frame) async for frame in asgi.events(job, heartbeat=7.0).frames()]
        gaps = [later - earlier for (earlier, _), (later, _) in pairwise(at)]
        assert max(gaps) <= 7.01
        assert sum(frame == b":\n\n" for _, frame in at) >= 10


async def test_a_sweep_whose_service_was_closed_has_a_stream_that_ends_at_once() -> None:
    async with open_ground() as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="closed", pack=6)
        run.start()
        await asyncio.sleep(1)
        await here.service.close()
        await asyncio.sleep(1)
        assert run.done
        assert await told_of(run, last_event_id="x") == []


@pytest.mark.parametrize("junk", ["", "x", "é", "0" * 10_000, "end"])
async def test_an_id_that_is_none_of_ours_gets_everything(junk: str) -> None:
    async with ground() as here:
        told = await told_of(await here.run(), last_event_id=junk)
        assert told[-1][1] == "end"


async def test_when_the_service_closes_the_stream_ends_without_an_end() -> None:
    """So that the client comes again, to another worker."""
    async with ground() as here:
        job = await here.run("emulate:queue=1000")
        telling = asyncio.create_task(told_of(job))
        await asyncio.sleep(5)
        await here.service.close()
        told = await telling
        assert told
        assert "end" not in names(told)


@pytest.mark.parametrize("told", [None, "x"])
async def test_a_submission_whose_service_was_closed_has_a_stream_that_ends_at_once(told: str | None) -> None:
    async with ground() as here:
        async with qrt.Submitter(here.service) as submitter:
            submission = submitter.submit(SAMPLER, backend=BACKEND, tags=["emulate:queue=1000"])
            await submission.job()
        await here.service.close()
        assert await told_of(submission, last_event_id=told) == []


async def test_a_sweep_tells_its_progress_and_is_not_started_by_that() -> None:
    async with open_ground() as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="told", pack=6)
        telling = asyncio.create_task(told_of(run, heartbeat=50.0))
        await asyncio.sleep(100)
        assert await here.jobs() == []
        run.start()
        told = await telling
        assert names(told) == ["progress", "end"]
        done = [data["done"] for _, name, data in told if name == "progress"]
        assert done == sorted(done)
        assert (told[0][2]["points"], told[0][2]["name"]) == (20, "told")
        assert (told[-1][2]["state"], told[-1][2]["progress"]["done"]) == ("ended", 20)
        assert (await told_of(run), asgi.events(run, last_event_id=told[-1][0]).status_code) == (
            [told[-1]],
            204,
        )


async def test_what_ends_a_sweep_is_told_as_a_problem() -> None:
    async with open_ground(simulator=Reads()) as (_, submitter):
        wrong = submitter.sweep(sweep(), backend=BACKEND, name="wrong", budget=qrt.Budget(seconds=0.5))
        wrong.start()
        told = await told_of(wrong)
        assert (told[-1][2]["state"], told[-1][2]["problem"]["type"]) == (
            "failed",
            "urn:qrt-async:invalid-input",
        )


async def test_what_is_no_source_and_no_heartbeat_is_refused() -> None:
    async with ground() as here:
        job = await here.run()
        with pytest.raises(InvalidInput, match="AsyncJob, Submission or SweepRun"):
            asgi.events("job")  # type: ignore[arg-type] # wrong on purpose
        for wrong in (0, -1, float("nan")):
            with pytest.raises(InvalidInput, match="heartbeat"):
                asgi.events(job, heartbeat=wrong)


async def test_a_thousand_listeners_cost_no_more_requests_than_one() -> None:
    async with ground(config={"queue_seconds": 60.0}) as here:
        job = await here.run()
        counts = []
        for count in (1, 1000):
            job = await here.run()
            before = sum((await here.requests()).values())
            listeners = await asyncio.gather(*(told_of(job) for _ in range(count)))
            assert all(told[-1][1] == "end" for told in listeners)
            counts.append(sum((await here.requests()).values()) - before)
        assert counts[1] <= counts[0] + 3
