"""What an earlier process began is finished, whatever it died of."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import JournalError, Unavailable
from qrt_async.events import Event, JournalFailed
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, COUNTS, QASM, Ground, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)
POST = "POST /v1/jobs"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def submitter(here: Ground, path: Path, **how: Any) -> qrt.Submitter:
    return qrt.Submitter(here.service, journal=Journal(path, inline=True), **how)


async def interrupted(here: Ground, path: Path, count: int, accepted: int, **how: Any) -> list[str]:
    """A run that an exception ended after some were accepted; the keys of all."""
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
        async with submitter(here, path, **how) as first:
            submissions = [
                first.submit(SAMPLER, backend=BACKEND, tags=[f"n{n}"], tenant="t") for n in range(count)
            ]
            if accepted:
                await submissions[accepted - 1].job()
            raise ZeroDivisionError
    return [submission.id for submission in submissions]


async def test_a_later_run_finishes_what_an_earlier_one_began(path: Path) -> None:
    async with ground(rate_limit=qrt.RateLimit(2)) as here:
        keys = await interrupted(here, path, 5, accepted=2)
        assert len(await here.jobs()) == 2
        async with submitter(here, path) as second:
            recovery = await second.recover()
            assert [submission.id for submission in recovery.submissions] == keys
            results = await asyncio.gather(*recovery.submissions)
            assert [r[0].data.bits("meas").get_counts() for r in results] == [COUNTS] * 5
            assert recovery.submissions[4].tenant == "t"
        tags = {tag for job in await here.jobs() for tag in job["tags"]}
        assert tags == {f"n{n}" for n in range(5)} | {f"qrt:{key}:t" for key in keys}
        assert (await here.requests())[POST] == 5
        async with submitter(here, path) as third:
            recovery = await third.recover()
            assert [submission.state for submission in recovery.submissions] == ["ended"] * 5
        assert (await here.requests())[POST] == 5


@pytest.mark.parametrize("arrived", [True, False])
async def test_one_that_may_have_left_is_looked_for_before_it_is_sent(path: Path, arrived: bool) -> None:
    async with ground(config={"listing_lag": 59.0}) as here:
        await here.service.backends.list()
        when = "after" if arrived else "before"
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=3000.0, when=when)
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
            async with submitter(here, path) as first:
                first.submit(SAMPLER, backend=BACKEND)
                await asyncio.sleep(1)
                raise ZeroDivisionError
        await here.peace()
        async with submitter(here, path) as second:
            (submission,) = (await second.recover()).submissions
            await asyncio.sleep(1)
            assert submission.why_waiting == "the search for its job, which may be there already"
            assert (submission.state, submission.eta) == ("sending", None)
            job = await submission.job()
            assert submission.why_waiting is None
        assert [entry["id"] for entry in await here.jobs()] == [job.id]
        assert (await here.requests()).get(POST, 0) == 1


async def test_without_settling_nothing_is_sent_again_and_the_user_is_asked(path: Path) -> None:
    async with ground() as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="cut")
        async with submitter(here, path, settle=None) as first:
            submission = first.submit(SAMPLER, backend=BACKEND)
            with pytest.raises(Unavailable) as caught:
                await submission
            assert caught.value.submitted == "unknown"
        assert (await here.requests())[POST] == 1
        await here.peace()
        async with submitter(here, path, settle=None) as second:
            (submission,) = (await second.recover()).submissions
            with pytest.raises(Unavailable, match="may have sent"):
                await submission
        assert (await here.requests())[POST] == 1


async def test_where_the_journal_is_lost_jobs_are_found_by_their_tags(path: Path) -> None:
    async with ground() as here:
        keys = await interrupted(here, path, 3, accepted=3)
        await here.run("another program's", watch=False)
        for file in path.parent.glob("runs.db*"):
            file.unlink()
        async with submitter(here, path) as second:
            recovery = await second.recover(since=datetime.now(UTC) - timedelta(hours=1))
            assert {submission.id for submission in recovery.submissions} >= set(keys)
            assert len(recovery.submissions) == 4
            assert {s.tenant for s in recovery.submissions if s.id in keys} == {"t"}
            await asyncio.gather(*recovery.submissions)
            again = await second.recover(since=datetime.now(UTC) - timedelta(hours=1))
            assert len(again.submissions) == 4


async def test_a_session_of_a_dead_process_is_closed(path: Path) -> None:
    async with ground() as here:
        dead = Journal(path, inline=True)
        here.service.counter.journals.append(dead)
        session = here.service.session(backend=BACKEND)
        await session.__aenter__()
        here.service.counter.journals.clear()
        await dead.close()
        async with submitter(here, path) as second:
            recovery = await second.recover()
            assert recovery.sessions == (session.id,)
            assert not (await session.details()).accepting_jobs
            assert (await second.recover()).sessions == ()


async def test_a_session_that_was_left_is_closed_once(path: Path) -> None:
    async with ground() as here:
        async with submitter(here, path), here.service.session(backend=BACKEND) as session:
            assert session.id
        async with submitter(here, path) as second:
            assert (await second.recover()).sessions == ()


async def test_a_journal_that_cannot_be_used_is_said_on_entering(path: Path) -> None:
    path.write_text("not a journal " * 50)
    async with ground() as here:
        with pytest.raises(JournalError):
            async with qrt.Submitter(here.service, journal=Journal(path, inline=True)):
                raise AssertionError
        assert await here.requests() == {}


async def test_a_service_that_closes_first_takes_nothing_from_the_journal(path: Path) -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here:
        async with submitter(here, path, leave="detach") as first:
            submissions = [first.submit(SAMPLER, backend=BACKEND) for _ in range(2)]
            await submissions[0].job()
            await asyncio.sleep(1)
            await here.service.close()
            await asyncio.sleep(1)
        connection = sqlite3.connect(path)
        states = {row[0] for row in connection.execute("SELECT state FROM submissions")}
        connection.close()
        assert states == {"accepted", "waiting"}


async def test_what_was_withdrawn_is_not_sent_by_a_later_process(path: Path) -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here:
        async with submitter(here, path, leave="detach") as first:
            await first.submit(SAMPLER, backend=BACKEND).job()
            waiting = first.submit(SAMPLER, backend=BACKEND)
            await asyncio.sleep(1)
            assert waiting.withdraw()
        async with submitter(here, path) as second:
            assert len((await second.recover()).submissions) == 1
        assert (await here.requests())[POST] == 1


async def test_a_journal_that_fails_does_not_make_a_job_seem_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(self: Journal, *_: object) -> None:
        raise JournalError("the disk is full")

    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here:
        async with submitter(here, path) as first:
            with monkeypatch.context() as broken:
                broken.setattr(Journal, "accepted", full)
                submission = first.submit(SAMPLER, backend=BACKEND)
                job = await submission.job()
            await asyncio.sleep(60)
            assert submission.state == "ended"
            assert [event.key for event in heard if isinstance(event, JournalFailed)] == [submission.id]
        async with submitter(here, path) as second:
            (again,) = (await second.recover()).submissions
            assert (await again.job()).id == job.id
        assert (await here.requests())[POST] == 1


async def test_what_cannot_be_written_down_is_not_sent(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(self: Journal, *_: object) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(Journal, "leaving", full)
    async with ground() as here, submitter(here, path) as first:
        with pytest.raises(JournalError, match="full"):
            await first.submit(SAMPLER, backend=BACKEND)
        assert await here.jobs() == []


async def test_a_result_is_read_from_the_service_once_for_all_processes(path: Path) -> None:
    reads = "GET /v1/jobs/{id}/results"
    async with ground() as here:
        async with submitter(here, path) as first:
            submission = first.submit(SAMPLER, backend=BACKEND)
            results = await asyncio.gather(*(submission.result() for _ in range(3)))
            assert results[0] is results[2]
            assert (await here.requests())[reads] == 1
        async with submitter(here, path) as second:
            (again,) = (await second.recover()).submissions
            result = await again
            assert result[0].data.bits("meas").get_counts() == COUNTS
        assert (await here.requests())[reads] == 1


async def test_of_a_private_result_the_journal_knows_the_spool(path: Path, tmp_path: Path) -> None:
    async with ground(spool=tmp_path / "spool") as here:
        async with submitter(here, path) as first:
            await first.submit(SAMPLER, backend=BACKEND, private=True)
        connection = sqlite3.connect(path)
        result, spool = connection.execute("SELECT result, spool FROM submissions").fetchone()
        connection.close()
        assert result is None
        assert Path(spool).read_bytes().startswith(b"{")
        async with submitter(here, path) as second:
            (again,) = (await second.recover()).submissions
            assert (await again)[0].data.bits("meas").get_counts() == COUNTS


async def test_no_token_is_in_the_journal(path: Path) -> None:
    async with ground(token="a-very-secret-key") as here, submitter(here, path) as one:
        await one.submit(SAMPLER, backend=BACKEND)
        bearer = here.service._transport._line.tokens.at_hand().text  # type: ignore[union-attr] # it is open
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"a-very-secret-key" not in written
    assert bearer.encode() not in written
    assert b"sampler" in written
