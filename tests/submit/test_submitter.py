"""Submissions: at once a handle, later a job; explained while they wait, and taken back."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, LineFull, NotSent
from tests.ground import BACKEND, COUNTS, QASM, ground
from tests.submit.samples import SAMPLER, now

pytestmark = pytest.mark.virtual_clock


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
