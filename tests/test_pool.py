"""Many accounts in one process: a service for each that is in use, and nothing mixed up between them."""

from __future__ import annotations

import asyncio
import gc
import os
import traceback
import weakref
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.emulator import Key
from qrt_async.errors import InvalidInput, NoAccount, NotAuthorized, PoolFull, ServiceClosed
from qrt_async.events import Event
from qrt_async.submit.journal import Journal
from qrt_async.transport.account import LOCAL_INSTANCE
from tests.ground import BACKEND, COUNTS, QASM, Ground, ground

virtual = pytest.mark.virtual_clock


@asynccontextmanager
async def pooled(
    size: int = 2, *, config: Any = None, spool: Path | bool = False, **how: Any
) -> AsyncIterator[tuple[Ground, qrt.RuntimePool]]:
    """An emulator, and a pool whose accounts are on it."""
    async with ground(config=config) as here:
        options: dict[str, Any] = {
            "spool": spool,
            "rate_limit": None,
            "retry": qrt.RetryPolicy(base=0.1),
            **how,
        }
        async with qrt.RuntimePool(size, **options) as pool:
            yield here, pool


def of(here: Ground, user: str) -> dict[str, Any]:
    """The credentials of a user of that name."""
    return {"token": f"secret-of-{user}", "instance": LOCAL_INSTANCE, "url": here.emulator.url}


async def run(service: qrt.RuntimeService, *tags: str) -> qrt.AsyncJob[qrt.PrimitiveResult]:
    return await service.run(qrt.Sampler([QASM], shots=3), backend=BACKEND, tags=tags)


async def counts(service: qrt.RuntimeService) -> dict[str, int]:
    return counted(await (await run(service)))


def counted(result: qrt.PrimitiveResult) -> dict[str, int]:
    found: dict[str, int] = result[0].data.bits("meas").get_counts()
    return found


def now() -> float:
    return asyncio.get_running_loop().time()


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


# --- a service for each account ---------------------------------------------------------------------------


@virtual
async def test_each_account_has_a_service_of_its_own_and_the_same_one_each_time() -> None:
    async with pooled() as (here, pool):
        async with pool.service(**of(here, "ann")) as ann, pool.service(**of(here, "bob")) as bob:
            assert ann is not bob
            assert await counts(ann) == await counts(bob) == COUNTS
        async with pool.service(**of(here, "ann")) as again:
            assert again is ann
        assert {job["user"] for job in await here.jobs()} == {job["user"] for job in await here.jobs()}
        assert len({job["user"] for job in await here.jobs()}) == 2
        assert len(pool) == 2


@virtual
async def test_making_and_borrowing_make_no_request() -> None:
    async with pooled() as (here, pool), pool.service(**of(here, "ann")):
        assert await here.requests() == {}


@virtual
async def test_concurrent_first_uses_of_one_account_make_one_service() -> None:
    async with pooled(size=8) as (here, pool):
        inside: set[qrt.RuntimeService] = set()

        async def use() -> None:
            async with pool.service(**of(here, "ann")) as service:
                inside.add(service)
                await service.jobs.list()

        await asyncio.gather(*(use() for _ in range(20)))
        assert len(inside) == len(pool) == 1
        assert (await here.requests())["POST /identity/token"] == 1


@virtual
async def test_also_where_the_first_uses_have_to_wait_for_a_place() -> None:
    async with pooled(size=1) as (here, pool):
        inside: set[qrt.RuntimeService] = set()

        async def use() -> None:
            async with pool.service(**of(here, "ann")) as service:
                inside.add(service)
                await asyncio.sleep(1)

        async with pool.service(**of(here, "bob")):
            uses = [asyncio.create_task(use()) for _ in range(5)]
            await asyncio.sleep(1)
            uses[0].cancel()
            assert repr(pool) == "<RuntimePool 1 of 1 services, 5 waiting>"
        await asyncio.gather(*uses[1:])
        assert len(inside) == 1
        assert now() < 3


@virtual
async def test_an_account_object_and_what_makes_it_are_the_same_account() -> None:
    async with pooled() as (here, pool), pool.service(**of(here, "ann")) as ann:
        async with pool.service(ann.account) as again:
            assert again is ann
        async with pool.service(
            **of(here, "ann") | {"instance": LOCAL_INSTANCE.replace("0::", "1::")}
        ) as else_where:
            assert else_where is not ann


@virtual
async def test_a_token_source_is_told_apart_by_its_identity() -> None:
    async def ann() -> str:
        return "bearer-of-ann"

    async def bob() -> str:
        return "bearer-of-bob"

    async with pooled() as (here, pool):
        where = of(here, "nobody")
        async with (
            pool.service(**where | {"token": ann}) as first,
            pool.service(**where | {"token": bob}) as second,
            pool.service(**where | {"token": ann}) as third,
        ):
            assert first is third is not second


async def test_something_that_is_no_option_of_a_service_is_told_at_once() -> None:
    with pytest.raises(TypeError, match="spol"):
        qrt.RuntimePool(5, spol=False)  # type: ignore[call-arg] # a slip of the pen


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


async def squeezed(here: Ground, pool: qrt.RuntimePool) -> None:
    """Somebody else wants the only place; whether they get it is theirs to see."""
    async with pool.service(**of(here, "other")) as service:
        await service.jobs.list()


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


# --- one user, whatever their keys -------------------------------------------------------------------------


