"""Jobs that stand still: when a reason is looked for, and what is told."""

from __future__ import annotations

import asyncio

import pytest

import qrt_async as qrt
from qrt_async.api.records import BackendStatus, InstanceUsage, SessionRecord
from qrt_async.events import Event, JobStalled
from qrt_async.jobs.stalls import Place, reason
from tests.ground import BACKEND, Ground, ground

PLACE = Place("ibm_fez", "s1")
ONLINE = BackendStatus(length_queue=1, state=True, status="active")
PAUSED = BackendStatus(length_queue=1, state=True, status="internal", message="calibrating")
OPEN = SessionRecord(id="s1", state_text="open")
CLOSED = SessionRecord(id="s1", state_text="closed")


@pytest.mark.parametrize(
    ("backend", "session", "usage", "why"),
    [
        (ONLINE, OPEN, InstanceUsage(), None),
        (None, None, None, None),
        (PAUSED, OPEN, None, "the backend ibm_fez is internal (calibrating)"),
        (BackendStatus(length_queue=0, state=False), None, None, "the backend ibm_fez is not available"),
        (ONLINE, CLOSED, None, "its session s1 is closed"),
        (ONLINE, OPEN, InstanceUsage(usage_limit_reached=True), "the usage limit of the instance is reached"),
    ],
)
def test_what_counts_as_a_reason(
    backend: BackendStatus | None, session: SessionRecord | None, usage: InstanceUsage | None, why: str | None
) -> None:
    assert reason(PLACE, backend, session, usage) == why


async def watch(here: Ground, job: qrt.AsyncJob[object]) -> list[str | None]:
    """What the updates said of being stalled, each time it changed."""
    said: list[str | None] = []
    async for update in job.updates():
        if not said or said[-1] != update.stalled:
            said.append(update.stalled)
    return said


@pytest.mark.virtual_clock
async def test_a_backend_that_is_paused_is_an_update_and_one_warning_and_its_return_is_told_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here:
        await here.control("POST", "backends", {BACKEND: {"name": "paused", "reason": "maintenance"}})
        jobs = [await here.run() for _ in range(3)]
        told = asyncio.create_task(watch(here, jobs[0]))
        await asyncio.sleep(4 * 3600)
        await here.control("POST", "backends", {BACKEND: {"name": "online"}})
        await asyncio.gather(*(job.wait() for job in jobs))
        said = await told
        assert len(said) == 3
        assert (said[0], said[-1]) == (None, None)
        assert "paused" in (said[1] or "") or "maintenance" in (said[1] or "")
        stalls = [event.job_id for event in heard if isinstance(event, JobStalled)]
        assert sorted(stalls) == sorted(job.id for job in jobs), "once each"
        assert (await here.requests())["GET /v1/backends/{name}/status"] <= 5
    assert len([r for r in caplog.records if r.levelname == "WARNING" and "Stalled" in r.getMessage()]) == 3


@pytest.mark.virtual_clock
async def test_a_long_wait_without_a_reason_is_no_stall_and_costs_next_to_nothing() -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here:
        job = await here.run("emulate:queue=20000")
        await job
        assert [event for event in heard if isinstance(event, JobStalled)] == []
        requests = await here.requests()
        assert requests.get("GET /v1/instances/usage", 0) <= 5


@pytest.mark.virtual_clock
async def test_who_may_not_ask_for_reasons_is_not_told_any_and_waits_on() -> None:
    async with ground() as here:
        job = await here.run("emulate:queue=9000")
        refused = ("/v1/backends/{name}/status", "/v1/instances/usage")
        rules = [{"kind": "status", "status": 403, "method": "GET", "path": path} for path in refused]
        await here.control("POST", "faults", rules)
        assert len(await job) == 1
