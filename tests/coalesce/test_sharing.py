"""Submissions that share jobs, in simulated time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from tests.coalesce.ground import LIMIT, open_ground, program, read
from tests.ground import BACKEND
from tests.sweep.ground import Reads

pytestmark = pytest.mark.virtual_clock


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


async def user(submitter: qrt.Submitter, n: int, waits: list[float], *, times: int) -> list[int]:
    """Submits the next once the one before is accepted."""
    loop, found = asyncio.get_running_loop(), []
    submissions = []
    for k in range(times):
        begun = loop.time()
        submission = submitter.submit(program(1000 * n + k), backend=BACKEND, tenant=f"user{n}", share=True)
        await submission.job()
        waits.append(loop.time() - begun)
        submissions.append(submission)
    for submission in submissions:
        found += read(await submission)
    return found


async def test_two_hundred_users_with_five_each_wait_less_than_two_minutes_under_the_real_limit() -> None:
    async with open_ground(config={"rate_limit": LIMIT, "rate_window": "sliding"}) as (here, submitter):
        loop = asyncio.get_running_loop()
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
        print(f"last accepted after {last:.1f} s in {len(await here.jobs())} jobs")
        assert last < 120.0


async def test_users_who_wait_for_each_before_the_next_wait_less_than_two_minutes() -> None:
    async with open_ground(config={"rate_limit": LIMIT, "rate_window": "sliding"}) as (here, submitter):
        waits: list[float] = []
        begun = asyncio.get_running_loop().time()
        found = await asyncio.gather(*(user(submitter, n, waits, times=5) for n in range(200)))
        assert found == [[1000 * n + k for k in range(5)] for n in range(200)]
        print(f"longest {max(waits):.1f} s, in {len(await here.jobs())} jobs, {begun}")
        assert max(waits) < 120.0


async def test_one_bad_program_among_a_hundred_costs_nobody_else_anything(journal: Path | None) -> None:
    simulator = Reads(bad=[42])
    async with open_ground(simulator, journal) as (here, submitter):
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(100)]
        results = await asyncio.gather(*submissions, return_exceptions=True)
        assert [n for n, result in enumerate(results) if isinstance(result, Exception)] == [42]
        assert all(read(result) == [n] for n, result in enumerate(results) if n != 42)
        assert isinstance(results[42], qrt.JobFailed)
        assert results[42].reason_code == 1517
        extra = len(await here.jobs()) - 1
        assert extra <= 8
