"""What a pool leaves behind: no secret, no task, no socket, and nobody who waits."""

from __future__ import annotations

import asyncio
import gc
import os
import traceback
import weakref
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.emulator import Key
from qrt_async.errors import NotAuthorized, PoolFull, ServiceClosed
from qrt_async.events import Event
from qrt_async.transport.account import LOCAL_INSTANCE
from tests.ground import COUNTS, cut_short, ground
from tests.pools import counted, counts, now, of, pooled, run, squeezed, turns

virtual = pytest.mark.virtual_clock


# --- secrets ----------------------------------------------------------------------------------------------


@virtual
async def test_no_secret_is_in_what_is_shown_logged_told_or_raised(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    heard: list[Event] = []
    config = {"keys": (Key(token="secret-of-ann", user_id="ann"),), "token": "the-only-one"}
    async with pooled(size=1, wait=0.0, config=config, observers=[heard.append]) as (here, pool):
        async with pool.service(**of(here, "ann")) as ann:
            await counts(ann)
            lease = pool.service(**of(here, "eve"))
            with pytest.raises(PoolFull) as full:
                await lease.__aenter__()
        async with lease as eve:
            with pytest.raises(NotAuthorized) as wrong:
                await eve.jobs.list()
        shown = f"{pool!r}{vars(pool)!r}{vars(pool._roster)!r}{lease!r}{vars(lease)!r}{ann!r}{heard!r}{caplog.text}"
        for error in (full.value, wrong.value):
            shown += "".join(traceback.TracebackException.from_exception(error).format())
    assert heard
    assert "secret-of" not in shown
    assert "eyJ" not in shown, "so begins every bearer token"


@virtual
async def test_credentials_live_no_longer_than_their_service() -> None:
    async with pooled(size=1) as (here, pool):
        async with pool.service(**of(here, "ann")) as ann:
            await counts(ann)
        account, service = ann.account, weakref.ref(ann)
        await squeezed(here, pool)
        del ann
        await turns()
        gc.collect()
        assert service() is None
        holders = [held for held in gc.get_referrers(account) if not hasattr(held, "f_locals")]
        assert holders == []


def test_keys_of_accounts_differ_from_pool_to_pool_and_hold_nothing_of_them() -> None:
    account = qrt.Account(
        channel="ibm_quantum_platform", token="secret", instance=LOCAL_INSTANCE, url="https://x"
    )
    one, other = qrt.RuntimePool(), qrt.RuntimePool()
    assert one._key(account) == one._key(account) != other._key(account)
    assert "secret" not in str(one._key(account))


# --- where it lives, and its end --------------------------------------------------------------------------


def test_a_second_event_loop_is_told_plainly() -> None:
    pool = qrt.RuntimePool()

    async def borrow() -> None:
        async with pool.service(token="key", instance=LOCAL_INSTANCE, url="http://127.0.0.1:9"):
            pass

    async def first() -> None:
        await borrow()

    asyncio.run(first())
    with pytest.raises(ServiceClosed, match="This RuntimePool belongs to another event loop"):
        asyncio.run(borrow())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this platform")
async def test_after_a_fork_the_child_is_told_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    async with qrt.RuntimePool() as pool:
        lease = pool.service(token="key", instance=LOCAL_INSTANCE, url="http://127.0.0.1:9")
        monkeypatch.setattr("qrt_async.transport.tasks.os.getpid", lambda: -1)
        with pytest.raises(ServiceClosed, match="fork"):
            await lease.__aenter__()
        monkeypatch.undo()


@virtual
async def test_closing_ends_every_wait_and_closes_every_service_in_bounded_time() -> None:
    async with ground() as here:
        pool = qrt.RuntimePool(2, wait=None, spool=False, rate_limit=None)
        services: list[qrt.RuntimeService] = []
        tasks: list[asyncio.Task[Any]] = []
        for name in ("ann", "bob"):
            lease = pool.service(**of(here, name))
            services.append(await lease.__aenter__())
            tasks.append(asyncio.create_task(counts(services[-1])))
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=1e6)
        tasks.append(asyncio.create_task(counts(services[0])))
        tasks.append(asyncio.create_task(pool.service(**of(here, "cid")).__aenter__()))
        await asyncio.sleep(1)
        before = now()
        await asyncio.gather(pool.close(), pool.close())
        assert now() - before <= 20
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(end) for end in ends} == {ServiceClosed}
        assert len(pool) == 0
        await pool.close()
        with pytest.raises(ServiceClosed, match="RuntimePool was closed"):
            await pool.service(**of(here, "ann")).__aenter__()


@virtual
async def test_closing_that_is_cut_short_by_the_end_of_the_program_leaves_no_connection_open() -> None:
    async with ground() as here:
        pool = qrt.RuntimePool(1, spool=False, rate_limit=None)
        service = await pool.service(**of(here, "ann")).__aenter__()
        await service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=1e6)
        submitting = asyncio.create_task(counts(service))
        await asyncio.sleep(1)
        ends = await cut_short(pool.close(), submitting)
        assert ends == [asyncio.CancelledError, ServiceClosed]
        with pytest.raises(ServiceClosed):
            await service.backends.list()
        assert pool._connections._connector is None


async def test_one_that_was_never_used_has_nothing_to_close() -> None:
    pool = qrt.RuntimePool()
    await pool.close()
    with pytest.raises(ServiceClosed):
        await pool.service(token="key", instance=LOCAL_INSTANCE, url="http://127.0.0.1:9").__aenter__()


# --- many -------------------------------------------------------------------------------------------------


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


def ours() -> int:
    """Objects of the client that are alive."""
    gc.collect()
    modules = (str(type(found).__module__) for found in gc.get_objects())
    return sum(
        name.startswith("qrt_async.") and not name.startswith("qrt_async.emulator") for name in modules
    )


@virtual
@pytest.mark.long
async def test_a_thousand_accounts_over_fifty_places_leave_no_task_no_socket_and_no_service() -> None:
    alive: weakref.WeakSet[qrt.RuntimeService] = weakref.WeakSet()
    most = 0
    asyncio.get_running_loop().set_debug(False)  # which would double the time that this takes
    config = {"queue_seconds": 0.1, "run_seconds": 0.1}
    async with pooled(size=50, wait=None, connections=40, config=config) as (here, pool):
        before = (len(asyncio.all_tasks()), descriptors())

        async def use(number: int) -> dict[str, int]:
            nonlocal most
            async with pool.service(**of(here, f"user-{number}")) as service:
                alive.add(service)
                job = await run(service)
            most = max(most, len(pool))
            return counted(await job)

        gate = asyncio.Semaphore(200)

        async def in_turn(number: int) -> dict[str, int]:
            async with gate:
                return await use(number)

        objects = []
        for half in (range(500), range(500, 1000)):
            found = await asyncio.gather(*(in_turn(number) for number in half))
            assert found == [COUNTS] * 500
            await asyncio.sleep(1)
            objects.append(ours())
        users = {job["user"] for job in await here.jobs()}
        assert len(users) == 1000
        assert objects[1] <= objects[0] * 1.05, (
            "what the client holds does not grow with those who were there"
        )
        assert len(pool) == 50
        assert len(alive) == 50
        assert most <= 50
        assert len(asyncio.all_tasks()) - before[0] <= 2 * 40, "the emulator has one for each connection"
        assert descriptors() - before[1] <= 2 * 40 + 5
