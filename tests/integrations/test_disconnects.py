"""A client goes away at every stage of a submit: nothing orphaned, nothing cancelled unasked, everything listed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import qrt_async as qrt
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, COUNTS, QASM, Ground, ground
from tests.integrations.applications import aiohttp_app
from tests.integrations.serving import serving
from tests.integrations.test_frameworks import lifespan_of

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)
POST = "POST /v1/jobs"


@pytest.fixture(params=["journal", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal | None:
    return Journal(tmp_path / "runs.db", inline=True) if request.param == "journal" else None


class Handler:
    """What a request does, and how far it came."""

    def __init__(self, tenant: Any) -> None:
        self._tenant = tenant
        self.stage = "before"

    async def __call__(self) -> None:
        submission = self._tenant.submit(SAMPLER, backend=BACKEND)
        self.stage = "submitted"
        await submission.kept()
        self.stage = "kept"
        await submission.job()
        self.stage = "accepted"
        await submission
        self.stage = "ended"


async def left(handling: asyncio.Task[Any]) -> None:
    """As a framework does it whose client has gone."""
    handling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await handling


async def nothing_is_lost(here: Ground, submitter: qrt.Submitter) -> None:
    """One submission, listed; one job, which ran to its end; found by whoever asks."""
    tenant = submitter.tenant("alice")
    (record,) = await tenant.list()
    found = await tenant.find(record.id)
    assert (await found)[0].data.bits("meas").get_counts() == COUNTS
    (job,) = await here.jobs()
    assert (job["status"], job["id"]) == ("Completed", (await found.job()).id)
    assert (await here.requests())[POST] == 1
    (record,) = await tenant.list()
    assert record.job_id == job["id"]
    assert here.service.unclaimed == []


async def slow_intent(here: Ground, journal: Journal | None) -> None:
    """What is written down takes its time."""
    if journal is not None:
        intend = journal.intend

        async def slowly(intent: Any) -> None:
            await asyncio.sleep(1)
            await intend(intent)

        journal.intend = slowly  # type: ignore[method-assign] # that is the trap


async def slow_post(here: Ground, when: str) -> None:
    await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=5.0, when=when, times=1)


async def cut_post(here: Ground, when: str) -> None:
    await here.fault(method="POST", path="/v1/jobs", kind="cut", when=when, times=1)


Stage = tuple[str, float, Callable[[Ground, Journal | None], Awaitable[None]]]
STAGES: dict[str, Stage] = {
    "before the intent is written": ("submitted", 0.5, slow_intent),
    "while the request is on its way": ("kept", 2.0, lambda here, _: slow_post(here, "before")),
    "while the reply is on its way": ("kept", 2.0, lambda here, _: slow_post(here, "after")),
    "after acceptance": ("accepted", 2.0, lambda here, _: asyncio.sleep(0)),
}


@pytest.mark.parametrize("stage", STAGES)
async def test_at_each_stage(stage: str, journal: Journal | None) -> None:
    expected, after, hinder = STAGES[stage]
    if journal is None and hinder is slow_intent:
        pytest.skip("there is no intent to write")
    async with ground() as here, qrt.Submitter(here.service, journal=journal) as submitter:
        await here.service.backends.list()
        await hinder(here, journal)
        handler = Handler(submitter.tenant("alice"))
        handling = asyncio.create_task(handler())
        await asyncio.sleep(after)
        assert handler.stage == expected
        await left(handling)
        await nothing_is_lost(here, submitter)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_while_the_fate_of_the_request_is_unknown(when: str, journal: Journal | None) -> None:
    async with ground() as here, qrt.Submitter(here.service, journal=journal) as submitter:
        await here.service.backends.list()
        await cut_post(here, when)
        handling = asyncio.create_task(Handler(submitter.tenant("alice"))())
        await asyncio.sleep(0.5)
        await left(handling)
        (record,) = await submitter.tenant("alice").list()
        await (await submitter.tenant("alice").find(record.id))
        assert [job["status"] for job in await here.jobs()] == ["Completed"]


async def test_while_it_waits_for_its_turn(journal: Journal | None) -> None:
    async with (
        ground(rate_limit=qrt.RateLimit(1)) as here,
        qrt.Submitter(here.service, journal=journal) as submitter,
    ):
        await submitter.submit(SAMPLER, backend=BACKEND).job()
        handler = Handler(submitter.tenant("alice"))
        handling = asyncio.create_task(handler())
        await asyncio.sleep(10)
        assert handler.stage == "kept"
        await left(handling)
        (record,) = await submitter.tenant("alice").list()
        assert record.state == "waiting"
        assert (await (await submitter.tenant("alice").find(record.id)))[0].metadata is not None
        assert [job["status"] for job in await here.jobs()] == ["Completed", "Completed"]


async def steps_of(work: asyncio.Task[Any], count: int) -> bool:
    """Let the loop turn so often; ``False`` once the work is done."""
    for _ in range(count):
        if work.done():
            return False
        await asyncio.sleep(0)
    return not work.done()


@pytest.mark.timeout(170)
async def test_at_every_turn_of_the_loop(tmp_path: Path) -> None:
    """Not at moments that somebody thought of, but at all of them, up to the acceptance."""
    stages: dict[str, int] = {}
    async with ground() as here:
        await here.service.backends.list()
        for count in range(1000):
            key = f"user{count}"
            path = tmp_path / f"{count}.db"
            async with qrt.Submitter(here.service, journal=Journal(path, inline=True)) as submitter:
                handler = Handler(submitter.tenant(key))
                handling = asyncio.create_task(handler())
                await steps_of(handling, count)
                stages[handler.stage] = stages.get(handler.stage, 0) + 1
                accepted = handler.stage == "accepted"
                await left(handling)
                records = await submitter.tenant(key).list()
                assert len(records) == (0 if handler.stage == "before" else 1)
                for record in records:
                    await (await submitter.find(record.id)).job()
            if accepted and stages["accepted"] > 3:
                break
        jobs = await here.jobs()
        assert len(jobs) == sum(count for stage, count in stages.items() if stage != "before")
        assert {job["status"] for job in jobs} <= {"Queued", "Running", "Completed"}
        assert set(stages) == {"before", "submitted", "kept", "accepted"}


async def test_run_at_every_turn_of_the_loop() -> None:
    """``service.run`` belongs to its handler: what left with it is kept in ``unclaimed``."""
    async with ground() as here:
        await here.run("warm")
        for count in range(1000):
            running = asyncio.create_task(here.run(f"n{count}"))
            if not await steps_of(running, count):
                await running
                break
            await left(running)
            await asyncio.sleep(1)
        jobs = {job["id"]: job for job in await here.jobs()}
        unclaimed = {job.id for job in here.service.unclaimed}
        claimed = {job["id"] for job in jobs.values() if job["tags"][0] in {"warm", f"n{count}"}}
        assert unclaimed | claimed == set(jobs)
        assert unclaimed
        assert "Cancelled" not in {job["status"] for job in jobs.values()}


@pytest.mark.parametrize("after", [0.0, 0.01, 0.5, 2.0])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_over_a_socket_whose_server_cancels_the_handler(
    after: float, when: str, tmp_path: Path
) -> None:
    """aiohttp.web can be told to do so; the intent is written or the request on its way, or neither."""
    async with ground() as here, serving(aiohttp_app(lifespan_of(here, tmp_path / "runs.db"))) as url:
        await slow_post(here, when)
        async with aiohttp.ClientSession(url, headers={"user": "alice"}) as http:
            asking = asyncio.create_task(http.post("/jobs", json={"qasm": QASM}).__aenter__())
            await asyncio.sleep(after)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await asyncio.sleep(60)
        async with aiohttp.ClientSession(url, headers={"user": "alice"}) as http:
            async with http.get("/jobs") as reply:
                keys = await reply.json()
            for key in keys:
                async with http.get(f"/jobs/{key}") as reply:
                    assert await reply.json() == COUNTS
        assert [job["status"] for job in await here.jobs()] == ["Completed"] * len(keys)
