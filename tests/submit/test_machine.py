"""Permits that several processes share: the same arithmetic, and leases that end with whoever dies."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, JournalError
from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.machine import MachinePermits
from qrt_async.submit.permits import PermitStore
from tests.ground import BACKEND, QASM, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM])


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "permits.db"


def store(path: Path, limit: RateLimit = RateLimit(2)) -> MachinePermits:  # noqa: B008 - frozen
    return MachinePermits(path, limit, clock=now, inline=True)


async def test_what_one_takes_the_other_does_not_have(path: Path) -> None:
    one, other = store(path), store(path)
    assert await one.take() == 0.0
    assert await other.take() == 0.0
    assert 0 < await one.take() < 1, "another process has to give back: it is asked again soon"
    other.give_back()
    one.give_back()
    assert await one.take() == pytest.approx(60.25)
    await asyncio.sleep(60.25)
    assert [await other.take(), await other.take()] == [0.0, 0.0]


async def test_one_that_never_left_is_free_at_once(path: Path) -> None:
    one = store(path, RateLimit(1))
    assert await one.take() == 0.0
    one.take_back()
    assert await one.take() == 0.0


async def test_the_permit_of_one_who_died_returns_a_period_after_that_was_noticed(path: Path) -> None:
    dead, alive = store(path, RateLimit(1)), store(path, RateLimit(1))
    assert await dead.take() == 0.0
    await asyncio.sleep(1000)
    assert 0 < await alive.take() < 1, "who is alive may take its time"
    dead._lock.drop()
    assert await alive.take() == pytest.approx(65.25), "what it sent may be on its way for a while"
    await asyncio.sleep(65.25)
    assert await alive.take() == 0.0


async def test_a_refusal_closes_it_for_all_and_teaches_all(path: Path) -> None:
    one, other = store(path), store(path)
    one.close(30.0, RateLimit(1, per=100.0))
    assert await other.take() == pytest.approx(30.0)
    assert other.limit == RateLimit(1, per=100.0)
    one.tighten(RateLimit(50))
    await asyncio.sleep(30)
    assert await other.take() == 0.0
    other.give_back()
    assert await one.take() == pytest.approx(100.25)


async def test_a_clock_that_jumps_back_closes_it_for_one_period(path: Path) -> None:
    shift = 0.0
    permits = MachinePermits(path, RateLimit(5), clock=lambda: 1e9 + now() + shift, inline=True)
    assert await permits.take() == 0.0
    permits.give_back()
    shift = -1e6
    assert await permits.take() == pytest.approx(60.25)
    await asyncio.sleep(61)
    assert await permits.take() == 0.0
    shift -= 0.5
    assert await permits.take() == 0.0


async def test_one_file_by_two_names_is_one_store(path: Path) -> None:
    """Also for who asks whether the one who has a permit is alive."""
    other_name = path.with_name("link.db")
    path.touch()
    other_name.symlink_to(path)
    one, other = store(path, RateLimit(1)), store(other_name, RateLimit(1))
    assert one.name == other.name
    assert await one.take() == 0.0
    assert 0 < await other.take() < 1, "who is alive may take its time"


async def test_what_the_listing_shows_is_counted_once(path: Path) -> None:
    one, other = store(path, RateLimit(3)), store(path, RateLimit(3))
    assert await one.take() == 0.0
    one.give_back()
    for permits in (one, other):
        permits.count_in([0.0, 10.0])
    assert await other.take() == 0.0
    assert 0 < await other.take() <= 50.25


async def test_what_a_file_of_yesterday_holds_does_not_hide_what_others_just_sent(path: Path) -> None:
    yesterday = store(path, RateLimit(3))
    for _ in range(3):
        assert await yesterday.take() == 0.0
        yesterday.give_back()
    await asyncio.sleep(86_400)
    today = store(path, RateLimit(3))
    today.count_in([20.0, 10.0])
    assert await today.take() == 0.0
    assert await today.take() == pytest.approx(40.25)


async def test_the_forecast_is_that_of_the_last_look(path: Path) -> None:
    one = store(path, RateLimit(1))
    assert await one.take() == 0.0
    one.give_back()
    wait = await one.take()
    assert one.forecast(0) == pytest.approx(wait)
    assert one.forecast(1) == pytest.approx(wait + 60.25)


async def test_cancelled_while_it_asks_no_permit_is_taken(path: Path) -> None:
    permits = MachinePermits(path, RateLimit(1))
    with asyncio.get_running_loop().held():  # type: ignore[attr-defined] # the loop with simulated time
        asking = asyncio.create_task(permits.take())
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        for _ in range(100):
            if await permits.take() == 0.0:
                break
        else:
            raise AssertionError("the permit is lost")
        await permits._writer.close()


async def test_no_window_ever_holds_too_many_whoever_takes(path: Path) -> None:
    """Two stores by turns, round trips at random: what they take, held against the server's log."""
    draw, taken = random.Random(7), []
    stores = [store(path, RateLimit(3, per=10.0)) for _ in range(3)]

    async def sender(permits: MachinePermits) -> None:
        for _ in range(12):
            while (wait := await permits.take()) > 0:  # noqa: ASYNC110 - that is how it is asked
                await asyncio.sleep(wait)
            trip = draw.uniform(0, 2)
            await asyncio.sleep(trip / 2)
            taken.append(now())
            await asyncio.sleep(trip / 2)
            permits.give_back()

    await asyncio.gather(*map(sender, stores))
    assert len(taken) == 36
    assert all(later - first > 10.0 for first, later in zip(taken, taken[3:], strict=False))


async def test_two_submitters_that_name_one_file_share_it_and_run_does_too(path: Path) -> None:
    async with ground(rate_limit=None, config={"rate_limit": (2, 60.0)}) as here:
        permits = [store(path), store(path)]
        async with (
            qrt.Submitter(here.service, permits=permits[0]) as one,
            qrt.Submitter(here.service, permits=permits[1]) as other,
        ):
            await one.submit(SAMPLER, backend=BACKEND).job()
            await other.submit(SAMPLER, backend=BACKEND).job()
            await here.run()
        assert now() == pytest.approx(60.25, abs=1)
        replies = (await here.control("GET", "stats"))["replies"]["POST /v1/jobs"]
        assert replies == {"200": 3}


async def test_two_stores_for_one_user_are_refused(path: Path) -> None:
    async with ground() as here, qrt.Submitter(here.service, permits=store(path)) as one:
        await one.submit(SAMPLER, backend=BACKEND).job()
        async with qrt.Submitter(here.service, permits=store(path.with_name("other.db"))) as other:
            with pytest.raises(InvalidInput, match="another store"):
                await other.submit(SAMPLER, backend=BACKEND)


async def test_a_file_of_another_form_is_refused(path: Path) -> None:
    path.write_bytes(b"my notes" * 1000)
    with pytest.raises(JournalError, match="store of permits"):
        await store(path).take()


def test_it_is_a_store_of_permits(path: Path) -> None:
    assert isinstance(MachinePermits(path), PermitStore)


async def test_a_permit_whose_return_could_not_be_written_comes_back_with_the_next_question(
    path: Path,
) -> None:
    one = store(path, RateLimit(1))
    assert await one.take() == 0.0
    db = one._writer._file._connection
    assert db is not None
    db.execute("PRAGMA query_only = 1")  # as if the disk were full
    one.give_back()
    db.execute("PRAGMA query_only = 0")
    await asyncio.sleep(0)
    assert await one.take() == pytest.approx(60.25)
    await asyncio.sleep(60.25)
    assert await one.take() == 0.0
