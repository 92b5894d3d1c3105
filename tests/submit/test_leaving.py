"""Leaving a Submitter: four policies, whatever ends the block, and always in bounded time."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import NotSent, ServiceClosed
from qrt_async.events import Event, SubmissionsLeft
from qrt_async.submit.journal import Journal
from qrt_async.submit.leaving import Leave
from tests.ground import BACKEND, QASM, Ground, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM])
LIMIT = qrt.RateLimit(2, per=60.0)


def now() -> float:
    return asyncio.get_running_loop().time()


def fill(submitter: qrt.Submitter, count: int = 5) -> list[qrt.Submission[Any]]:
    return [submitter.submit(SAMPLER, backend=BACKEND, tags=["emulate:queue=500"]) for _ in range(count)]


async def statuses(here: Ground) -> Counter[str]:
    return Counter(job["status"] for job in await here.jobs())


async def test_drain_waits_until_all_are_sent_and_no_longer() -> None:
    async with ground(rate_limit=LIMIT) as here:
        async with qrt.Submitter(here.service) as submitter:
            submissions = fill(submitter)
        assert now() == pytest.approx(120.5, abs=1)
        assert await statuses(here) == {"Queued": 5}
        assert len(await submissions[-1]) == 1, "a job can be awaited after its Submitter was left"


@pytest.mark.parametrize(
    ("leave", "expected"),
    [("detach", {"Queued": 2}), ("cancel_waiting", {"Queued": 2}), ("cancel_all", {"Cancelled": 2})],
)
@pytest.mark.parametrize("fails", [False, True])
async def test_the_other_policies_act_at_once(leave: Leave, expected: dict[str, int], fails: bool) -> None:
    async def work(here: Ground) -> None:
        async with qrt.Submitter(here.service, leave=leave) as submitter:
            submissions = fill(submitter)
            await submissions[1].job()
            if fails:
                raise ZeroDivisionError

    async with ground(rate_limit=LIMIT) as here:
        try:
            await work(here)
        except NotSent as error:
            assert (leave, error.count, fails) == ("detach", 3, False)  # noqa: PT017 - which of them depends on the case
        except ZeroDivisionError as error:
            assert fails
            assert "3 submissions were not sent" in error.__notes__[0]  # noqa: PT017 - which of them depends on the case
        assert now() < 2
        assert await statuses(here) == expected
        await asyncio.sleep(300)
        assert len(await here.jobs()) == 2, "nothing is sent any more"


async def test_by_an_exception_drain_sends_nothing_more_and_says_how_many() -> None:
    heard: list[Event] = []
    async with ground(rate_limit=LIMIT, observers=[heard.append]) as here:
        with pytest.raises(ZeroDivisionError) as caught:  # noqa: PT012 - leaving the block is what is tested
            async with qrt.Submitter(here.service) as submitter:
                submissions = fill(submitter)
                await submissions[1].job()
                raise ZeroDivisionError
        assert caught.value.__notes__ == ["3 submissions were not sent: their Submitter was left."]
        assert now() < 2
        assert await statuses(here) == {"Queued": 2}
        with pytest.raises(NotSent):
            await submissions[4]
        assert [event.count for event in heard if isinstance(event, SubmissionsLeft)] == [3]


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("fails", [False, True])
async def test_what_could_not_be_written_down_in_time_is_lost_and_counted(
    tmp_path: Path, fails: bool, share: bool
) -> None:
    """The backend cannot be asked whether they fit; the one that need not ask is in the journal."""
    heard: list[Event] = []

    async def work(here: Ground) -> None:
        journal = Journal(tmp_path / "runs.db", inline=True)
        coalesce = qrt.Coalesce()
        async with qrt.Submitter(
            here.service, journal=journal, leave="detach", coalesce=coalesce
        ) as submitter:
            for _ in range(2):
                submitter.submit(SAMPLER, backend=BACKEND, share=share)
            submitter.submit(SAMPLER, backend=BACKEND, isa="off")
            await asyncio.sleep(1)
            if fails:
                raise ZeroDivisionError

    async with ground(retry=qrt.RetryPolicy(tries=1), observers=[heard.append]) as here:
        await here.fault(method="*", path="*", kind="delay", seconds=100.0)
        with pytest.raises((NotSent, ZeroDivisionError)) as caught:
            await work(here)
        words = "2 submissions were not sent: their Submitter was left."
        assert (caught.value.__notes__[0] if fails else str(caught.value)) == words
        left = [(event.count, event.kept) for event in heard if isinstance(event, SubmissionsLeft)]
        assert left == [(1, True), (2, False)]
        await here.peace()


async def test_a_request_on_its_way_is_finished_first() -> None:
    async with ground() as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=5.0, when="after")
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
            async with qrt.Submitter(here.service) as submitter:
                (submission,) = fill(submitter, 1)
                await asyncio.sleep(1)
                raise ZeroDivisionError
        assert now() == pytest.approx(5, abs=0.5)
        assert (await submission.job()).id == (await here.jobs())[0]["id"]


async def test_one_that_takes_too_long_is_given_up_and_not_known() -> None:
    async with ground() as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=500.0, when="after")
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
            async with qrt.Submitter(here.service) as submitter:
                (submission,) = fill(submitter, 1)
                await asyncio.sleep(1)
                raise ZeroDivisionError
        assert now() == pytest.approx(11, abs=0.5)
        with pytest.raises(ServiceClosed) as caught:
            await submission
        assert caught.value.submitted == "unknown"


async def test_cancelled_while_it_drains_it_sends_nothing_more() -> None:
    async def work(here: Ground) -> None:
        async with qrt.Submitter(here.service) as submitter:
            fill(submitter)

    async with ground(rate_limit=LIMIT) as here:
        working = asyncio.create_task(work(here))
        await asyncio.sleep(10)
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert now() == pytest.approx(10, abs=0.5)
        await asyncio.sleep(300)
        assert await statuses(here) == {"Queued": 2}


async def test_cancelled_twice_it_still_finishes_what_is_under_way() -> None:
    async def work(here: Ground) -> None:
        async with qrt.Submitter(here.service, leave="cancel_all") as submitter:
            fill(submitter, 2)
            await asyncio.sleep(1000)

    async with ground() as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=5.0, when="after")
        working = asyncio.create_task(work(here))
        await asyncio.sleep(1)
        for _ in range(3):
            working.cancel()
            await asyncio.sleep(1)
        with pytest.raises(asyncio.CancelledError):
            await working
        assert working.cancelled()
        assert await statuses(here) == {"Cancelled": 2}


async def test_when_a_task_group_fails_the_submitter_inside_is_left_by_its_policy() -> None:
    async def work(here: Ground) -> None:
        async with qrt.Submitter(here.service, leave="cancel_all") as submitter:
            await asyncio.gather(*(submission.job() for submission in fill(submitter)))

    async def fail() -> None:
        await asyncio.sleep(10)
        raise ZeroDivisionError

    async with ground(rate_limit=LIMIT) as here:
        with pytest.raises(ExceptionGroup):  # noqa: PT012 - leaving the block is what is tested
            async with asyncio.TaskGroup() as group:
                group.create_task(work(here))
                group.create_task(fail())
        await asyncio.sleep(300)
        assert await statuses(here) == {"Cancelled": 2}


ENDS = {"drain": "Queued", "detach": "Queued", "cancel_waiting": "Queued", "cancel_all": "Cancelled"}


@pytest.mark.parametrize("leave", ENDS)
@pytest.mark.parametrize("how", ["cancelled", "cancelled twice", "task group"])
async def test_whatever_ends_the_block_each_policy_holds_and_takes_no_time(leave: Leave, how: str) -> None:
    async def work(here: Ground) -> None:
        async with qrt.Submitter(here.service, leave=leave) as submitter:
            await asyncio.gather(*(submission.job() for submission in fill(submitter)))

    async def end(working: asyncio.Task[None]) -> None:
        await asyncio.sleep(10)
        if how == "task group":
            raise ZeroDivisionError
        working.cancel()
        if how == "cancelled twice":
            await asyncio.sleep(0)
            working.cancel()

    async with ground(rate_limit=LIMIT) as here:
        error: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                working = group.create_task(work(here))
                group.create_task(end(working))
        except* ZeroDivisionError as caught:
            error = caught
        assert working.cancelled()
        assert (error is not None) == (how == "task group")
        assert now() == pytest.approx(10, abs=1), "at once"
        await asyncio.sleep(300)
        assert await statuses(here) == {ENDS[leave]: 2}


@pytest.mark.parametrize("leave", ["drain", "detach", "cancel_waiting"])
async def test_what_was_not_sent_stays_in_the_journal_unless_it_is_given_up(
    leave: Leave, tmp_path: Path
) -> None:
    path = tmp_path / "runs.db"
    async with ground(rate_limit=LIMIT) as here:
        with pytest.raises(ZeroDivisionError) as caught:  # noqa: PT012 - leaving the block is what is tested
            async with qrt.Submitter(
                here.service, journal=Journal(path, inline=True), leave=leave
            ) as submitter:
                submissions = fill(submitter)
                await submissions[1].job()
                await asyncio.sleep(1)
                raise ZeroDivisionError
        assert hasattr(caught.value, "__notes__") == (leave == "cancel_waiting")
        async with qrt.Submitter(here.service, journal=Journal(path, inline=True)) as later:
            assert len((await later.recover()).submissions) == (2 if leave == "cancel_waiting" else 5)
        assert len(await here.jobs()) == (2 if leave == "cancel_waiting" else 5)


async def test_cancelling_all_reaches_jobs_whose_watching_was_not_wished() -> None:
    async with ground(config={"queue_seconds": 500.0}) as here:
        async with qrt.Submitter(here.service, leave="cancel_all") as submitter:
            await submitter.submit(SAMPLER, backend=BACKEND, watch=False).job()
        assert await statuses(here) == {"Cancelled": 1}


async def test_cancelling_all_is_bounded_where_the_service_does_not_answer() -> None:
    async with ground(rate_limit=LIMIT) as here:
        async with qrt.Submitter(here.service, leave="cancel_all") as submitter:
            submissions = fill(submitter)
            await submissions[1].job()
            await here.fault(method="POST", path="/v1/jobs/{id}/cancel", kind="delay", seconds=1000.0)
            began = now()
        assert 29 <= now() - began <= 41, "30 s for asking"


async def test_a_service_that_closes_first_leaves_nobody_waiting() -> None:
    async with ground(rate_limit=LIMIT) as here:
        with pytest.raises(NotSent):  # noqa: PT012 - leaving the block is what is tested
            async with qrt.Submitter(here.service, leave="detach") as submitter:
                submissions = fill(submitter)
                await submissions[1].job()
                waiting = asyncio.gather(*(s.job() for s in submissions), return_exceptions=True)
                await asyncio.sleep(1)
                await here.service.close()
                ends = await waiting
                assert [isinstance(end, NotSent) for end in ends] == [False, False, True, True, True]
                await submissions[2]


async def test_nothing_can_be_submitted_after_leaving() -> None:
    async with ground() as here:
        async with qrt.Submitter(here.service) as submitter:
            pass
        with pytest.raises(qrt.errors.InvalidInput):
            fill(submitter)
