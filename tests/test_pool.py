"""Many accounts in one process: a service for each that is in use, and nothing mixed up between them."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.emulator import Key
from qrt_async.errors import InvalidInput, NoAccount, NotAuthorized, PoolFull, ServiceClosed
from qrt_async.transport.account import LOCAL_INSTANCE
from tests.ground import BACKEND, COUNTS, QASM
from tests.pools import counted, counts, now, of, pooled, run, turns

virtual = pytest.mark.virtual_clock


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
async def test_tasks_that_share_a_lease_give_back_each_what_it_has() -> None:
    async with pooled(size=1, wait=5.0) as (here, pool):
        lease = pool.service(**of(here, "ann"))
        replaced = asyncio.Event()

        async def early() -> None:
            async with lease as service:
                await service.close()
                await replaced.wait()

        task = asyncio.create_task(early())
        await turns()
        async with lease as service:
            replaced.set()
            await task
            with pytest.raises(PoolFull):
                await pool.service(**of(here, "bob")).__aenter__()
            assert await counts(service) == COUNTS


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
