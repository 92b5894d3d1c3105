"""Submissions: at once a handle, later a job; in order, in turns, within caps, and explained while they wait."""

from __future__ import annotations

import asyncio
import gc
import pickle
from statistics import mean
from typing import Any

import pytest
from msgspec import Raw

import qrt_async as qrt
from qrt_async.api.job_calls import NewJob, create_job
from qrt_async.errors import InvalidInput, JobFailed, LineFull, NotFound, NotSent, OverUsage
from qrt_async.events import Event, SubmissionFailed
from qrt_async.submit.errand import Errand
from qrt_async.submit.gates import Hold, InFlight, Load
from tests.ground import BACKEND, COUNTS, QASM, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)
POST = "POST /v1/jobs"


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_submission_is_there_at_once_then_a_job_then_a_result() -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        submission = submitter.submit(SAMPLER, backend=BACKEND, tags=["mine"])
        assert (submission.state, submission.backend, submitter.waiting) == ("waiting", BACKEND, 1)
        job = await submission.job()
        assert job.tags == ("mine",)
        assert repr(submission) == f"<Submission {submission.id} to {BACKEND}: accepted, job {job.id}>"
        result = await submission
        assert result[0].data.bits("meas").get_counts() == COUNTS
        assert await submission is result
        await asyncio.sleep(30)
        assert submission.state == "ended"
        (entry,) = await here.jobs()
        assert sorted(entry["tags"]) == sorted(["mine", f"qrt:{submission.id}"])


async def test_the_tenant_is_in_the_tag_and_users_keep_seven() -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        tags = [f"t{n}" for n in range(7)]
        submission = submitter.submit(SAMPLER, backend=BACKEND, tags=tags, tenant="alice")
        job = await submission.job()
        assert (submission.tenant, list(job.tags)) == ("alice", tags)
        await job.replace_tags("other")
        (entry,) = await here.jobs()
        assert entry["tags"] == ["other", f"qrt:{submission.id}:alice"]


async def test_how_a_job_failed_is_raised_by_its_submission() -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        submission = submitter.submit(SAMPLER, backend=BACKEND, tags=["emulate:fail=1517"])
        with pytest.raises(JobFailed):
            await submission


async def test_run_and_every_submitter_draw_on_one_bucket() -> None:
    async with ground(rate_limit=qrt.RateLimit(5), config={"rate_limit": (5, 60.0)}) as here:
        async with qrt.Submitter(here.service) as one, qrt.Submitter(here.service) as other:
            for submitter in (one, other):
                for _ in range(4):
                    submitter.submit(SAMPLER, backend=BACKEND)
            await asyncio.gather(*(here.run() for _ in range(4)))
        assert now() == pytest.approx(2 * 60.25, abs=1)
        assert (await here.requests())[POST] == 12


async def test_who_waits_knows_why_and_for_how_long() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, qrt.Submitter(here.service) as submitter:
        first, second, third = (submitter.submit(SAMPLER, backend=BACKEND) for _ in range(3))
        await first.job()
        await asyncio.sleep(0.25)
        assert (first.why_waiting, first.eta) == (None, None)
        assert second.why_waiting == "the rate limit of submissions"
        assert second.eta == pytest.approx(60.0, abs=0.5)
        assert third.why_waiting == "1 before it in line"
        assert third.eta == pytest.approx(120.25, abs=0.5)
        assert third.withdraw()


async def test_a_submission_can_be_taken_back_until_it_is_sent() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, qrt.Submitter(here.service) as submitter:
        first, second, third = (submitter.submit(SAMPLER, backend=BACKEND) for _ in range(3))
        await first.job()
        waiting = asyncio.create_task(second.job())
        await asyncio.sleep(1)
        assert second.withdraw()
        assert not second.withdraw()
        assert not first.withdraw()
        with pytest.raises(NotSent) as caught:
            await waiting
        assert (caught.value.submitted, second.state) == ("no", "withdrawn")
        await third.job()
        assert now() == pytest.approx(60.25, abs=1)
        assert len(await here.jobs()) == 2


async def test_a_full_line_refuses_at_once_and_says_when_to_come_back() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here:
        async with qrt.Submitter(here.service, max_waiting=2, leave="cancel_waiting") as submitter:
            await submitter.submit(SAMPLER, backend=BACKEND).job()
            for _ in range(2):
                submitter.submit(SAMPLER, backend=BACKEND)
            with pytest.raises(LineFull) as caught:
                submitter.submit(SAMPLER, backend=BACKEND)
            assert caught.value.retry_after == pytest.approx(60.25, abs=1)
            assert (caught.value.submitted, caught.value.retry) == ("no", "after")
        assert len(await here.jobs()) == 1


async def test_a_line_that_is_full_behind_a_shut_gate_has_room_when_that_may_open() -> None:
    async with ground() as here:
        await here.control("POST", "backends", {BACKEND: {"name": "paused", "reason": "maintenance"}})
        async with qrt.Submitter(here.service, max_waiting=1, leave="cancel_waiting") as submitter:
            submitter.submit(SAMPLER, backend=BACKEND)
            await asyncio.sleep(10)
            with pytest.raises(LineFull, match=r"room in 5\d"):
                submitter.submit(SAMPLER, backend=BACKEND)


