"""Several runs of one sweep measure once; what is another sweep, or fresh, is measured anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from qrt_async.errors import OverUsage
from tests.ground import BACKEND
from tests.sweep.ground import open_ground, read, sweep

pytestmark = pytest.mark.virtual_clock


async def test_a_fresh_run_is_a_new_measurement(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        await submitter.sweep(sweep(), backend=BACKEND, name="fresh")
        await submitter.sweep(sweep(), backend=BACKEND, name="fresh", fresh=True)
        assert len(await here.jobs()) == 2
        await submitter.sweep(sweep(), backend=BACKEND, name="fresh")
        assert len(await here.jobs()) == 2


async def test_the_same_points_in_another_way_are_the_same_sweep(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        await submitter.sweep(sweep(), backend=BACKEND, name="same", pack=20)
        run = submitter.sweep(sweep(), backend=BACKEND, name="same", pack=3)
        assert run.sweep.size == 20
        await run
        assert len(await here.jobs()) == 1
        await submitter.sweep(sweep(), backend=BACKEND, name="other")
        assert len(await here.jobs()) == 2


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
