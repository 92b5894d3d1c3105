"""What a run of a sweep left, the next one goes on with; in simulated time."""

from __future__ import annotations

import asyncio
import contextlib
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import Unavailable
from tests.ground import BACKEND, ground
from tests.sweep.ground import Reads, inline, open_ground, read, sweep

pytestmark = pytest.mark.virtual_clock
SLOW_BOOKS = {"settle_seconds": 600.0}
NEWEST = "2026-04-15"
"""The older dates have no word for a charge that is not settled."""


async def test_a_sweep_that_was_left_goes_on_where_it_ended(tmp_path: Path) -> None:
    journal = tmp_path / "runs.db"
    simulator = Reads()
    async with ground(simulator=simulator, config={"rate_limit": (2, 60.0)}) as here:  # type: ignore[arg-type]
        with contextlib.suppress(KeyError):
            async with qrt.Submitter(here.service, journal=inline(journal)) as submitter:
                run = submitter.sweep(sweep(), backend=BACKEND, name="left", pack=4)
                async for _ in run:
                    raise KeyError
        sent = len(await here.jobs())
        assert 0 < sent < 5
        async with qrt.Submitter(here.service, journal=inline(journal)) as submitter:
            run = submitter.sweep(sweep(), backend=BACKEND, name="left", pack=4)
            assert all(read(point) == point.index for point in await run)
        assert len(await here.jobs()) == 5


async def test_a_journal_that_was_carried_to_another_place_goes_on_there(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with ground(simulator=Reads(), config={"rate_limit": (2, 60.0)}) as here:  # type: ignore[arg-type]
        with contextlib.suppress(KeyError):
            async with qrt.Submitter(here.service, journal=inline(tmp_path / "runs.db")) as submitter:
                submitter.sweep(sweep(), backend=BACKEND, name="carried", pack=4).start()
                await asyncio.sleep(20)
                raise KeyError
        assert 0 < len(await here.jobs()) < 5
        carried = shutil.copy(tmp_path / "runs.db", tmp_path / "other")
        async with qrt.Submitter(here.service, journal=inline(Path(carried))) as submitter:
            run = submitter.sweep(sweep(), backend=BACKEND, name="carried", pack=4)
            assert all(read(point) == point.index for point in await run)
        assert len(await here.jobs()) == 5


async def test_a_finished_sweep_is_read_from_the_journal_alone(tmp_path: Path) -> None:
    journal = tmp_path / "runs.db"
    async with open_ground(journal=journal) as (here, submitter):
        before = await submitter.sweep(sweep(), backend=BACKEND, name="kept", pack=6)
    async with open_ground(journal=journal) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="kept", pack=3)
        assert (await run.plan()).jobs == ()
        after = await run
        assert [(point.index, read(point), point.job_id) for point in after] == [
            (point.index, read(point), point.job_id) for point in before
        ]
        assert await here.jobs() == []
        assert run.progress.charged == 8.0


async def test_recovering_first_and_running_the_sweep_again_is_the_same(tmp_path: Path) -> None:
    journal = tmp_path / "runs.db"
    async with ground(simulator=Reads(), config={"rate_limit": (2, 60.0)}) as here:  # type: ignore[arg-type]
        with contextlib.suppress(KeyError):
            async with qrt.Submitter(here.service, journal=inline(journal)) as submitter:
                submitter.sweep(sweep(), backend=BACKEND, name="recovered", pack=4).start()
                await asyncio.sleep(3)
                raise KeyError
        async with qrt.Submitter(here.service, journal=inline(journal)) as submitter:
            await submitter.recover()
            run = submitter.sweep(sweep(), backend=BACKEND, name="recovered", pack=4)
            assert all(read(point) == point.index for point in await run)
        assert len(await here.jobs()) == 5


@pytest.mark.parametrize("moment", [2.0, 14.5, 16.0, 31.0, 46.0, 75.0])
async def test_a_search_that_was_broken_off_goes_on(tmp_path: Path, moment: float) -> None:
    journal = tmp_path / "runs.db"
    async with ground(simulator=Reads(bad=[321])) as here:  # type: ignore[arg-type]
        with contextlib.suppress(KeyError):
            async with qrt.Submitter(here.service, journal=inline(journal)) as submitter:
                submitter.sweep(sweep(500), backend=BACKEND, name="search").start()
                await asyncio.sleep(moment)
                raise KeyError
        async with qrt.Submitter(here.service, journal=inline(journal)) as submitter:
            run = submitter.sweep(sweep(500), backend=BACKEND, name="search")
            points = await run
        assert [point.index for point in points if point.error] == [321]
        assert all(read(point) == point.index for point in points if point.error is None)
        assert len(await here.jobs()) <= 1 + math.ceil(math.log2(500)) + 1
        assert run.progress.extra_jobs == len(await here.jobs()) - 1


async def test_results_that_cannot_be_had_for_a_while_are_read_again_and_not_measured_again(
    journal: Path | None,
) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        await here.fault(kind="status", path="/v1/jobs/{id}/results", status=503)
        run = submitter.sweep(sweep(), backend=BACKEND, name="outage", pack=5)
        assert all(isinstance(point.error, Unavailable) for point in await run)
        await here.peace()
        assert await run.retry_failed() == 20
        assert all(read(point) == point.index for point in await run)
        assert len(await here.jobs()) == 4


async def test_the_next_run_reads_what_could_not_be_read(tmp_path: Path) -> None:
    async with ground(simulator=Reads()) as here:  # type: ignore[arg-type] # as Sampled
        for outage in (True, False):
            rule: dict[str, Any] = {"kind": "status", "path": "/v1/jobs/{id}/results", "status": 503}
            await (here.fault(**rule) if outage else here.peace())
            async with qrt.Submitter(here.service, journal=inline(tmp_path / "runs.db")) as submitter:
                points = await submitter.sweep(sweep(), backend=BACKEND, name="next", pack=5)
                assert all((point.error is not None) == outage for point in points)
        assert len(await here.jobs()) == 4


async def test_a_charge_that_was_not_settled_is_asked_for_by_the_next_run(tmp_path: Path) -> None:
    journal = tmp_path / "runs.db"
    async with ground(simulator=Reads(), config=SLOW_BOOKS, api_version=NEWEST) as here:  # type: ignore[arg-type]
        async with qrt.Submitter(here.service, journal=inline(journal)) as submitter:
            run = submitter.sweep(sweep(), backend=BACKEND, name="charged", pack=10)
            await run
            assert run.progress.charged == 0.0
        for waits, known in ((2000, 4.0), (0, 4.0)):
            async with qrt.Submitter(here.service, journal=inline(journal)) as submitter:
                run = submitter.sweep(sweep(), backend=BACKEND, name="charged", pack=10)
                await run
                await asyncio.sleep(waits)
                assert run.progress.charged == known


async def test_what_earlier_runs_may_still_be_charged_is_reserved(tmp_path: Path) -> None:
    journal = tmp_path / "runs.db"
    budget = qrt.Budget(seconds=35, cost=30)
    async with ground(simulator=Reads(), config=SLOW_BOOKS, api_version=NEWEST) as here:  # type: ignore[arg-type]
        for moment, sent in ((5.0, 1), (300.0, 1), (2000.0, 2)):
            with contextlib.suppress(KeyError):
                async with qrt.Submitter(here.service, journal=inline(journal)) as submitter:
                    run = submitter.sweep(sweep(), backend=BACKEND, name="reserved", pack=10, budget=budget)
                    run.start()
                    await asyncio.sleep(moment)
                    raise KeyError
            assert len(await here.jobs()) == sent
