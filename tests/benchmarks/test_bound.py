"""The computed bound on how soon one can learn: checked against what can be counted by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.bound import STEP, Ends, best_read, ends, least_vain, shown, soonest, told
from benchmarks.waiting import Setting

ENDS = ends(Setting())
TINY = Ends(STEP * np.arange(6, dtype=np.float64), np.array([0.1, 0.3, 0.2, 0.2, 0.2, 0.0]), (0.0, 1.0))


def test_jobs_end_within_a_tenth_of_their_length_and_half_of_them_by_its_middle() -> None:
    some = ENDS.moments[ENDS.parts > 0]
    assert (some[0], some[-1]) == pytest.approx((4.5, 5.5), abs=2 * STEP)
    assert np.interp(5.0, ENDS.moments, ENDS.left) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("price", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("reach", [1, 2, 3])
def test_the_moments_that_are_chosen_are_the_best_of_all(price: float, reach: int) -> None:
    missed = np.linspace(1.0, 0.5, 6)

    def worth(moments: tuple[int, ...]) -> float:
        covered = {at for moment in moments for at in range(max(0, moment - reach), moment + 1)}
        gain = sum(TINY.parts[at] * missed[at] for at in covered)
        return float(gain - price * sum(TINY.left[moment] for moment in moments))

    best = max(worth(each) for size in range(7) for each in itertools.combinations(range(6), size))
    gain, vain = told(TINY, reach * STEP, missed, price)
    assert gain - price * vain == pytest.approx(best)


def test_a_listing_shows_the_part_whose_lag_has_passed() -> None:
    at_five = np.searchsorted(ENDS.moments, 5.0)
    assert shown(ENDS, 0.3, None)[at_five] == pytest.approx(0.3)
    assert shown(ENDS, 0.3, np.array([5.2]))[at_five] == pytest.approx(0.2, abs=STEP)
    assert shown(ENDS, 0.3, np.array([5.4]))[at_five] == 0.0, "too late"


def test_without_a_question_in_vain_half_is_told_when_half_of_the_rows_are_there() -> None:
    alike = Ends(ENDS.moments, np.where(np.arange(len(ENDS.moments)) == 50, 1.0, 0.0), (0.0, 1.0))
    assert least_vain(alike, 0.1, 0.95, None) == 0.0, "all end at one moment, and one asks right after"
    assert soonest(ENDS, 0.5, 1, 200, None) < 0.5
    assert soonest(ENDS, 0.5, 10_000, 200, None) <= 2 * STEP


def test_more_requests_bring_sooner_news_and_paid_listings_none() -> None:
    free = [soonest(ENDS, 0.95, spare, 200, None) for spare in (5, 23, 60, 200)]
    assert free == sorted(free, reverse=True)
    assert free[-1] < free[0]
    assert best_read(ENDS, 0.95, 23, 200, 5) >= free[1]


def test_the_best_of_ibms_ways_is_not_reached_for_425_requests_by_anybody() -> None:
    """p95 0.48 s; what the README's table says of ours is to be read beside that."""
    assert 200 * least_vain(ENDS, 0.48, 0.95, None) > 2 * 23
    assert soonest(ENDS, 0.95, 23, 200, None) > 0.55
