"""A submission that became two jobs is one again: the older one is kept, the other cancelled."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, QASM, Ground, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)
POST = "POST /v1/jobs"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def submitter(here: Ground, path: Path, **how: Any) -> qrt.Submitter:
    return qrt.Submitter(here.service, journal=Journal(path, inline=True), **how)


async def doubled(here: Ground, one: qrt.Submitter) -> qrt.Submission[Any]:
    """A POST whose job the listing shows only after another was sent."""
    await here.service.backends.list()
    await here.control("POST", "config", {"listing_lag": 200.0})
    await here.fault(method="POST", path="/v1/jobs", kind="cut", when="after", times=1)
    submission = one.submit(SAMPLER, backend=BACKEND, tags=["emulate:queue=1000"])
    await submission.job()
    assert len(await here.jobs()) == 2
    await asyncio.sleep(300)
    return submission


@pytest.mark.parametrize("keeps", [True, False], ids=["journal", "memory"])
async def test_a_double_that_appears_late_is_cancelled_and_the_older_job_kept(
    path: Path, keeps: bool
) -> None:
    async with ground() as here:
        journal = Journal(path, inline=True) if keeps else None
        async with qrt.Submitter(here.service, journal=journal) as one:
            submission = await doubled(here, one)
            older, younger = await here.jobs()
            assert (await submission.job()).id == younger["id"]
            recovery = await one.recover()
            (double,) = recovery.doubles
            assert (double.key, double.kept, double.job_id) == (submission.id, older["id"], younger["id"])
            assert double.charged == 0.0
            assert (await submission.job()).id == older["id"]
            assert [job["status"] for job in await here.jobs()] == ["Queued", "Cancelled"]
            await submission
            assert len((await one.recover()).doubles) <= 1


async def test_of_the_job_that_is_kept_the_end_is_noted_and_its_charge_is_counted(path: Path) -> None:
    budget = qrt.Budget(seconds=1000, cost=100)
    async with ground() as here:
        async with submitter(here, path, budget=budget) as one:
            submission = await doubled(here, one)
            await one.recover()
            await asyncio.sleep(100)
            assert [submission.state] == ["accepted"], "the older one is queued"
            assert written(path) == ("accepted", None)
            await submission
            await asyncio.sleep(100)
            assert [submission.state] == ["ended"]
        connection = sqlite3.connect(path)
        charged = connection.execute("SELECT charged FROM submissions").fetchone()[0]
        connection.close()
        older, younger = await here.jobs()
        assert (charged, younger["charged"]) == (older["charged"], 0.0)
        assert written(path) == ("ended", "Completed")


def written(path: Path) -> tuple[str, str | None]:
    connection = sqlite3.connect(path)
    try:
        state, detail = connection.execute("SELECT state, detail FROM submissions").fetchone()
        return state, detail
    finally:
        connection.close()
