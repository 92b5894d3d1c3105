"""When things end in the middle: nobody waits in vain, and what was heard is on disk."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, JournalError, NotFound, NotSent, ServiceClosed, Unavailable
from qrt_async.submit.counter import Counter
from qrt_async.submit.diary import RowState
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, QASM, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)
POST = "POST /v1/jobs"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def states(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [row[0] for row in connection.execute("SELECT state FROM submissions ORDER BY rowid")]
    finally:
        connection.close()


async def test_one_that_comes_into_line_while_its_service_closes_is_told_and_keeps_no_permit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is being encoded when closing begins, which waits for another one's reply."""
    written = Counter.written

    async def slowly(self: Counter, *given: Any) -> Any:
        call = await written(self, *given)
        await asyncio.sleep(2)
        return call

    async with ground(rate_limit=qrt.RateLimit(2)) as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=5.0, when="after")
        first = asyncio.create_task(here.run(watch=False))
        await asyncio.sleep(1)
        monkeypatch.setattr(Counter, "written", slowly)
        late = asyncio.create_task(here.run(watch=False))
        await asyncio.sleep(1)
        other = qrt.RuntimeService(url=here.emulator.url, spool=False, rate_limit=qrt.RateLimit(2))
        async with other:
            other_entrance = await other.counter.sender.entrance()
            assert other_entrance is here.service.counter.sender.entered
            await here.service.close()
            with pytest.raises(ServiceClosed) as caught:
                async with asyncio.timeout(60):
                    await late
            assert caught.value.submitted == "no"
            assert (await first).id
            began = asyncio.get_running_loop().time()
            await other.run(SAMPLER, backend=BACKEND, watch=False)
            assert asyncio.get_running_loop().time() - began < 20, "the second permit is there"
        assert len(await here.jobs()) == 2


async def test_an_error_that_is_raised_again_does_not_hold_on_to_those_who_heard_it_before() -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        submission = submitter.submit(qrt.Sampler([QASM], shots=3), backend="nosuchbackend")
        depths = []
        for _ in range(4):
            with pytest.raises(qrt.QrtError) as caught:
                await submission
            depths.append(len(caught.traceback))
        assert depths[3] <= depths[0]


async def test_a_journal_is_lent_to_one_submitter_only(path: Path) -> None:
    async with ground() as here:
        journal = Journal(path, inline=True)
        with pytest.raises(InvalidInput, match="max_in_flight"):
            qrt.Submitter(here.service, journal=journal, max_in_flight=0)
        qrt.Submitter(here.service, journal=journal)
        with pytest.raises(InvalidInput, match=r"another Submitter's; give each the path, '.*runs\.db'"):
            qrt.Submitter(here.service, journal=journal)


async def test_two_submitters_that_name_one_file_send_what_is_theirs_once(path: Path) -> None:
    async with ground(rate_limit=qrt.RateLimit(2, per=10.0)) as here:
        async with qrt.Submitter(here.service, journal=Journal(path, inline=True)) as one:
            mine = [one.submit(SAMPLER, backend=BACKEND) for _ in range(4)]
            await mine[0].job()
            async with qrt.Submitter(here.service, journal=Journal(path, inline=True)) as other:
                assert (await other.recover()).submissions == ()
        assert (await here.requests())[POST] == len(await here.jobs()) == 4


async def test_a_recovery_that_failed_half_way_gives_its_submissions_again(path: Path) -> None:
    async with ground(rate_limit=qrt.RateLimit(1), retry=qrt.RetryPolicy(tries=1)) as here:
        with pytest.raises(NotSent):  # noqa: PT012 - leaving the block is what is tested
            async with qrt.Submitter(here.service, journal=Journal(path, inline=True)) as first:
                keys = [first.submit(SAMPLER, backend=BACKEND).id for _ in range(3)]
                await asyncio.sleep(1)
                raise NotSent("as by any error")
        async with qrt.Submitter(here.service, journal=Journal(path, inline=True)) as second:
            await here.fault(method="GET", path="/v1/jobs", kind="status", status=500)
            since = datetime.now(UTC) - timedelta(hours=1)
            with pytest.raises(Unavailable):
                await second.recover(since=since)
            await here.peace()
            recovery = await second.recover(since=since)
            assert [submission.id for submission in recovery.submissions] == keys
            assert [len(await submission) for submission in recovery.submissions] == [1] * 3
        assert (await here.requests())[POST] == len(await here.jobs()) == 3


