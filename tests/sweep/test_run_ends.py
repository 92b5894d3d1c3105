"""How a sweep ends before its end, and goes on afterwards; in simulated time."""

from __future__ import annotations

import asyncio
import contextlib
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import NotSent, OverUsage, ServiceClosed, Unavailable
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


async def test_a_fresh_run_is_a_new_measurement(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        await submitter.sweep(sweep(), backend=BACKEND, name="fresh")
        await submitter.sweep(sweep(), backend=BACKEND, name="fresh", fresh=True)
        assert len(await here.jobs()) == 2
        await submitter.sweep(sweep(), backend=BACKEND, name="fresh")
        assert len(await here.jobs()) == 2


async def test_cancelling_a_sweep_cancels_its_jobs_and_sends_no_more(journal: Path | None) -> None:
    async with open_ground(journal=journal, rate_limit=(2, 60.0)) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="cancel", pack=4)
        run.start()
        await asyncio.sleep(5)
        await run.cancel()
        points = await run
        assert all(isinstance(point.error, qrt.JobCancelled) for point in points)
        jobs = await here.jobs()
        assert len(jobs) == 2
        await asyncio.sleep(500)
        assert len(await here.jobs()) == 2
        page = await here.service.jobs.list()
        assert {job.state.status for job in page.jobs} == {qrt.JobStatus.CANCELLED}


async def test_leaving_normally_sends_the_whole_sweep(journal: Path | None) -> None:
    async with ground(simulator=Reads(), config={"rate_limit": (2, 60.0)}) as here:  # type: ignore[arg-type]
        async with qrt.Submitter(here.service, journal=inline(journal)) as submitter:
            run = submitter.sweep(sweep(), backend=BACKEND, name="drain", pack=4)
            run.start()
        assert len(await here.jobs()) == 5
        assert all(read(point) == point.index for point in await run)


async def test_leaving_by_an_error_ends_the_run_with_not_sent() -> None:
    async with ground(simulator=Reads(), config={"rate_limit": (2, 60.0)}) as here:  # type: ignore[arg-type]
        with contextlib.suppress(KeyError):
            async with qrt.Submitter(here.service) as submitter:
                run = submitter.sweep(sweep(), backend=BACKEND, name="error", pack=4)
                run.start()
                await asyncio.sleep(1)
                raise KeyError
        with pytest.raises(NotSent):
            await run


async def test_closing_the_service_ends_the_run_in_our_words() -> None:
    async with open_ground() as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="closed")
        run.start()
        await asyncio.sleep(1)
        waiting = asyncio.create_task(_all(run))
        await asyncio.sleep(1)
        await here.service.close()
        with pytest.raises(ServiceClosed):
            await waiting


async def _all(run: Any) -> Any:
    return await run


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


async def test_waiters_and_readers_of_a_run_may_be_cancelled_at_any_time() -> None:
    async with open_ground(rate_limit=(2, 60.0)) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="cancelled", pack=4)
        for wait in (0.0, 1.0, 20.0, 70.0):
            for work in (_all(run), _read_all(run), run.plan(), _updates(run)):
                task = asyncio.create_task(work)
                await asyncio.sleep(wait)
                task.cancel()
                await asyncio.wait([task])
        assert all(read(point) == point.index for point in await run)
        assert len(await here.jobs()) == 5


async def _read_all(run: Any) -> None:
    async for _ in run:
        pass


async def _updates(run: Any) -> None:
    async for _ in run.updates():
        pass


async def test_the_same_points_in_another_way_are_the_same_sweep(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        await submitter.sweep(sweep(), backend=BACKEND, name="same", pack=20)
        run = submitter.sweep(sweep(), backend=BACKEND, name="same", pack=3)
        assert run.sweep.size == 20
        await run
        assert len(await here.jobs()) == 1
        await submitter.sweep(sweep(), backend=BACKEND, name="other")
        assert len(await here.jobs()) == 2


# --- several runs of one sweep ----------------------------------------------------------------------------


async def test_a_plan_alone_keeps_nobody_from_the_sweep(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        for _ in range(2):
            assert len((await submitter.sweep(sweep(), backend=BACKEND, name="planned").plan()).jobs) == 1
        await submitter.sweep(sweep(), backend=BACKEND, name="planned")
        assert len(await here.jobs()) == 1


async def test_a_plan_that_was_refused_may_be_allowed(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db", usage_limit=8.0) as (_, submitter):
        with pytest.raises(OverUsage):
            await submitter.sweep(sweep(500, 100), backend=BACKEND, name="refused")
        run = submitter.sweep(sweep(500, 100), backend=BACKEND, name="refused", over_usage="allow")
        assert len((await run.plan()).jobs) >= 1


async def test_a_run_that_was_planned_before_another_one_ended_sends_nothing_twice(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        early = submitter.sweep(sweep(), backend=BACKEND, name="early")
        assert len((await early.plan()).jobs) == 1
        await submitter.sweep(sweep(), backend=BACKEND, name="early")
        assert all(read(point) == point.index for point in await early)
        assert len(await here.jobs()) == 1
        assert (await early.plan()).jobs == ()


async def test_each_fresh_run_is_one_measurement(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="fresh", fresh=True)
        await run.plan()
        await run
        assert await run.retry_failed() == 0
        await run
        assert len(await here.jobs()) == 1


async def test_the_points_of_one_tenant_are_not_those_of_another(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        for tenant in ("alice", "bob", None):
            await submitter.sweep(sweep(), backend=BACKEND, name="same", tenant=tenant)
        assert len(await here.jobs()) == 3
        run = submitter.sweep(sweep(), backend=BACKEND, name="same", tenant="bob")
        assert (await run.plan()).jobs == ()


# --- cancelling at any time -------------------------------------------------------------------------------


async def test_a_sweep_that_was_cancelled_before_it_began_sends_nothing(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="never")
        await run.cancel()
        assert all(isinstance(point.error, qrt.JobCancelled) for point in await run)
        assert [point.index async for point in run] == list(range(20))
        await asyncio.sleep(100)
        assert await here.jobs() == []
        assert await run.retry_failed() == 20
        assert all(read(point) == point.index for point in await run)


async def test_cancelling_is_finished_even_if_it_is_cancelled_itself(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="twice", pack=10)
        run.start()
        await asyncio.sleep(5)
        cancelling = asyncio.create_task(run.cancel())
        await asyncio.sleep(0)
        cancelling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelling
        assert all(isinstance(point.error, qrt.JobCancelled) for point in await run)
        page = await here.service.jobs.list()
        assert {job.state.status for job in page.jobs} == {qrt.JobStatus.CANCELLED}


async def test_what_was_cancelled_is_missing_in_the_next_run(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="next", pack=10)
        run.start()
        await asyncio.sleep(5)
        await run.cancel()
        points = await submitter.sweep(sweep(), backend=BACKEND, name="next", pack=10)
        assert all(read(point) == point.index for point in points)
        assert len(await here.jobs()) == 4


async def test_cancelling_what_another_run_carries_out_leaves_it_alone(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        other = submitter.sweep(sweep(), backend=BACKEND, name="other")
        other.start()
        await asyncio.sleep(5)
        mine = submitter.sweep(sweep(), backend=BACKEND, name="other")
        await mine.plan()
        await mine.cancel()
        assert all(read(point) == point.index for point in await other)
        assert len(await here.jobs()) == 1
