"""What another process takes back is heard at once, however it came here; and is not sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import NotSent, ServiceClosed
from qrt_async.submit.journal import Journal
from qrt_async.submit.line import Place
from qrt_async.submit.passage import Passage
from qrt_async.submit.records import withdraw
from qrt_async.submit.rows import Row
from tests.ground import BACKEND, QASM, Ground, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def submitter(here: Ground, path: Path, **how: Any) -> qrt.Submitter:
    return qrt.Submitter(here.service, journal=Journal(path, inline=True), **how)


async def heard_soon(submission: qrt.Submission[Any]) -> bool:
    """Does whoever waits for it hear that it was withdrawn, long before its turn would come?"""
    began = asyncio.get_running_loop().time()
    with pytest.raises(NotSent, match="withdrawn"):
        await submission
    return asyncio.get_running_loop().time() - began < 2


@asynccontextmanager
async def left_behind(path: Path) -> AsyncIterator[tuple[Ground, qrt.Submitter, qrt.Submitter, str]]:
    """Two processes, and the key of what one that is gone left unsent."""
    async with ground(rate_limit=qrt.RateLimit(1)) as here:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
            async with submitter(here, path) as dying:
                submissions = [dying.submit(SAMPLER, backend=BACKEND) for _ in range(2)]
                await submissions[0].job()
                await submissions[1].kept()
                raise ZeroDivisionError
        async with submitter(here, path) as one, submitter(here, path) as other:
            yield here, one, other, submissions[1].id
        assert len(await here.jobs()) == 1


async def test_of_what_recover_took_up(path: Path) -> None:
    async with left_behind(path) as (_, one, other, key):
        taken = (await one.recover()).submissions[1]
        assert await other.cancel(key)
        assert await heard_soon(taken)
        assert (taken.id, taken.state, one.waiting) == (key, "withdrawn", 0)


async def test_of_what_was_found_where_its_process_is_gone(path: Path) -> None:
    async with left_behind(path) as (_, one, other, key):
        found = await one.find(key)
        await asyncio.sleep(5)
        assert await other.cancel(key)
        assert await heard_soon(found)


async def test_of_what_was_just_being_taken_up(path: Path) -> None:
    async with left_behind(path) as (_, one, other, key):
        assert one._journal is not None
        assert other._journal is not None
        claim, withdrawing = one._journal.claim, other._journal

        async def just_after(instance: str | None) -> list[Row]:
            rows = await claim(instance)
            assert await withdraw(withdrawing, key)
            await asyncio.sleep(0.1)
            return rows

        one._journal.claim = just_after  # type: ignore[method-assign] # that is the trap
        assert await heard_soon((await one.recover()).submissions[1])


async def test_one_that_is_followed_when_the_last_look_is_just_over_is_followed(path: Path) -> None:
    async with left_behind(path) as (_, one, other, key):
        await one.recover()
        follower = other._finder._follower
        assert follower is not None
        passage = Passage(key, BACKEND, Place(), lambda _: None)
        passage.elsewhere = "process 1 carries it"
        follower.begin()  # nothing to look for: it is over with its first step
        asyncio.get_running_loop().call_soon(follower.follow, passage)
        assert await one.cancel(key)
        await passage.settled()
        assert passage.state == "withdrawn"


async def test_nobody_is_followed_any_more_by_one_that_was_left(path: Path) -> None:
    async with left_behind(path) as (_, one, other, key):
        await one.recover()
        follower = other._finder._follower
        assert follower is not None
        await other.__aexit__(None, None, None)
        passage = Passage(key, BACKEND, Place(), lambda _: None)
        passage.elsewhere = "process 1 carries it"
        follower.follow(passage)
        assert isinstance(passage.error, ServiceClosed)
        assert await one.cancel(key)
