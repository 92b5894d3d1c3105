"""The bucket: no window of a period ever holds more than its capacity."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import InvalidInput
from qrt_async.submit.bucket import RateLimit, TokenBucket


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


@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=60), st.floats(0.0, 3.0))
def test_the_server_never_counts_a_sixth_in_any_window(trips: list[float], gap: float) -> None:
    """Whatever the round trips, and wherever in them the server counts the request."""
    bucket, now, spans = TokenBucket(capacity=5, period=60.0, margin=0.25), 0.0, []
    for trip in trips:
        now += gap
        now += bucket.wait(now)
        bucket.take()
        spans.append((now, now + trip))
        bucket.give_back(now + trip)
    for first, sixth in zip(spans, spans[5:], strict=False):
        assert sixth[0] - first[1] > 60.0


@pytest.mark.parametrize("wrong", [(0, 60.0), (5, 0.0)])
def test_a_limit_that_makes_no_sense_is_refused(wrong: tuple[int, float]) -> None:
    with pytest.raises(InvalidInput):
        RateLimit(*wrong)
