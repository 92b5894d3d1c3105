"""How late listings are, learned from new jobs."""

from __future__ import annotations

import pytest

from qrt_async.jobs.lags import Lags


def test_before_enough_is_known_the_policy_stands() -> None:
    lags = Lags(10.0)
    assert lags.grace == 10.0
    for _ in range(4):
        lags.saw(0.5)
    assert lags.grace == 10.0


def test_after_a_few_new_jobs_the_grace_is_twice_the_longest_lag() -> None:
    lags = Lags(10.0)
    for seconds in (0.0, 1.0, 3.0, 2.0, 0.5):
        lags.saw(seconds)
    assert lags.grace == 6.0
    assert lags.usual == pytest.approx(1.3)


def test_a_listing_that_does_not_lag_still_gets_a_little_time() -> None:
    lags = Lags(10.0)
    for _ in range(10):
        lags.saw(0.0)
    assert lags.grace == 2.0


def test_one_long_lag_is_learned_at_once_and_forgotten_after_many_short_ones() -> None:
    lags = Lags(10.0)
    lags.saw(30.0)
    assert lags.grace == 60.0
    for _ in range(60):
        lags.saw(1.0)
    assert lags.grace == 2.0


def test_all_new_jobs_count_for_the_mean_and_not_only_those_that_came_last() -> None:
    lags = Lags(10.0)
    for seconds in [0.0] * 100 + [1.0] * 100:
        lags.saw(seconds)
    assert lags.usual == pytest.approx(0.5)


def test_listings_that_become_later_are_learned() -> None:
    lags = Lags(10.0)
    for seconds in [0.0] * 2000 + [4.0] * 1000:
        lags.saw(seconds)
    assert lags.usual > 3.5
