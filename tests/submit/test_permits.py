"""Permits: first come first served, and nobody's cancellation costs another a turn."""

from __future__ import annotations

import asyncio

import pytest

from qrt_async.events import Event, PermitAwaited
from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.permits import Permits

pytestmark = pytest.mark.virtual_clock


def make(limit: RateLimit | None = RateLimit(2, per=60.0, margin=0.0)) -> tuple[Permits, list[Event]]:  # noqa: B008
    heard: list[Event] = []
    return Permits(limit, heard.append), heard


async def submissions(permits: Permits, count: int, trip: float = 1.0) -> list[float]:
    """When each of ``count`` submissions left, in order of arrival."""
    left: dict[int, float] = {}

    async def submit(n: int) -> None:
        await permits.take()
        left[n] = asyncio.get_running_loop().time()
        await asyncio.sleep(trip)
        permits.give_back()

    await asyncio.gather(*(submit(n) for n in range(count)))
    return [left[n] for n in range(count)]


async def test_submissions_leave_in_order_of_arrival_a_capacity_at_a_time() -> None:
    permits, heard = make()
    assert await submissions(permits, 6) == pytest.approx([0.0, 0.0, 61.12, 61.12, 122.24, 122.24])
    assert any(isinstance(event, PermitAwaited) for event in heard)


async def test_without_a_limit_nobody_waits() -> None:
    permits, heard = make(None)
    assert await submissions(permits, 50) == [0.0] * 50
    assert heard == []


async def test_who_is_cancelled_in_line_takes_no_permit() -> None:
    permits, _ = make(RateLimit(1, per=60.0, margin=0.0))
    await permits.take()
    waiting = [asyncio.create_task(permits.take()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    permits.give_back()
    await waiting[1]
    assert asyncio.get_running_loop().time() == pytest.approx(60.12)
    assert not waiting[2].done()
    permits.give_back()
    await waiting[2]


async def test_a_permit_given_to_one_who_was_just_cancelled_goes_to_the_next() -> None:
    permits, _ = make(RateLimit(1, per=60.0, margin=0.0))
    await permits.take()
    first, second = (asyncio.create_task(permits.take()) for _ in range(2))
    await asyncio.sleep(0)
    permits.give_back()
    asyncio.get_running_loop().call_later(60.0, first.cancel)
    await second
    assert first.cancelled()
    assert asyncio.get_running_loop().time() == pytest.approx(60.12)


@pytest.mark.parametrize(("asked", "opens"), [(7.0, 7.0), (None, 60.0)])
async def test_a_refusal_holds_everybody_until_the_stated_time_or_a_period(
    asked: float | None, opens: float
) -> None:
    permits, _ = make()
    permits.close(asked)
    assert await submissions(permits, 1) == [opens]
