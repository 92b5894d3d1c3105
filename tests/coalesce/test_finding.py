"""Shares are found by their ids, and seen by their tenants only."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import NotSent, UnknownSubmission
from tests.coalesce.ground import open_ground, program, read
from tests.coalesce.test_recovery import interrupted, submitter
from tests.ground import BACKEND, ground
from tests.sweep.ground import Reads

pytestmark = pytest.mark.virtual_clock


async def test_a_share_is_found_while_it_waits_rides_and_is_over(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (_, one):
        alice, bob = one.tenant("alice"), one.tenant("bob")
        mine = alice.submit(program(1), backend=BACKEND, share=True)
        bob.submit(program(2), backend=BACKEND, share=True)
        await mine.kept()
        for _ in range(3):
            found = await alice.find(mine.id)
            assert found.id == mine.id
            with pytest.raises(UnknownSubmission):
                await bob.find(mine.id)
            await asyncio.sleep(10)
        key = mine.id
        del mine
        again = await alice.find(key)
        assert read(await again) == [1]
        assert [record.id for record in await alice.list()] == [key]
        assert (await alice.list())[0].state == "ended"


async def test_the_job_of_several_is_nobodys_submission(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, one):
        await one.submit(program(1), backend=BACKEND, share=True)
        (job,) = await here.jobs()
        (tag,) = job["tags"]
        with pytest.raises(UnknownSubmission):
            await one.find(tag.removeprefix("qrt:"))


async def test_another_living_process_follows_a_share_to_its_own_end(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with (
        ground(simulator=Reads(bad=[2])) as here,  # type: ignore[arg-type]
        submitter(here, path) as owner,
        submitter(here, path) as other,
    ):
        ours = [owner.submit(program(n), backend=BACKEND, tenant="t", share=True) for n in range(4)]
        await asyncio.gather(*(one.kept() for one in ours))
        theirs = [await other.find(one.id) for one in ours]
        assert [one.state for one in theirs] == ["waiting"] * 4
        results: list[Any] = await asyncio.gather(*theirs, return_exceptions=True)
        assert [read(results[n]) for n in (0, 1, 3)] == [[0], [1], [3]]
        assert isinstance(results[2], qrt.JobFailed)
        assert results[2].reason_code == 1517
        await asyncio.gather(*ours, return_exceptions=True)


async def test_another_living_process_withdraws_or_gives_up_a_share(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with (
        ground(simulator=Reads()) as here,  # type: ignore[arg-type]
        submitter(here, path) as owner,
        submitter(here, path) as other,
    ):
        first, second, third = (owner.submit(program(n), backend=BACKEND, share=True) for n in range(3))
        await first.kept()
        assert await other.cancel(first.id) is True
        with pytest.raises(NotSent):
            await first
        await second.job()
        found = await other.find(second.id)
        job = await found.job()
        assert await other.cancel(second.id) is True
        assert job.status is qrt.JobStatus.CANCELLED
        assert read(await third) == [2]
        assert read(await (await other.find(third.id))) == [2]
        assert [job["status"] for job in await here.jobs()] == ["Completed"]


@pytest.mark.parametrize("moment", [1.0, 2.5, 20.0])
async def test_one_that_a_dead_process_left_is_taken_up_with_all_who_ride_with_it(
    tmp_path: Path, moment: float
) -> None:
    path = tmp_path / "runs.db"
    async with ground(simulator=Reads()) as here:  # type: ignore[arg-type]
        keys = await interrupted(here, path, 4, moment)
        async with submitter(here, path) as second:
            tenant = second.tenant("t2")
            assert read(await (await tenant.find(keys[2]))) == [2]
            assert read(await (await second.find(keys[3]))) == [3]
            with pytest.raises(UnknownSubmission):
                await tenant.find(keys[1])
        assert len(await here.jobs()) == 1


async def test_cancelling_by_id_withdraws_or_gives_up_one_share(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, one):
        first, second, third = (one.submit(program(n), backend=BACKEND, share=True) for n in range(3))
        await first.kept()
        assert await one.cancel(first.id) is True
        assert first.state == "withdrawn"
        await second.job()
        assert await one.cancel(second.id) is True
        with pytest.raises(qrt.JobCancelled):
            await second
        assert read(await third) == [2]
        assert await one.cancel(third.id) is False
        assert [job["status"] for job in await here.jobs()] == ["Completed"]
