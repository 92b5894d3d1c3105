"""Submissions that share jobs, in simulated time."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, NotSent
from tests.coalesce.ground import LIMIT, open_ground, program, read
from tests.ground import BACKEND
from tests.sweep.ground import Reads

pytestmark = pytest.mark.virtual_clock
log = logging.getLogger(__name__)
REAL = {"rate_limit": LIMIT, "rate_window": "sliding"}


async def test_those_that_come_together_travel_together_and_each_gets_its_own(journal: Path | None) -> None:
    simulator = Reads()
    async with open_ground(simulator, journal) as (here, submitter):
        submissions = [
            submitter.submit(program(n, 100 + n), backend=BACKEND, tenant=f"t{n}", share=True)
            for n in range(5)
        ]
        results = await asyncio.gather(*submissions)
        assert [read(result) for result in results] == [[n, 100 + n] for n in range(5)]
        assert [submission.state for submission in submissions] == ["ended"] * 5
        (job,) = await here.jobs()
        assert len(simulator.jobs[0]) == 10
        assert {(await submission.job()).id for submission in submissions} == {job["id"]}


async def test_one_waits_for_others_as_long_as_was_said_and_says_so() -> None:
    async with open_ground() as (here, submitter):
        submission = submitter.submit(program(1), backend=BACKEND, share=True)
        await submission.kept()
        await asyncio.sleep(0.5)
        assert submission.state == "waiting"
        assert submission.why_waiting == "waits up to 2 s for others to share a job with"
        assert submission.eta == pytest.approx(1.5, abs=0.1)
        assert await here.jobs() == []
        begun = asyncio.get_running_loop().time()
        await submission.job()
        assert asyncio.get_running_loop().time() - begun == pytest.approx(1.5, abs=0.1)


async def test_a_job_that_is_full_does_not_wait() -> None:
    async with open_ground(coalesce=qrt.Coalesce(max_wait=50.0, max_points=3)) as (here, submitter):
        begun = asyncio.get_running_loop().time()
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(7)]
        await asyncio.gather(*(submission.job() for submission in submissions[:6]))
        assert asyncio.get_running_loop().time() - begun < 1.0
        assert submissions[6].state == "waiting"
        assert [read(await submission) for submission in submissions] == [[n] for n in range(7)]
        assert len(await here.jobs()) == 3


async def test_while_no_permit_is_free_a_job_stays_open_for_more() -> None:
    async with open_ground(config={"rate_limit": (1, 60.0)}) as (here, submitter):
        await submitter.submit(program(0), backend=BACKEND).job()
        submissions = []
        for n in range(10):
            submissions.append(submitter.submit(program(n), backend=BACKEND, share=True))
            await asyncio.sleep(5)
        assert submissions[0].why_waiting == "the rate limit of submissions"
        assert [read(await submission) for submission in submissions] == [[n] for n in range(10)]
        assert len(await here.jobs()) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"tags": ["a"]},
        {"cost": 20},
        {"log_level": "debug"},
        {"program": program(2, shots=4)},
        {"program": program(2, options={"default_shots": 5})},
    ],
)
async def test_what_is_to_run_in_another_way_goes_by_itself(other: dict[str, object]) -> None:
    async with open_ground() as (here, submitter):
        first = submitter.submit(program(1), backend=BACKEND, share=True)
        how: Any = {"program": program(2), "backend": BACKEND, "share": True, **other}
        second = submitter.submit(**how)
        assert [read(await first), read(await second)] == [[1], [2]]
        assert len(await here.jobs()) == 2


async def test_what_did_not_opt_in_goes_by_itself() -> None:
    async with open_ground() as (here, submitter):
        shared = submitter.submit(program(1), backend=BACKEND, share=True)
        alone = submitter.submit(program(2), backend=BACKEND)
        assert [read(await shared), read(await alone)] == [[1], [2]]
        assert len(await here.jobs()) == 2


async def test_what_cannot_be_shared_is_told_at_once() -> None:
    async with open_ground() as (here, submitter):
        with pytest.raises(InvalidInput, match="private=True"):
            submitter.submit(program(1), backend=BACKEND, share=True, private=True)
        with pytest.raises(InvalidInput, match="watch=False"):
            submitter.submit(program(1), backend=BACKEND, share=True, watch=False)
        with pytest.raises(InvalidInput, match="executor"):
            submitter.submit(program(1, via="executor"), backend=BACKEND, share=True)
        with pytest.raises(InvalidInput, match="Program"):
            submitter.submit(qrt.Program("mine", {}), backend=BACKEND, share=True)
        assert (await here.requests()).get("POST /v1/jobs", 0) == 0
    async with open_ground(coalesce=None) as (_, submitter):
        with pytest.raises(InvalidInput, match="coalesce"):
            submitter.submit(program(1), backend=BACKEND, share=True)
    for wrong in ({"max_wait": -1.0}, {"max_points": 0}, {"max_points": True}):
        with pytest.raises(InvalidInput):
            qrt.Coalesce(**wrong)


# --- many users -------------------------------------------------------------------------------------------


async def test_two_hundred_users_with_five_each_wait_less_than_two_minutes_under_the_real_limit() -> None:
    """The bucket is empty when they come: five other jobs have just left."""
    asyncio.get_running_loop().set_debug(False)
    async with open_ground(config=REAL) as (here, submitter):
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(submitter.submit(program(n), backend=BACKEND).job() for n in range(5)))
        begun = loop.time()
        submissions = [
            submitter.submit(program(1000 * n + k), backend=BACKEND, tenant=f"user{n}", share=True)
            for n in range(200)
            for k in range(5)
        ]
        await asyncio.gather(*(submission.job() for submission in submissions))
        last = loop.time() - begun
        found = [read(await submission) for submission in submissions]
        assert found == [[1000 * n + k] for n in range(200) for k in range(5)]
        jobs = len(await here.jobs()) - 5
        log.info("1,000 submissions: the last was accepted after %.1f s, in %s jobs", last, jobs)
        assert last < 70.0
        assert jobs == 5


async def test_users_who_send_one_after_the_other_do_not_wait_long_either() -> None:
    asyncio.get_running_loop().set_debug(False)
    async with open_ground(config=REAL) as (_, submitter):
        waits: list[float] = []
        found = await asyncio.gather(*(_user(submitter, n, waits, times=5) for n in range(200)))
        assert found == [[1000 * n + k for k in range(5)] for n in range(200)]
        log.info("one after the other: the longest wait was %.1f s", max(waits))
        assert max(waits) < 70.0


async def _user(submitter: qrt.Submitter, n: int, waits: list[float], *, times: int) -> list[int]:
    """Comes at a time of their own, and submits the next once the one before is accepted."""
    loop, submissions = asyncio.get_running_loop(), []
    await asyncio.sleep(0.1 * n)
    for k in range(times):
        begun = loop.time()
        submissions.append(
            submitter.submit(program(1000 * n + k), backend=BACKEND, tenant=f"user{n}", share=True)
        )
        await submissions[-1].job()
        waits.append(loop.time() - begun)
    return [value for submission in submissions for value in read(await submission)]


async def test_a_greedy_tenant_does_not_keep_others_out_of_a_job() -> None:
    rules = qrt.Coalesce(max_points=10)
    async with open_ground(coalesce=rules, config={"rate_limit": (1, 60.0)}) as (_, submitter):
        await submitter.submit(program(0), backend=BACKEND).job()
        greedy = [
            submitter.submit(program(n), backend=BACKEND, tenant="greedy", share=True) for n in range(40)
        ]
        modest = submitter.submit(program(77), backend=BACKEND, tenant="modest", share=True)
        urgent = submitter.submit(program(78), backend=BACKEND, tenant="greedy", priority=1, share=True)
        first = await modest.job()
        assert (await urgent.job()).id == first.id
        assert sum(submission.state == "waiting" for submission in greedy) == 32
        await asyncio.gather(*greedy)


async def test_a_job_goes_as_its_most_urgent_submission() -> None:
    async with open_ground(config={"rate_limit": (1, 60.0)}) as (_, submitter):
        await submitter.submit(program(0), backend=BACKEND).job()
        calm = submitter.submit(program(1), backend=BACKEND, share=True)
        await asyncio.sleep(5)
        between = submitter.submit(program(2), backend=BACKEND, priority=1)
        urgent = submitter.submit(program(3), backend=BACKEND, priority=2, share=True)
        assert (await urgent.job()).id == (await calm.job()).id
        assert between.state == "waiting"
        await between


# --- taking back, giving up, leaving ----------------------------------------------------------------------


async def test_withdrawing_one_leaves_the_others(journal: Path | None) -> None:
    simulator = Reads()
    async with open_ground(simulator, journal) as (_, submitter):
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(3)]
        await submissions[1].kept()
        assert submissions[1].withdraw() is True
        with pytest.raises(NotSent):
            await submissions[1]
        assert read(await submissions[0]) == [0]
        assert read(await submissions[2]) == [2]
        assert submissions[0].withdraw() is False
        assert simulator.jobs == [[[0], [2]]]


async def test_where_all_are_withdrawn_nothing_is_sent(journal: Path | None) -> None:
    async with open_ground(journal=journal, config={"rate_limit": (1, 60.0)}) as (here, submitter):
        await submitter.submit(program(0), backend=BACKEND).job()
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(3)]
        await asyncio.sleep(10)
        assert [submission.withdraw() for submission in submissions] == [True] * 3
        assert submitter.waiting == 0
        await asyncio.sleep(200)
        assert len(await here.jobs()) == 1


async def test_cancelling_a_wait_ends_that_wait_only() -> None:
    async with open_ground() as (here, submitter):
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(2)]
        for moment in (0.0, 1.0, 3.0, 5.0):
            wait = asyncio.ensure_future(submissions[0].result())
            await asyncio.sleep(moment)
            wait.cancel()
            with pytest.raises(asyncio.CancelledError):
                await wait
        assert [read(await submission) for submission in submissions] == [[0], [1]]
        assert len(await here.jobs()) == 1


async def test_leaving_normally_sends_what_waits_for_others_at_once(journal: Path | None) -> None:
    rules = qrt.Coalesce(max_wait=1000.0)
    async with open_ground(journal=journal, coalesce=rules) as (here, submitter):
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(3)]
        begun = asyncio.get_running_loop().time()
        await submitter.__aexit__(None, None, None)
        assert asyncio.get_running_loop().time() - begun < 5.0
        assert [read(await submission) for submission in submissions] == [[0], [1], [2]]
        assert len(await here.jobs()) == 1


async def test_leaving_by_an_error_sends_nothing_more_and_says_how_many(tmp_path: Path) -> None:
    async with open_ground() as (here, submitter):
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(3)]
        await asyncio.sleep(1)
        error = KeyError()
        await submitter.__aexit__(KeyError, error, None)
        assert error.__notes__ == ["3 submissions were not sent: their Submitter was left."]
        for submission in submissions:
            with pytest.raises(NotSent):
                await submission
        assert await here.jobs() == []


async def test_map_shares_too() -> None:
    async with open_ground() as (here, submitter):
        found = [
            read(await submission)
            async for submission in submitter.map((program(n) for n in range(6)), backend=BACKEND, share=True)
        ]
        assert sorted(found) == [[n] for n in range(6)]
        assert len(await here.jobs()) == 1
