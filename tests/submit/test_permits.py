"""Permits of one process: the bucket by the loop's clock, and what refusals do to it."""

from __future__ import annotations

import asyncio
import math

import pytest

from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.permits import PermitStore, ProcessPermits

pytestmark = pytest.mark.virtual_clock


async def test_a_permit_is_taken_or_says_when_to_ask_again() -> None:
    permits = ProcessPermits(RateLimit(1))
    assert await permits.take() == 0.0
    assert await permits.take() == math.inf
    permits.give_back()
    assert await permits.take() == pytest.approx(60.25)
    await asyncio.sleep(60.25)
    assert await permits.take() == 0.0
    permits.take_back()
    assert await permits.take() == 0.0


async def test_without_a_limit_nobody_waits() -> None:
    permits = ProcessPermits(None)
    assert [await permits.take() for _ in range(1000)] == [0.0] * 1000
    assert permits.forecast(10_000) == 0.0


@pytest.mark.parametrize(
    ("asked", "opens"), [(7.0, 7.0), (None, 60.0), (10_000.0, 3600.0)], ids=["stated", "unstated", "absurd"]
)
async def test_a_refusal_holds_everybody_until_the_stated_time_or_a_period(
    asked: float | None, opens: float
) -> None:
    permits = ProcessPermits(RateLimit(5))
    permits.close(asked, None)
    assert await permits.take() == pytest.approx(opens)


async def test_a_refusal_teaches_a_stricter_limit_and_no_looser_one() -> None:
    permits = ProcessPermits(RateLimit(5))
    permits.close(0.0, RateLimit(10))
    assert permits.limit == RateLimit(5)
    permits.close(0.0, RateLimit(2, per=3600.0))
    assert permits.limit == RateLimit(2, per=3600.0)
    assert [await permits.take() for _ in range(3)] == [0.0, 0.0, math.inf]


async def test_a_limit_is_learnt_where_there_was_none() -> None:
    permits = ProcessPermits(None)
    permits.close(None, RateLimit(1, per=10.0))
    assert await permits.take() == pytest.approx(10.0)


def test_it_is_a_store_of_permits() -> None:
    assert isinstance(ProcessPermits(None), PermitStore)