class Slow(Journal):
    """A disk that takes its time."""

    async def moved(self, key: str, state: RowState, detail: str | None = None) -> None:
        await asyncio.sleep(3)
        await super().moved(key, state, detail)


async def test_a_failure_is_on_disk_before_anybody_hears_of_it(path: Path) -> None:
    async with ground() as here, qrt.Submitter(here.service, journal=Slow(path, inline=True)) as one:
        with pytest.raises(NotFound):
            await one.submit(SAMPLER, backend="nowhere", isa="off")
        assert states(path) == ["failed"]


async def test_a_withdrawal_is_on_disk_before_anybody_hears_of_it(path: Path) -> None:
    async with (
        ground(rate_limit=qrt.RateLimit(1)) as here,
        qrt.Submitter(here.service, journal=Slow(path, inline=True)) as one,
    ):
        await one.submit(SAMPLER, backend=BACKEND, watch=False).job()
        waiting = one.submit(SAMPLER, backend=BACKEND)
        await asyncio.sleep(1)
        assert waiting.withdraw()
        with pytest.raises(NotSent):
            await waiting.job()
        assert states(path) == ["accepted", "withdrawn"]


class Broken(Journal):
    async def close(self) -> None:
        await super().close()
        raise JournalError("the disk is full.")


async def test_a_journal_that_fails_on_leaving_does_not_hide_why_the_block_was_left(path: Path) -> None:
    async with ground() as here:
        with pytest.raises(ZeroDivisionError) as caught:
            async with qrt.Submitter(here.service, journal=Broken(path, inline=True)):
                raise ZeroDivisionError
        assert caught.value.__notes__ == ["Besides: the disk is full."]
        with pytest.raises(JournalError, match="full"):
            async with qrt.Submitter(here.service, journal=Broken(path, inline=True)):
                pass


async def test_a_job_that_runs_on_after_its_submitter_was_left_is_accepted_not_ended(path: Path) -> None:
    async with ground() as here:
        async with qrt.Submitter(here.service, journal=Journal(path, inline=True)) as one:
            submission = one.submit(SAMPLER, backend=BACKEND)
        assert (submission.state, states(path)) == ("accepted", ["accepted"])
        assert len(await submission) == 1


async def test_one_that_may_have_been_sent_cannot_be_taken_back_nor_given_up(path: Path) -> None:
    async with ground(config={"listing_lag": 59.0}) as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=3000.0, when="after")
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
            async with qrt.Submitter(here.service, journal=Journal(path, inline=True)) as first:
                first.submit(SAMPLER, backend=BACKEND)
                await asyncio.sleep(1)
                raise ZeroDivisionError
        await here.peace()
        journal = Journal(path, inline=True)
        async with qrt.Submitter(here.service, journal=journal, leave="cancel_waiting") as second:
            (submission,) = (await second.recover()).submissions
            await asyncio.sleep(1)
            assert (submission.state, submission.withdraw()) == ("sending", False)
        with pytest.raises(ServiceClosed) as caught:
            await submission
        assert (caught.value.submitted, states(path)) == ("unknown", ["sending"])
        async with qrt.Submitter(here.service, journal=Journal(path, inline=True)) as third:
            (submission,) = (await third.recover()).submissions
            assert (await submission.job()).id == (await here.jobs())[0]["id"]


async def test_an_outage_before_the_first_word_with_the_service_delays_too_and_says_so() -> None:
    async with ground(retry=qrt.RetryPolicy(tries=1)) as here:
        async with qrt.Submitter(here.service) as submitter:
            await here.fault(method="*", path="*", kind="status", status=503, body="html")
            unchecked = submitter.submit(SAMPLER, backend=BACKEND, isa="off")
            checked = submitter.submit(SAMPLER, backend=BACKEND)
            await asyncio.sleep(100)
            assert (checked.state, checked.eta) == ("waiting", None)
            assert checked.why_waiting == "its program is being checked and encoded"
            assert unchecked.why_waiting == "the service has not been reached yet"
            await here.peace()
            await asyncio.gather(checked.job(), unchecked.job())
            assert [one.why_waiting for one in (checked, unchecked)] == [None, None]
        assert len(await here.jobs()) == 2