@virtual
async def test_two_keys_of_one_user_share_a_bucket_and_users_do_not() -> None:
    keys = tuple(Key(token=f"secret-of-{name}", user_id=name[0]) for name in ("a1", "a2", "b1"))
    config = {"keys": keys, "rate_limit": (5, 60.0)}
    async with pooled(size=3, config=config, rate_limit=qrt.RateLimit(5)) as (here, pool):

        async def submit(name: str, count: int) -> float:
            async with pool.service(**of(here, name)) as service:
                await asyncio.gather(*(run(service) for _ in range(count)))
            return now()

        ends = await asyncio.gather(submit("a1", 5), submit("a2", 5), submit("b1", 5))
        assert ends[2] < 5
        assert max(ends[:2]) == pytest.approx(60.25, abs=2)
        assert (await here.control("GET", "stats"))["replies"]["POST /v1/jobs"] == {"200": 15}


@virtual
async def test_what_a_user_has_submitted_counts_though_the_service_was_closed_since() -> None:
    keys = tuple(Key(token=f"secret-of-{name}", user_id=name[0]) for name in ("a1", "a2", "b1"))
    config = {"keys": keys, "rate_limit": (5, 60.0), "listing_lag": 120.0}
    async with pooled(size=1, config=config, rate_limit=qrt.RateLimit(5)) as (here, pool):
        for name in ("a1", "b1", "a2"):
            async with pool.service(**of(here, name)) as service:
                for _ in range(3):
                    await service.run(qrt.Sampler([QASM]), backend=BACKEND, watch=False)
            del service
            gc.collect()  # what nobody holds is gone
        assert now() == pytest.approx(60.25, abs=2), "two were left for the second key"
        replies = (await here.control("GET", "stats"))["replies"]["POST /v1/jobs"]
        assert replies == {"200": 9}, "the listing lags, and nobody was refused all the same"


# --- one account's trouble --------------------------------------------------------------------------------


@virtual
async def test_a_wrong_key_is_not_authorized_for_who_gave_it_and_nobody_else() -> None:
    keys = (Key(token="secret-of-ann", user_id="ann"), Key(token="secret-of-bob", user_id="bob"))
    async with pooled(size=2, config={"token": "the-only-one", "keys": keys}) as (here, pool):

        async def use(name: str) -> object:
            async with pool.service(**of(here, name)) as service:
                return await counts(service)

        found = await asyncio.gather(*map(use, ["ann", "eve", "bob", "eve"]), return_exceptions=True)
        assert found[0] == found[2] == COUNTS
        assert [type(error) for error in found[1::2]] == [NotAuthorized] * 2


@virtual
async def test_a_service_that_somebody_closed_is_replaced() -> None:
    async with pooled(size=1) as (here, pool):
        async with pool.service(**of(here, "ann")) as first:
            await first.close()
            async with pool.service(**of(here, "ann")) as second:
                assert second is not first
                assert await counts(second) == COUNTS
        assert len(pool) == 1


@virtual
async def test_a_service_whose_task_crashed_is_not_lent_again() -> None:
    async with pooled(size=1, wait=None) as (here, pool):
        async with pool.service(**of(here, "ann")) as first:
            job = await run(first)

            async def broken(*_: object) -> None:
                raise LookupError("a mistake of ours")

            first._watcher._lookout.look = broken  # type: ignore[assignment] # a crash has to be staged
            with pytest.raises(qrt.QrtError, match="crashed"):
                await job
            await turns()
        async with pool.service(**of(here, "ann")) as second:
            assert second is not first
            assert counted(await second.job(job.id)) == COUNTS
        with pytest.raises(ServiceClosed):
            await first.jobs.list()


async def test_one_account_cannot_take_all_the_sockets() -> None:
    async with (
        pooled(size=2, connections=8) as (here, pool),
        pool.service(**of(here, "ann")) as ann,
        pool.service(**of(here, "bob")) as bob,
    ):
        await here.fault(method="GET", path="/v1/backends", kind="delay", seconds=1000.0)
        hung = [asyncio.create_task(ann.backends.list()) for _ in range(20)]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(5):
            await bob.jobs.list()
        await ann.close()
        ends = await asyncio.gather(*hung, return_exceptions=True)
        assert {type(end) for end in ends} == {ServiceClosed}
        await bob.jobs.list()


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


# --- clear words ------------------------------------------------------------------------------------------


def test_nobody_acts_with_credentials_that_are_not_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "the-operators-own")
    monkeypatch.setenv("QISKIT_IBM_INSTANCE", LOCAL_INSTANCE)
    monkeypatch.setenv("QISKIT_IBM_URL", "http://127.0.0.1:9")
    pool = qrt.RuntimePool()
    with pytest.raises(NoAccount, match="token="):
        pool.service()
    with pytest.raises(NoAccount, match="token="):
        pool.service(url="http://127.0.0.1:9")
    with pytest.raises(InvalidInput, match="token="):
        pool.service(token="", instance=LOCAL_INSTANCE)
    with pytest.raises(NoAccount, match="instance"):
        pool.service(token="a-users-own")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"size": 0}, "size is 0"),
        ({"size": True}, "size is True"),
        ({"connections": 0.5}, "connections is 0.5"),
        ({"wait": -1.0}, "wait is -1.0"),
        ({"api_version": "yesterday"}, "yesterday"),
        ({"max_result": 0}, "max_result is 0"),
    ],
)
def test_what_is_wrong_with_the_options_is_said_at_once(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        qrt.RuntimePool(**wrong)


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
