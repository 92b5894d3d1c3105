"""Shares that an earlier process left: everybody gets their slice again, and nothing is sent twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import NotSent
from tests.coalesce.ground import program, read
from tests.ground import BACKEND, Ground, ground
from tests.sweep.ground import Reads, inline

pytestmark = pytest.mark.virtual_clock
POST = "POST /v1/jobs"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def submitter(here: Ground, path: Path, **how: Any) -> qrt.Submitter:
    return qrt.Submitter(here.service, journal=inline(path), coalesce=qrt.Coalesce(), **how)


async def interrupted(here: Ground, path: Path, count: int, moment: float) -> list[str]:
    """A run that an exception ended at some moment; the ids of all."""
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
        async with submitter(here, path) as first:
            submissions = [
                first.submit(program(n), backend=BACKEND, tenant=f"t{n}", share=True) for n in range(count)
            ]
            await asyncio.sleep(moment)
            raise ZeroDivisionError
    return [submission.id for submission in submissions]


@pytest.mark.parametrize("moment", [1.0, 2.5, 5.0, 13.0, 30.0])
async def test_everybody_has_their_slice_again_whenever_it_was_broken_off(path: Path, moment: float) -> None:
    async with ground(simulator=Reads()) as here:  # type: ignore[arg-type]
        keys = await interrupted(here, path, 6, moment)
        async with submitter(here, path) as second:
            recovery = await second.recover()
            assert [submission.id for submission in recovery.submissions] == keys
            results = await asyncio.gather(*recovery.submissions)
            assert [read(result) for result in results] == [[n] for n in range(6)]
            assert [submission.tenant for submission in recovery.submissions] == [f"t{n}" for n in range(6)]
        async with submitter(here, path) as third:
            recovery = await third.recover()
            assert [read(await submission) for submission in recovery.submissions] == [[n] for n in range(6)]
        assert (await here.requests())[POST] == 1


@pytest.mark.parametrize("moment", [2.5, 10.0, 15.0, 17.0, 31.0, 33.0, 47.0, 62.0, 77.0, 100.0, 300.0])
async def test_a_search_that_was_broken_off_goes_on(path: Path, moment: float) -> None:
    async with ground(simulator=Reads(bad=[3])) as here:  # type: ignore[arg-type]
        await interrupted(here, path, 8, moment)
        async with submitter(here, path) as second:
            recovery = await second.recover()
            results = await asyncio.gather(*recovery.submissions, return_exceptions=True)
        assert len(results) == 8
        assert [n for n, result in enumerate(results) if isinstance(result, Exception)] == [3]
        assert isinstance(results[3], qrt.JobFailed)
        assert results[3].reason_code == 1517
        assert all(read(result) == [n] for n, result in enumerate(results) if n != 3)
        assert (await here.requests())[POST] <= 1 + 4


@pytest.mark.parametrize("arrived", [True, False])
async def test_one_that_may_have_left_is_looked_for_and_sent_as_it_was(path: Path, arrived: bool) -> None:
    async with ground(simulator=Reads(), config={"listing_lag": 59.0}) as here:  # type: ignore[arg-type]
        await here.service.backends.list()
        when = "after" if arrived else "before"
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=3000.0, when=when)
        await interrupted(here, path, 4, 3.0)
        await here.peace()
        async with submitter(here, path) as second:
            recovery = await second.recover()
            second.submit(program(77), backend=BACKEND, share=True)
            results = await asyncio.gather(*recovery.submissions)
            assert [read(result) for result in results] == [[n] for n in range(4)]
        assert len(await here.jobs()) == 2


async def test_what_another_process_withdraws_of_those_taken_up_is_heard_at_once(path: Path) -> None:
    patient = qrt.Coalesce(max_wait=1000.0)
    async with ground(simulator=Reads()) as here:  # type: ignore[arg-type]
        keys = await interrupted(here, path, 2, 1.0)
        async with submitter(here, path) as other:
            one = qrt.Submitter(here.service, journal=inline(path), coalesce=patient)
            async with one:
                first, second = (await one.recover()).submissions
                await asyncio.sleep(5)
                assert await other.cancel(keys[1])
                begun = asyncio.get_running_loop().time()
                with pytest.raises(NotSent, match="withdrawn"):
                    await second
                assert asyncio.get_running_loop().time() - begun < 2
            assert read(await first) == [0]
