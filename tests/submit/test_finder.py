"""A submission is found by its id: here, over, elsewhere, left behind; and sent once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import NotSent, Refused, ServiceClosed, UnknownSubmission
from qrt_async.submit.journal import Journal
from qrt_async.submit.records import withdraw
from tests.ground import BACKEND, COUNTS, QASM, Ground, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)
POST = "POST /v1/jobs"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def submitter(here: Ground, path: Path, **how: Any) -> qrt.Submitter:
    return qrt.Submitter(here.service, journal=Journal(path, inline=True), **how)


def counts(result: Any) -> dict[str, int]:
    found: dict[str, int] = result[0].data.bits("meas").get_counts()
    return found


async def test_kept_returns_when_the_intent_is_on_disk(path: Path) -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, submitter(here, path) as one:
        await one.submit(SAMPLER, backend=BACKEND).kept()
        second = one.submit(SAMPLER, backend=BACKEND)
        await second.kept()
        assert second.id in await one._journal.keys()  # type: ignore[union-attr] # there is one
        assert second.state == "waiting"
        assert second.withdraw()


async def test_a_submission_of_this_process_is_found_while_it_is_under_way_and_later(path: Path) -> None:
    for journal in (None, Journal(path, inline=True)):
        async with ground() as here, qrt.Submitter(here.service, journal=journal) as one:
            key = one.submit(SAMPLER, backend=BACKEND, tags=["mine"]).id
            found = await one.find(key)
            assert (found.id, found.state) == (key, "waiting")
            assert counts(await found) == COUNTS
            await asyncio.sleep(30)
            del found
            again = await one.find(key)
            assert (again.state, (await again.job()).tags) == ("ended", ("mine",))
            assert counts(await again) == COUNTS
            assert (await here.requests())[POST] == 1


async def test_what_another_living_process_carries_is_followed_and_never_sent(path: Path) -> None:
    async with (
        ground(rate_limit=qrt.RateLimit(1)) as here,
        submitter(here, path) as one,
        submitter(here, path) as other,
    ):
        one.submit(SAMPLER, backend=BACKEND)
        key = one.submit(SAMPLER, backend=BACKEND).id
        await (await one.find(key)).kept()
        found = await other.find(key)
        assert (found.id, found.state) == (key, "waiting")
        assert found.why_waiting is not None
        assert "process" in found.why_waiting
        assert not found.withdraw()
        assert counts(await found) == COUNTS
        assert found.state == "ended"
        assert (await here.requests())[POST] == 2


async def test_what_a_process_that_is_gone_left_behind_goes_on(path: Path) -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, submitter(here, path) as third:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
            async with submitter(here, path) as one:
                sent, unsent = (one.submit(SAMPLER, backend=BACKEND) for _ in range(2))
                await sent.job()
                await unsent.kept()
                followed = await third.find(unsent.id)
                assert followed.state == "waiting"
                raise ZeroDivisionError
        found = await third.find(sent.id)
        assert (await found.job()).id == (await sent.job()).id
        assert counts(await followed) == COUNTS
        assert counts(await found) == COUNTS
        assert (await here.requests())[POST] == 2


async def test_two_who_find_what_is_left_behind_send_it_once(path: Path) -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
            async with submitter(here, path) as one:
                one.submit(SAMPLER, backend=BACKEND)
                unsent = one.submit(SAMPLER, backend=BACKEND)
                await unsent.kept()
                raise ZeroDivisionError
        before = (await here.requests()).get(POST, 0)
        async with submitter(here, path) as two, submitter(here, path) as three:
            found = await asyncio.gather(*(one.find(unsent.id) for one in (two, three, two, three)))
            jobs = {(await submission.job()).id for submission in found}
            assert len(jobs) == 1
            assert (await here.requests())[POST] == before + 1


async def test_an_unknown_id_says_so(path: Path) -> None:
    async with ground() as here, submitter(here, path) as one:
        for wrong in ("", "x", "a" * 20, "../" * 7, "é" * 20):
            with pytest.raises(UnknownSubmission):
                await one.find(wrong)
            with pytest.raises(UnknownSubmission):
                await one.cancel(wrong)


async def test_why_there_is_no_job_is_told_in_any_process(path: Path) -> None:
    async with ground() as here, submitter(here, path) as one, submitter(here, path) as other:
        await here.fault(method="POST", path="/v1/jobs", kind="status", status=400)
        key = one.submit(SAMPLER, backend=BACKEND).id
        with pytest.raises(Refused):
            await (await one.find(key)).job()
        for who in (one, other):
            found = await who.find(key)
            assert found.state == "failed"
            with pytest.raises(Refused):
                await found


async def test_cancelling_withdraws_what_was_not_sent_in_whichever_process(path: Path) -> None:
    async with (
        ground(rate_limit=qrt.RateLimit(1)) as here,
        submitter(here, path) as one,
        submitter(here, path) as other,
    ):
        first = one.submit(SAMPLER, backend=BACKEND)
        mine, foreign = (one.submit(SAMPLER, backend=BACKEND) for _ in range(2))
        await foreign.kept()
        assert await one.cancel(mine.id)
        assert mine.state == "withdrawn"
        assert await other.cancel(foreign.id)
        began = asyncio.get_running_loop().time()
        with pytest.raises(NotSent, match="withdrawn"):
            await foreign
        assert asyncio.get_running_loop().time() - began < 2, "its turn would come in a minute"
        assert (foreign.state, one.waiting) == ("withdrawn", 0)
        with pytest.raises(NotSent, match="withdrawn"):
            await (await other.find(foreign.id))
        await first
        assert len(await here.jobs()) == 1


async def test_what_is_withdrawn_elsewhere_just_before_its_turn_is_not_sent(path: Path) -> None:
    async with ground() as here, submitter(here, path) as one:
        submission = one.submit(SAMPLER, backend=BACKEND)
        await submission.kept()
        assert one._journal is not None
        leaving = one._journal.leaving

        async def just_before(key: str) -> None:
            assert one._journal is not None
            assert await withdraw(one._journal, key)
            await leaving(key)

        one._journal.leaving = just_before  # type: ignore[method-assign] # that is the trap
        with pytest.raises(NotSent, match="withdrawn"):
            await submission
        assert submission.state == "withdrawn"
        assert (await here.requests()).get(POST, 0) == 0


async def test_cancelling_cancels_the_job_of_what_was_sent(path: Path) -> None:
    async with ground() as here, submitter(here, path) as one, submitter(here, path) as other:
        submission = one.submit(SAMPLER, backend=BACKEND, tags=["emulate:queue=1000"])
        await submission.job()
        assert await other.cancel(submission.id)
        with pytest.raises(qrt.JobCancelled):
            await submission
        assert not await one.cancel(submission.id)


@pytest.mark.parametrize(("refused", "state"), [(True, "withdrawn"), (False, "ended")])
async def test_cancelling_what_is_just_being_sent_waits_for_what_becomes_of_it(
    path: Path, refused: bool, state: str
) -> None:
    """Refused for speed, it waits again, and is withdrawn; taken, its job is cancelled."""
    async with ground() as here, submitter(here, path) as one:
        await here.service.backends.list()
        if refused:
            await here.fault(method="POST", path="/v1/jobs", kind="status", status=429, times=1)
        submission = one.submit(SAMPLER, backend=BACKEND)
        while submission.state == "waiting":
            await submission.changed()
        assert (submission.id, submission.state) == (submission.id, "sending")
        asking = asyncio.create_task(one.cancel(submission.id))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()  # whoever asked has gone; it was asked all the same
        await asyncio.gather(asking, return_exceptions=True)
        with pytest.raises((NotSent, qrt.JobCancelled)):
            await submission
        assert submission.state == state
        assert [job["status"] for job in await here.jobs()] == ([] if refused else ["Cancelled"])


async def test_closing_that_ends_a_cancelling_says_so_and_cancels_nobody(path: Path) -> None:
    async with ground() as here, submitter(here, path, leave="detach") as one:
        submission = one.submit(SAMPLER, backend=BACKEND, tags=["emulate:queue=1000"])
        await submission.job()
        await here.fault(path="/v1/jobs/{id}/cancel", kind="delay", seconds=1000.0)
        asking = asyncio.create_task(one.cancel(submission.id))
        await asyncio.sleep(1)
        await here.service.close()
        with pytest.raises(ServiceClosed):
            await asking
