from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Any

import pytest

from qrt_async.emulator.limits import Bucket, FixedWindow, RateLimit, SlidingWindow, Window
from qrt_async.emulator.wire import Problem
from tests.emulator.driver import config

ALL = [SlidingWindow, FixedWindow, Bucket]


def admitted(window: Window, times: Iterator[float]) -> list[float]:
    return [at for at in times if window.take(at) == 0.0]


@pytest.mark.parametrize("kind", ALL)
def test_five_go_through_and_the_sixth_waits(kind: type[SlidingWindow]) -> None:
    window = kind(5, 60.0)
    assert [window.take(600.0) for _ in range(5)] == [0.0] * 5
    assert window.take(600.0) > 0.0


@pytest.mark.parametrize("kind", ALL)
def test_who_waits_as_long_as_was_said_goes_through_and_not_before(kind: Any) -> None:
    window = kind(5, 60.0)
    for step in range(5):
        window.take(605.0 + step)
    wait = window.take(612.0)
    assert window.take(612.0 + wait - 0.001) > 0.0
    assert window.take(612.0 + wait) == 0.0
    if kind is not FixedWindow:
        assert window.take(612.0 + wait) > 0.0


def test_a_sliding_window_never_has_six_in_any_minute() -> None:
    draws = Random(3)
    window, recent = SlidingWindow(5, 60.0), deque[float]()
    for at in admitted(window, accumulate(draws.expovariate(1.0) for _ in range(3000))):
        recent.append(at)
        while recent[0] <= at - 60.0:
            recent.popleft()
        assert len(recent) <= 5


def test_a_fixed_window_lets_ten_meet_at_an_edge() -> None:
    window = FixedWindow(5, 60.0)
    assert len(admitted(window, iter([59.9] * 6 + [60.0] * 6))) == 10


def test_a_bucket_drips_one_token_every_twelve_seconds() -> None:
    window = Bucket(5, 60.0)
    assert len(admitted(window, (float(at) for at in range(61)))) == 5 + 5


def test_each_user_has_a_window_of_their_own() -> None:
    limit = RateLimit(config(rate_limit=(1, 60.0)))
    limit.check("a", 0.0)
    limit.check("b", 0.0)
    with pytest.raises(Problem):
        limit.check("a", 1.0)


def test_the_refusal_is_429_with_1202_the_limit_and_when_to_come_back() -> None:
    limit = RateLimit(config(rate_limit=(1, 60.0)))
    limit.check("a", 0.0)
    with pytest.raises(Problem, match="limit is 1 per 60 seconds") as caught:
        limit.check("a", 10.5)
    assert (caught.value.status, caught.value.code) == (429, 1202)
    assert caught.value.headers == (("Retry-After", "50"),)


def test_retry_after_can_be_withheld() -> None:
    limit = RateLimit(config(rate_limit=(1, 60.0), retry_after=False))
    limit.check("a", 0.0)
    with pytest.raises(Problem) as caught:
        limit.check("a", 0.0)
    assert caught.value.headers == ()


def test_no_limit_is_no_limit() -> None:
    limit = RateLimit(config(rate_limit=None))
    for _ in range(100):
        limit.check("a", 0.0)


def test_other_rules_begin_with_empty_windows_and_the_same_rules_do_not() -> None:
    limit = RateLimit(config(rate_limit=(1, 60.0)))
    limit.check("a", 0.0)
    limit.configure(config(rate_limit=(1, 60.0), retry_after=False))
    with pytest.raises(Problem):
        limit.check("a", 0.0)
    limit.configure(config(rate_limit=(2, 60.0)))
    limit.check("a", 0.0)
