"""What holds a submission besides its turn: caps, budgets, usage, paused backends, outages."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import Raw

import qrt_async as qrt
from qrt_async.api.job_calls import NewJob, create_job
from qrt_async.errors import OverUsage
from qrt_async.submit.errand import Errand
from qrt_async.submit.gates import Hold, InFlight, Load
from tests.ground import BACKEND, ground
from tests.submit.samples import POST, SAMPLER, now

pytestmark = pytest.mark.virtual_clock


async def test_no_more_jobs_are_in_flight_than_was_said() -> None:
    async with ground() as here, qrt.Submitter(here.service, max_in_flight=2) as submitter:
        submissions = [submitter.submit(SAMPLER, backend=BACKEND) for _ in range(5)]
        await submissions[1].job()
        await asyncio.sleep(1)
        assert "2 jobs are in flight" in (submissions[2].why_waiting or "")
        await asyncio.gather(*submissions)
        steps = {"Queued": 1, "Completed": -1}
        changes = [
            (change["at"], steps[change["status"]])
            for job in await here.jobs()
            for change in job["changes"]
            if change["status"] in steps
        ]
        in_flight = [sum(step for at, step in changes if at <= moment) for moment, _ in changes]
        assert max(in_flight) == 2


async def test_a_thousand_that_are_held_back_cost_no_more_than_one_of_them() -> None:
    asyncio.get_running_loop().set_debug(False)
    asked = 0

    class Asked(InFlight):
        def hold(self, load: Load, now: float) -> Hold | None:
            nonlocal asked
            asked += 1
            return super().hold(load, now)

    async with ground() as here:
        errands = []
        entrance = await here.service.counter.sender.entrance()
        gate = Asked(1)
        for n in range(1000):
            call = create_job(NewJob(program_id="sampler", backend=BACKEND, params=Raw(b"{}")))
            errands.append(Errand(here.service.counter.means, call, str(n), Load(BACKEND), gates=(gate,)))
        entering = [asyncio.create_task(entrance.enter(errand)) for errand in errands]
        await asyncio.sleep(1)
        assert [task.done() for task in entering].count(True) == 1
        asked = 0
        for _ in range(10):
            entrance.kick()
            await asyncio.sleep(1)
        assert asked <= 50
        entrance.step_back(errands[0])
        await asyncio.sleep(1)
        assert [task.done() for task in entering].count(True) == 2
        for task in entering:
            task.cancel()
        await asyncio.gather(*entering, return_exceptions=True)
        entrance.step_back(errands[1])


async def test_a_budget_sets_the_cost_and_is_never_overrun_by_more_than_the_service_charges() -> None:
    budget = qrt.Budget(seconds=25, cost=10)
    async with ground() as here, qrt.Submitter(here.service, budget=budget) as submitter:
        submissions = [submitter.submit(SAMPLER, backend=BACKEND) for _ in range(12)]
        await submissions[1].job()
        await asyncio.sleep(1)
        assert (await (await submissions[0].job()).refresh()).cost == 10
        assert "20 s reserved" in (submissions[2].why_waiting or "")
        ends = await asyncio.gather(*submissions, return_exceptions=True)
        failed = [end for end in ends if isinstance(end, BaseException)]
        assert {type(end) for end in failed} == {OverUsage}
        spent = sum(entry["charged"] for entry in await here.jobs())
        assert 15 < spent <= 25


async def test_a_usage_limit_is_explained_and_waited_for() -> None:
    async with ground(config={"usage_limit": 3.0}) as here, qrt.Submitter(here.service) as submitter:
        for _ in range(2):
            await submitter.submit(SAMPLER, backend=BACKEND)
        waiting = submitter.submit(SAMPLER, backend=BACKEND)
        await asyncio.sleep(5)
        assert "has used 4 s of 3 s of QPU time" in (waiting.why_waiting or "")
        await here.control("POST", "config", {"usage_limit": 100.0})
        await waiting
        assert now() < 400


async def test_a_paused_backend_holds_its_own_submissions_only() -> None:
    async with ground(config={"backends": (BACKEND, "other:5")}) as here:
        async with qrt.Submitter(here.service) as submitter:
            await here.control("POST", "backends", {BACKEND: {"name": "paused", "reason": "maintenance"}})
            held = submitter.submit(SAMPLER, backend=BACKEND)
            await submitter.submit(SAMPLER, backend="other", isa="off").job()
            await asyncio.sleep(1)
            assert f"backend {BACKEND} is internal: maintenance" in (held.why_waiting or "")
            assert held.eta == pytest.approx(60, abs=1)
            await here.control("POST", "backends", {BACKEND: {"name": "online"}})
            await held.job()
            assert now() == pytest.approx(60, abs=2)
        assert (await here.requests())[POST] == 2


async def test_an_outage_delays_and_never_fails() -> None:
    async with ground(retry=qrt.RetryPolicy(tries=1)) as here, qrt.Submitter(here.service) as submitter:
        await submitter.submit(SAMPLER, backend=BACKEND).job()
        await here.fault(method="*", path="*", kind="status", status=503, body="html")
        waiting = submitter.submit(SAMPLER, backend=BACKEND)
        await asyncio.sleep(100)
        await here.peace()
        await waiting.job()
        assert len(await here.jobs()) == 2
