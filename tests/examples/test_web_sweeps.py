"""Sweeps of the web example: one run of each in a worker, however many ask, and an end that all workers hear of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import qrt_async as qrt
from examples.web_backend.forms import Order
from examples.web_backend.records import Record, Records
from examples.web_backend.sweeps import Sweeps
from tests.ground import BACKEND, Ground, ground
from tests.sweep.ground import CIRCUIT, Reads, inline, read

pytestmark = pytest.mark.virtual_clock


def order(points: int = 5, shots: int = 3) -> Order:
    values = tuple(map(float, range(points)))
    return Order(title="", text=CIRCUIT, backend=BACKEND, shots=shots, kind="sweep", angle="x", values=values)


@asynccontextmanager
async def worker(here: Ground, folder: Path) -> AsyncIterator[tuple[Sweeps, Records]]:
    """One of those that share a folder; as soon as one job waits, its line is full."""
    records = Records(folder / "orders.db")
    await records.open()
    async with (
        qrt.Submitter(
            here.service, journal=inline(folder / "runs.db"), max_waiting=1, leave="detach"
        ) as submitter,
        Sweeps(submitter, records) as sweeps,
    ):
        yield sweeps, records


async def again(records: Records, record: Record) -> Record:
    """As it stands by now."""
    found = await records.find(record.id, record.tenant)
    assert found is not None
    return found


@asynccontextmanager
async def service() -> AsyncIterator[Ground]:
    async with ground(simulator=Reads(), rate_limit=qrt.RateLimit(1, per=60.0)) as here:  # type: ignore[arg-type] # as Sampled
        yield here


async def test_all_who_ask_at_once_get_the_one_run_that_is_under_way(tmp_path: Path) -> None:
    async with service() as here, worker(here, tmp_path) as (sweeps, records):
        record = Record.new("left-behind", "ada", order())
        await records.add(record)
        impatient = asyncio.create_task(sweeps.find(record))
        others = asyncio.gather(*(sweeps.find(record) for _ in range(3)))
        await asyncio.sleep(0)
        impatient.cancel()
        one, *rest = await others
        assert all(run is one for run in [*rest, await sweeps.find(record)])
        assert [read(point) for point in await one] == list(range(5))
        assert len(await here.jobs()) == 1


async def test_one_that_ended_is_taken_from_the_journal_once(tmp_path: Path) -> None:
    async with service() as here:
        async with worker(here, tmp_path) as (sweeps, records):
            record = await sweeps.begin("ada", order())
            await (await sweeps.find(record))
            await asyncio.sleep(1)
        async with worker(here, tmp_path) as (sweeps, records):
            over = await again(records, record)
            assert over.ended == "over"
            run = await sweeps.find(over)
            assert run.progress.done == 5
            assert run is await sweeps.find(over)
        assert len(await here.jobs()) == 1


async def test_one_that_nobody_runs_is_not_begun_to_be_cancelled(tmp_path: Path) -> None:
    async with service() as here, worker(here, tmp_path) as (sweeps, records):
        record = Record.new("left-behind", "ada", order())
        await records.add(record)
        await sweeps.cancel(record)
        await asyncio.sleep(600)
        assert (await again(records, record)).ended == "cancelled"
        assert (await sweeps.find(record)).progress.failed == 5
        assert await here.jobs() == []


async def test_what_another_worker_cancels_sends_nothing_more(tmp_path: Path) -> None:
    async with service() as here, worker(here, tmp_path) as (first, _), worker(here, tmp_path) as (other, _):
        record = await first.begin("ada", order(points=60, shots=100_000))
        run = await first.find(record)
        assert len((await run.plan()).jobs) > 3
        await asyncio.sleep(1)
        assert len(await here.jobs()) == 1
        await other.cancel(record)
        await asyncio.sleep(600)
        assert run.done
        assert [job["changes"][-1]["status"] for job in await here.jobs()] == ["Cancelled"]
