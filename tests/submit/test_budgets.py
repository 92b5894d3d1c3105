"""A budget where charges come late, in other words, or to another process."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import OverUsage, Unavailable
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, QASM, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def money(path: Path) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT reserved, charged FROM submissions ORDER BY rowid").fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("date", ["2025-01-01", "2026-02-15", "2026-03-15"])
async def test_at_every_date_a_charge_settles_and_makes_room(date: str) -> None:
    """The older ones have no word for whether a charge is settled: a final job's usage is."""
    budget = qrt.Budget(seconds=25, cost=20)
    async with ground(api_version=date) as here, qrt.Submitter(here.service, budget=budget) as submitter:
        first, second = (submitter.submit(SAMPLER, backend=BACKEND) for _ in range(2))
        await first.job()
        await asyncio.sleep(1)
        assert "0 s are charged, 20 s reserved" in (second.why_waiting or "")
        await second
        charges = [entry["charged"] for entry in await here.jobs()]
        assert 0 < sum(charges) <= 25
        third = submitter.submit(SAMPLER, backend=BACKEND, cost=25)
        with pytest.raises(
            OverUsage, match=r"the budget of 25 s: \d+ s are charged, and the job may cost 25 s"
        ):
            await third
        assert len(await here.jobs()) == 2


async def test_what_a_process_that_is_gone_had_reserved_is_settled_by_the_next(path: Path) -> None:
    budget = qrt.Budget(seconds=25, cost=20)
    async with ground() as here:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
            async with qrt.Submitter(
                here.service, journal=Journal(path, inline=True), budget=budget
            ) as first:
                await first.submit(SAMPLER, backend=BACKEND).job()
                raise ZeroDivisionError
        assert money(path) == [(20.0, None)]
        async with qrt.Submitter(here.service, journal=Journal(path, inline=True), budget=budget) as second:
            recovery = await second.recover()
            await second.submit(SAMPLER, backend=BACKEND)
            await asyncio.gather(*recovery.submissions)
            await asyncio.sleep(100)
        charges = [entry["charged"] for entry in await here.jobs()]
        assert [charged for _, charged in money(path)] == charges
        assert sum(charges) <= 25


async def test_what_may_be_a_job_stays_reserved(path: Path) -> None:
    budget = qrt.Budget(seconds=25, cost=20)
    async with ground() as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="cut", times=1)
        journal = Journal(path, inline=True)
        async with qrt.Submitter(
            here.service, journal=journal, budget=budget, settle=None, leave="cancel_waiting"
        ) as submitter:
            with pytest.raises(Unavailable):
                await submitter.submit(SAMPLER, backend=BACKEND)
            waiting = submitter.submit(SAMPLER, backend=BACKEND)
            await asyncio.sleep(500)
            assert "20 s reserved" in (waiting.why_waiting or "")
        assert await here.jobs() == []


async def test_under_a_budget_jobs_are_watched_even_where_that_was_not_wished() -> None:
    budget = qrt.Budget(seconds=25, cost=20)
    async with ground() as here, qrt.Submitter(here.service, budget=budget) as submitter:
        jobs = [submitter.submit(SAMPLER, backend=BACKEND, watch=False) for _ in range(2)]
        await jobs[1].job()
        assert asyncio.get_running_loop().time() > 10, "after the first has ended"