@pytest.mark.parametrize(
    "wrong",
    [
        {"backend": ""},
        {"tags": ["qrt:forged"]},
        {"tenant": ""},
        {"tenant": "x" * 62},
        {"cost": -1},
    ],
)
async def test_what_can_be_seen_to_be_wrong_is_refused_at_once(wrong: dict[str, Any]) -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        with pytest.raises(InvalidInput):
            submitter.submit(SAMPLER, **{"backend": BACKEND, **wrong})
        assert await here.requests() == {}


@pytest.mark.parametrize(
    "wrong", [{"leave": "now"}, {"max_waiting": 0}, {"settle": -1}, {"max_in_flight": 0}]
)
async def test_a_submitter_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    async with ground() as here:
        with pytest.raises(InvalidInput):
            qrt.Submitter(here.service, **wrong)


# --- order ------------------------------------------------------------------------------------------------


async def order(here: Any) -> list[str]:
    return [next(tag for tag in job["tags"] if not tag.startswith("qrt:")) for job in await here.jobs()]


async def test_a_misspelt_argument_is_told_and_nothing_is_sent() -> None:
    wrong: dict[str, Any] = {"sesion_id": "s"}
    foreign: dict[str, Any] = {"share": True}
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        with pytest.raises(TypeError, match=r"'sesion_id'; allowed besides: tags, session_id"):
            submitter.submit(SAMPLER, backend=BACKEND, **wrong)
        with pytest.raises(TypeError, match="'sesion_id'"):
            submitter.map([SAMPLER], backend=BACKEND, **wrong)
        with pytest.raises(TypeError, match="'share'"):
            submitter.sweep(qrt.Sweep(QASM, {}), backend=BACKEND, name="n", **foreign)
        assert await here.jobs() == []


async def test_a_higher_priority_goes_first() -> None:
    async with ground(rate_limit=qrt.RateLimit(1, per=10.0)) as here:
        async with qrt.Submitter(here.service) as submitter:
            await submitter.submit(SAMPLER, backend=BACKEND, tags=["first"]).job()
            for name, priority in (("low", -1), ("usual", 0), ("high", 1)):
                submitter.submit(SAMPLER, backend=BACKEND, tags=[name], priority=priority)
        assert await order(here) == ["first", "high", "usual", "low"]


async def mean_wait_of_the_modest(greedy: int) -> float:
    """Simulated seconds until the modest tenants' submissions were accepted, on average."""
    waits: list[float] = []

    async def accepted(submission: qrt.Submission[Any], since: float) -> None:
        await submission.job()
        waits.append(now() - since)

    async with (
        ground(rate_limit=qrt.RateLimit(5), config={"rate_limit": (5, 60.0)}) as here,
        qrt.Submitter(here.service, leave="cancel_waiting") as submitter,
    ):
        since = now()
        for _ in range(greedy):
            submitter.submit(SAMPLER, backend=BACKEND, tenant="greedy", watch=False)
        modest = [
            submitter.submit(SAMPLER, backend=BACKEND, tenant=tenant, watch=False)
            for _ in range(50)
            for tenant in ("modest", "shy")
        ]
        await asyncio.gather(*(accepted(submission, since) for submission in modest))
    return mean(waits)


@pytest.mark.timeout(120)
async def test_a_greedy_tenant_does_not_make_the_modest_wait() -> None:
    asyncio.get_running_loop().set_debug(False)
    among_equals = await mean_wait_of_the_modest(50)
    beside_a_greedy_one = await mean_wait_of_the_modest(1000)
    assert beside_a_greedy_one <= 1.2 * among_equals


# --- gates ------------------------------------------------------------------------------------------------


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


# --- those who fail ---------------------------------------------------------------------------------------


def failures(heard: list[Event]) -> list[str]:
    return [event.key for event in heard if isinstance(event, SubmissionFailed)]


async def test_a_failure_that_nobody_awaits_is_told_once() -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here, qrt.Submitter(here.service) as submitter:
        kept = submitter.submit(SAMPLER, backend="nowhere", isa="off")
        dropped = submitter.submit(SAMPLER, backend="nowhere", isa="off").id
        await asyncio.sleep(10)
        assert failures(heard) == [dropped]
        key = kept.id
        del kept
        gc.collect()
        assert failures(heard) == [dropped, key]


async def test_a_failure_that_was_awaited_is_told_to_nobody_else() -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here, qrt.Submitter(here.service) as submitter:
        submission = submitter.submit(SAMPLER, backend="nowhere", isa="off")
        for _ in range(2):
            with pytest.raises(NotFound):
                await submission
        del submission
        gc.collect()
        assert failures(heard) == []


async def test_cancelling_a_wait_leaves_the_submission_alone() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, qrt.Submitter(here.service) as submitter:
        await submitter.submit(SAMPLER, backend=BACKEND).job()
        submission = submitter.submit(SAMPLER, backend=BACKEND)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(submission, 5)
        assert submission.state == "waiting"
        assert len(await submission) == 1


async def test_a_submission_is_no_pickle() -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        with pytest.raises(TypeError, match="journal"):
            pickle.dumps(submitter.submit(SAMPLER, backend=BACKEND))
