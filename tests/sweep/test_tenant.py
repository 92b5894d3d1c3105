"""Sweeps of one of many users."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ground import BACKEND
from tests.sweep.ground import open_ground, read, sweep

pytestmark = pytest.mark.virtual_clock


async def test_the_same_sweep_of_two_tenants_is_two_sweeps(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        jobs = []
        for name in ("alice", "bob", "alice"):
            tenant = submitter.tenant(name)
            points = await tenant.sweep(sweep(), backend=BACKEND, name="same", pack=10)
            assert [read(point) for point in points] == list(range(20))
            jobs.append({record.job_id for record in await tenant.list()})
        alices, bobs, again = jobs
        assert len(alices) == len(bobs) == 2
        assert not alices & bobs
        assert len(again) == (2 if journal is not None else 4), "with a journal it has the results already"
        tags = sorted(tag.rpartition(":")[2] for job in await here.jobs() for tag in job["tags"])
        assert set(tags) == {"alice", "bob"}
