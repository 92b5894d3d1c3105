"""Who goes first: one bucket for all, higher priorities, and tenants in turns."""

from __future__ import annotations

import asyncio
from statistics import mean
from typing import Any

import pytest

import qrt_async as qrt
from tests.ground import BACKEND, ground
from tests.submit.samples import POST, SAMPLER, now

pytestmark = pytest.mark.virtual_clock


async def test_run_and_every_submitter_draw_on_one_bucket() -> None:
    async with ground(rate_limit=qrt.RateLimit(5), config={"rate_limit": (5, 60.0)}) as here:
        async with qrt.Submitter(here.service) as one, qrt.Submitter(here.service) as other:
            for submitter in (one, other):
                for _ in range(4):
                    submitter.submit(SAMPLER, backend=BACKEND)
            await asyncio.gather(*(here.run() for _ in range(4)))
        assert now() == pytest.approx(2 * 60.25, abs=1)
        assert (await here.requests())[POST] == 12


async def order(here: Any) -> list[str]:
    return [next(tag for tag in job["tags"] if not tag.startswith("qrt:")) for job in await here.jobs()]


async def test_a_higher_priority_goes_first() -> None:
    async with ground(rate_limit=qrt.RateLimit(1, per=10.0)) as here:
        async with qrt.Submitter(here.service) as submitter:
            await submitter.submit(SAMPLER, backend=BACKEND, tags=["first"]).job()
            for name, priority in (("low", -1), ("usual", 0), ("high", 1)):
                submitter.submit(SAMPLER, backend=BACKEND, tags=[name], priority=priority)
        assert await order(here) == ["first", "high", "usual", "low"]


async def mean_wait_of_the_modest(greedy: int) -> float:
    """Simulated seconds until the modest tenants' submissions were accepted, on average."""
    waits: list[float] = []

    async def accepted(submission: qrt.Submission[Any], since: float) -> None:
        await submission.job()
        waits.append(now() - since)

    async with (
        ground(rate_limit=qrt.RateLimit(5), config={"rate_limit": (5, 60.0)}) as here,
        qrt.Submitter(here.service, leave="cancel_waiting") as submitter,
    ):
        since = now()
        for _ in range(greedy):
            submitter.submit(SAMPLER, backend=BACKEND, tenant="greedy", watch=False)
        modest = [
            submitter.submit(SAMPLER, backend=BACKEND, tenant=tenant, watch=False)
            for _ in range(50)
            for tenant in ("modest", "shy")
        ]
        await asyncio.gather(*(accepted(submission, since) for submission in modest))
    return mean(waits)


@pytest.mark.timeout(120)
async def test_a_greedy_tenant_does_not_make_the_modest_wait() -> None:
    asyncio.get_running_loop().set_debug(False)
    among_equals = await mean_wait_of_the_modest(50)
    beside_a_greedy_one = await mean_wait_of_the_modest(1000)
    assert beside_a_greedy_one <= 1.2 * among_equals
