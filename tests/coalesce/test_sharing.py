"""Submissions that share jobs, in simulated time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from tests.coalesce.ground import open_ground, program, read
from tests.ground import BACKEND
from tests.sweep.ground import Reads

pytestmark = pytest.mark.virtual_clock


async def test_those_that_come_together_travel_together_and_each_gets_its_own(journal: Path | None) -> None:
    simulator = Reads()
    async with open_ground(simulator, journal) as (here, submitter):
        submissions = [
            submitter.submit(program(n, 100 + n), backend=BACKEND, tenant=f"t{n}", share=True) for n in range(5)
        ]
        results = await asyncio.gather(*submissions)
        assert [read(result) for result in results] == [[n, 100 + n] for n in range(5)]
        assert [submission.state for submission in submissions] == ["ended"] * 5
        (job,) = await here.jobs()
        assert len(simulator.jobs[0]) == 10
        assert {(await submission.job()).id for submission in submissions} == {job["id"]}
