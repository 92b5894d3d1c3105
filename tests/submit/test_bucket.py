"""The bucket: no window of a period ever holds more than its capacity."""

from __future__ import annotations

import heapq
import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import InvalidInput
from qrt_async.submit.bucket import RateLimit, TokenBucket, strictest
from tests.submit.windows import REFUSES, dripping, fixed, sliding


def test_tokens_are_free_until_all_are_in_use_and_then_a_reply_must_come() -> None:
    bucket = TokenBucket(capacity=2, period=60.0, margin=0.25)
    assert bucket.wait(0.0) == 0.0
    bucket.take()
    bucket.take()
    assert bucket.wait(0.0) == math.inf


def test_a_token_returns_one_period_and_the_margin_after_the_reply() -> None:
    bucket = TokenBucket(capacity=1, period=60.0, margin=0.25)
    bucket.take()
    bucket.give_back(3.0)
    assert bucket.wait(3.0) == 60.25
    assert bucket.wait(63.25) == 0.0


def test_a_token_that_was_not_used_is_free_at_once() -> None:
    bucket = TokenBucket(capacity=1)
    bucket.take()
    bucket.take_back()
    assert bucket.wait(0.0) == 0.0


def test_a_refusal_closes_the_bucket_however_many_tokens_are_left() -> None:
    bucket = TokenBucket()
    bucket.close(until=30.0)
    assert bucket.wait(10.0) == 20.0
    bucket.close(until=20.0)
    assert bucket.wait(10.0) == 20.0


# --- against servers that count each in their own way -----------------------------------------------------


def arrivals(
    seed: int, submissions: int, count: int, period: float, drift: float, lost: float
) -> list[float]:
    """When the server sees each submission, by its own clock: sent as soon as there is a token, counted
    anywhere in its round trip of 0 to 5 s, answered at its end, or never, and then looked for."""
    draw = random.Random(seed)
    bucket, now = TokenBucket(count, period), 0.0
    seen: list[float] = []
    replies: list[float] = []
    while len(seen) < submissions:
        wait = bucket.wait(now)
        if wait > 0:
            now = min(now + wait, replies[0] if replies else math.inf)
            while replies and replies[0] <= now:
                bucket.give_back(heapq.heappop(replies))
            continue
        bucket.take()
        trip = draw.choice([0.0, draw.uniform(0, 5), 5.0])
        seen.append((now + draw.choice([0.0, draw.random(), 1.0]) * trip) / (1 + drift))
        known_after = trip + draw.choice([0.0, 2.0, 10.0, 120.0]) if draw.random() < lost else trip
        heapq.heappush(replies, now + known_after)
        now += draw.choice([0.0, 0.0, draw.uniform(0, 20)])
    return sorted(seen)


@pytest.mark.parametrize("window", sorted(REFUSES))
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 7),
    period=st.sampled_from([1.0, 60.0, 3600.0]),
    drift=st.sampled_from([-1e-3, -1e-4, 0.0, 1e-4, 1e-3]),
    lost=st.sampled_from([0.0, 0.2, 0.9]),
)
def test_no_server_ever_refuses_us_while_we_are_the_only_sender(
    window: str, seed: int, count: int, period: float, drift: float, lost: float
) -> None:
    seen = arrivals(seed, 40, count, period, drift, lost)
    assert not REFUSES[window](seen, count, period)


def test_the_models_of_servers_do_refuse() -> None:
    assert sliding([0.0, 1.0, 59.0], 2, 60.0)
    assert fixed([0.0, 1.0, 59.0], 2, 60.0)
    assert dripping([0.0, 0.0, 1.0], 2, 60.0)
    dripped = [*[0.0] * 5, *(12.0 * n for n in range(1, 5))]
    assert not dripping(dripped, 5, 60.0)
    assert sliding(dripped, 5, 60.0), "nine in the first minute: what our bucket is there to avoid"


# --- what it learns ---------------------------------------------------------------------------------------


def test_a_stricter_limit_holds_for_the_tokens_that_are_away() -> None:
    bucket = TokenBucket(capacity=5, period=60.0, margin=0.0)
    for at in (0.0, 10.0, 20.0):
        bucket.take()
        bucket.give_back(at)
    bucket.learn(RateLimit(2, per=100.0, margin=0.0))
    assert bucket.wait(20.0) == pytest.approx(100.2 + 10.0 - 20.0)


def test_a_token_that_is_in_use_counts_against_the_stricter_limit() -> None:
    bucket = TokenBucket(capacity=5)
    bucket.take()
    bucket.take()
    bucket.learn(RateLimit(1))
    assert bucket.wait(0.0) == math.inf


def test_what_others_sent_is_counted_once() -> None:
    bucket = TokenBucket(capacity=5, period=60.0, margin=0.0)
    bucket.take()
    bucket.give_back(-10.0)
    bucket.count_in([-10.0, -20.0, -30.0])
    assert bucket.wait(0.0) == 0.0
    bucket.take()
    bucket.take()
    assert bucket.wait(0.0) == pytest.approx(30.12)


@given(st.integers(0, 40), st.integers(0, 5), st.floats(0, 50))
def test_the_forecast_is_what_comes_true_when_replies_come_at_once(ahead: int, used: int, now: float) -> None:
    bucket = TokenBucket(capacity=5, period=60.0)
    for _ in range(used):
        bucket.take()
        bucket.give_back(0.0)
    expected = bucket.forecast(now, ahead)
    moment = now
    for _ in range(ahead):
        moment += bucket.wait(moment)
        bucket.take()
        bucket.give_back(moment)
    moment += bucket.wait(moment)
    assert moment - now == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "wrong", [(0, 60.0), (2.5, 60.0), (True, 60.0), (5, 0.0), (5, math.inf), (5, math.nan), (5, 60.0, -1.0)]
)
def test_a_limit_that_makes_no_sense_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInput):
        RateLimit(*wrong)


limits = st.builds(
    RateLimit, st.integers(1, 12), st.sampled_from([1.0, 7.0, 12.0, 60.0, 3600.0]), st.just(0.25)
)


@given(limits, limits, st.integers(0, 2**32))
def test_of_two_limits_both_are_kept_to_whichever_has_the_higher_rate(
    one: RateLimit, other: RateLimit, seed: int
) -> None:
    kept = strictest(one, other)
    assert strictest(other, one) == kept
    assert [strictest(kept, limit) for limit in (one, other, kept)] == [kept] * 3, (
        "what is known changes nothing"
    )
    seen = arrivals(seed, 30, kept.submissions, kept.per, drift=0.0, lost=0.2)
    for limit in (one, other):
        assert not sliding(seen, limit.submissions, limit.per)


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        (None, RateLimit(5), RateLimit(5)),
        (RateLimit(5), RateLimit(10), RateLimit(5)),
        (RateLimit(5), RateLimit(2, per=3600.0), RateLimit(2, per=3600.0)),
        (RateLimit(5), RateLimit(1, per=12.0), RateLimit(1, per=12.0)),
        (RateLimit(5), RateLimit(2, per=20.0), RateLimit(2, per=30.0)),
        (RateLimit(10, per=3600.0), RateLimit(5), RateLimit(5, per=1800.0)),
        (RateLimit(5, margin=0.1), RateLimit(5, margin=2.0), RateLimit(5, margin=2.0)),
    ],
)
def test_a_burst_that_one_of_them_does_not_allow_is_not_made(
    one: RateLimit | None, other: RateLimit, kept: RateLimit
) -> None:
    assert strictest(one, other) == kept
