"""Who has a place in a pool, who waits for one, and what keeps a service open."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

import qrt_async as qrt
from qrt_async.errors import PoolFull, ServiceClosed
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, COUNTS, QASM
from tests.pools import counted, counts, now, of, pooled, run, squeezed, turns

virtual = pytest.mark.virtual_clock


# --- bounded ----------------------------------------------------------------------------------------------


@virtual
async def test_the_one_that_was_used_least_recently_makes_room() -> None:
    async with pooled(size=2) as (here, pool):
        kept = {}
        for name in ("ann", "bob", "ann", "cid"):
            async with pool.service(**of(here, name)) as service:
                await service.jobs.list()
                kept[name] = service
        async with pool.service(**of(here, "ann")) as service:
            assert service is kept["ann"]
        with pytest.raises(ServiceClosed):
            await kept["bob"].jobs.list()
        async with pool.service(**of(here, "bob")) as service:
            assert service is not kept["bob"]
            await service.jobs.list()
        assert len(pool) == 2


@virtual
async def test_one_that_is_borrowed_is_not_closed_and_who_finds_all_in_use_is_told() -> None:
    async with pooled(size=1, wait=5.0) as (here, pool):
        async with pool.service(**of(here, "ann")) as ann:
            with pytest.raises(PoolFull, match="All 1 services") as caught:
                async with pool.service(**of(here, "bob")):
                    pass
            assert now() == pytest.approx(5.0, abs=0.01)
            assert caught.value.retry_after > 0
            assert await counts(ann) == COUNTS
        async with pool.service(**of(here, "bob")) as bob:
            assert await counts(bob) == COUNTS


@virtual
async def test_who_waits_gets_the_place_of_the_first_that_becomes_idle_in_turn() -> None:
    async with pooled(size=1, wait=None) as (here, pool):
        order: list[str] = []

        async def use(name: str, seconds: float) -> None:
            async with pool.service(**of(here, name)):
                order.append(name)
                await asyncio.sleep(seconds)

        names = ["ann", "bob", "cid", "dan"]
        await asyncio.gather(*(use(name, 30.0) for name in names))
        assert order == names
        assert now() == pytest.approx(120.0, abs=0.1)


@virtual
async def test_who_is_cancelled_while_waiting_takes_nobodys_place() -> None:
    async with pooled(size=1) as (here, pool):
        async with pool.service(**of(here, "ann")):
            waiting = [
                asyncio.create_task(pool.service(**of(here, name)).__aenter__()) for name in ("bob", "cid")
            ]
            await turns()
            waiting[0].cancel()
            await turns()
            assert not waiting[1].done()
        cid = await waiting[1]
        assert cid is not None
        assert len(pool) == 1
        assert waiting[0].cancelled()


@virtual
async def test_cancelled_in_the_moment_of_its_turn_a_place_goes_to_the_next() -> None:
    async with pooled(size=1, wait=None) as (here, pool):
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(pool.service(**of(here, "ann")))
            waiting = [
                asyncio.create_task(pool.service(**of(here, name)).__aenter__()) for name in ("bob", "cid")
            ]
            await turns()
        for _ in range(50):  # until the turn is given, of which the task has not heard yet
            if repr(pool).endswith("1 waiting>"):
                break
            await asyncio.sleep(0)
        waiting[0].cancel()
        assert await waiting[1] is not None
        assert len(pool) == 1


# --- not under its users ----------------------------------------------------------------------------------


@virtual
async def test_a_job_that_is_awaited_elsewhere_keeps_its_service_open_to_the_end() -> None:
    async with pooled(size=1, wait=None) as (here, pool):
        async with pool.service(**of(here, "ann")) as ann:
            job = await run(ann)
        waiting = asyncio.gather(*(job.result() for _ in range(3)))
        other = asyncio.create_task(squeezed(here, pool))
        assert [counted(result) for result in await waiting] == [COUNTS] * 3
        assert not other.done()
        await other
        assert now() == pytest.approx(14.0, abs=3)
        with pytest.raises(ServiceClosed):
            await ann.jobs.list()


@virtual
async def test_so_does_one_whose_handle_is_held_until_its_end_is_known() -> None:
    async with pooled(size=1, wait=1.0) as (here, pool):
        async with pool.service(**of(here, "ann")) as ann:
            job = await run(ann)
        with pytest.raises(PoolFull):
            await squeezed(here, pool)
        assert counted(await job) == COUNTS
        await squeezed(here, pool)
        with pytest.raises(ServiceClosed):
            await job.metrics()
        async with pool.service(**of(here, "ann")) as again:
            assert counted(await again.job(job.id)) == COUNTS


@virtual
async def test_a_handle_that_was_dropped_does_not() -> None:
    async with pooled(size=1, config={"queue_seconds": 3600.0}) as (here, pool):
        async with pool.service(**of(here, "ann")) as ann:
            await run(ann)
        await asyncio.sleep(1000)  # the next look is far away
        await squeezed(here, pool)
        assert now() < 1002


@virtual
@pytest.mark.parametrize("how", ["updates", "callback", "collected"])
async def test_followers_keep_it_open_too(how: str) -> None:
    async with pooled(size=1, wait=None) as (here, pool):
        async with pool.service(**of(here, "ann")) as ann:
            jobs = [await run(ann) for _ in range(3)]
            ended: list[str] = []
            if how == "callback":
                for job in jobs:
                    job.add_done_callback(lambda job: ended.append(job.id))
        other = asyncio.create_task(squeezed(here, pool))
        if how == "callback":
            del jobs, job
            await other
        elif how == "updates":
            for job in jobs:
                ended += [update.job_id async for update in job.updates() if update.status.final]
            await other
        else:
            async with qrt.as_completed(jobs, held=1) as finished:
                async for job in finished:
                    await asyncio.sleep(60)  # a slow reader, while somebody wants the place
                    assert counted(await job) == COUNTS
                    ended.append(job.id)
                    assert not other.done()
            await other
        assert len(set(ended)) == 3


@virtual
async def test_a_request_on_its_way_is_not_cut_for_another_account() -> None:
    async with pooled(size=1, wait=None) as (here, pool):
        async with pool.service(**of(here, "ann")) as ann:
            await here.fault(method="GET", path="/v1/jobs", kind="delay", seconds=20.0, times=1)
            late = asyncio.create_task(ann.jobs.list())
            await turns()
        other = asyncio.create_task(squeezed(here, pool))
        page = await late
        assert page.jobs == ()
        await other
        assert now() == pytest.approx(20.0, abs=2)


@virtual
async def test_a_submission_on_its_way_is_not_either() -> None:
    async with pooled(size=1, wait=None, rate_limit=qrt.RateLimit(1, per=30.0)) as (here, pool):
        async with pool.service(**of(here, "ann")) as ann:
            await run(ann)
            late = asyncio.create_task(run(ann))
            await turns()
        other = asyncio.create_task(squeezed(here, pool))
        assert (await late).id
        assert now() == pytest.approx(30.0, abs=2)
        del late
        await other


# --- how a Submitter lives with it ------------------------------------------------------------------------


@virtual
async def test_a_submitter_inside_the_block_sends_all_and_is_left_before_it(tmp_path: Path) -> None:
    async with pooled(size=1, rate_limit=qrt.RateLimit(2, per=30.0)) as (here, pool):
        async with (
            pool.service(**of(here, "ann")) as service,
            qrt.Submitter(service, journal=Journal(tmp_path / "ann.db", inline=True)) as submitter,
        ):
            submissions = [submitter.submit(qrt.Sampler([QASM], shots=3), backend=BACKEND) for _ in range(4)]
        assert now() == pytest.approx(30.0, abs=2), "draining is inside the block"
        assert [counted(await submission) for submission in submissions] == [COUNTS] * 4
        assert len(await here.jobs()) == 4


@virtual
async def test_one_that_lives_longer_holds_its_block_open_and_others_find_their_places() -> None:
    async with pooled(size=2, wait=None) as (here, pool), AsyncExitStack() as desks:
        service = await desks.enter_async_context(pool.service(**of(here, "ann")))
        submitter = await desks.enter_async_context(qrt.Submitter(service))
        first = submitter.submit(qrt.Sampler([QASM], shots=3), backend=BACKEND)
        for name in "bcdefgh":
            async with pool.service(**of(here, name)) as other:
                await other.jobs.list()
        await asyncio.sleep(100)
        second = submitter.submit(qrt.Sampler([QASM], shots=3), backend=BACKEND)
        assert counted(await first) == counted(await second) == COUNTS
        await desks.aclose()
        assert len(pool) == 2
