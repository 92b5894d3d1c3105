"""When to look: the formula, its bounds, and what all looks together may cost."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import InvalidInput
from qrt_async.jobs.cadence import DENSER, FIRST, Expectation, PollPolicy, pause, pause_after_failure

POLICY = PollPolicy(floor=0.5, ceiling=60.0, growth=0.1, jitter=0.2)


@pytest.mark.parametrize(("age", "wanted"), [(0.0, 0.5), (5.0, 0.5), (20.0, 2.0), (600.0, 60.0), (1e9, 60.0)])
def test_the_pause_grows_with_age_between_floor_and_ceiling(age: float, wanted: float) -> None:
    assert pause(POLICY, age, None, roll=0.0) == wanted


@given(age=st.floats(0, 1e7), roll=st.floats(0, 1))
def test_jitter_only_ever_shortens_and_by_no_more_than_its_part(age: float, roll: float) -> None:
    longest = pause(POLICY, age, None, roll=0.0)
    assert 0.8 * longest - 1e-9 <= pause(POLICY, age, None, roll) <= longest


@given(length=st.floats(0.01, 20_000.0))
def test_what_is_found_late_is_late_by_growth_of_the_jobs_length(length: float) -> None:
    age, looks = 0.0, 0
    while age < length:
        age += pause(POLICY, age, None, roll=0.0)
        looks += 1
    assert age - length <= max(POLICY.floor, POLICY.growth * length) + 1e-9
    assert looks <= 1 + length / POLICY.floor


def looks(length: float, expected: Expectation | None, roll: float = 0.0) -> list[float]:
    """The ages at which one job is looked at with the policy that everybody gets, until it has ended."""
    ages = [0.0]
    while ages[-1] < length:
        ages.append(ages[-1] + pause(PollPolicy(), ages[-1], expected, roll))
    return ages[1:]


@pytest.mark.parametrize(
    ("length", "most", "late"), [(5.0, 20, 0.12), (300.0, 60, 0.1), (18_000.0, 180, 0.01)]
)
@pytest.mark.parametrize("roll", [0.0, 0.25, 0.5])
def test_one_policy_serves_jobs_of_seconds_minutes_and_hours(
    length: float, most: int, late: float, roll: float
) -> None:
    ages = looks(length, None, roll)
    assert len(ages) <= most
    assert ages[-1] - length <= late * length


def test_before_an_end_is_possible_looks_are_sparse_and_one_is_made_when_it_becomes_so() -> None:
    ages = looks(100.0, Expectation(100.0, 120.0))
    assert len(ages) <= 9
    assert ages[-1] == pytest.approx(100.0)


def test_around_the_expected_end_looks_are_dense_and_then_back_off() -> None:
    ages = [age for age in looks(30.0, Expectation(4.0, 6.0)) if age >= 4.0]
    inside = [age for age in ages if age <= 6.0]
    assert len(inside) >= 8
    after = [later - earlier for earlier, later in itertools.pairwise(ages) if earlier > 6.0]
    assert after == sorted(after)
    assert after[-1] == pytest.approx(0.1 * ages[-2], rel=0.01)


@given(
    age=st.floats(0, 1e6),
    early=st.floats(0.01, 1e6),
    width=st.floats(0, 1e6) | st.just(math.inf),
    roll=st.floats(0, 1),
)
def test_no_expectation_makes_looks_denser_than_a_part_of_the_age_or_rarer_than_the_age(
    age: float, early: float, width: float, roll: float
) -> None:
    policy = PollPolicy()
    patient = pause(policy, age, None, roll)
    found = pause(policy, age, Expectation(early, early + width), roll)
    assert DENSER * patient * (1 - policy.jitter) <= found + 1e-9 or found >= DENSER * policy.floor * 0.9
    assert found <= 1.5 * max(patient, age, FIRST * policy.floor) + 1e-9


@pytest.mark.parametrize(("chance", "age"), [(0.1, 8.8), (0.5, 10.0), (0.9, 11.37), (0.99, 12.62)])
def test_of_jobs_of_known_spread_the_age_is_known_by_which_a_part_has_ended(
    chance: float, age: float
) -> None:
    assert Expectation(8.5, 11.8, middle=10.0, spread=0.1).ripe(0.0, chance) == pytest.approx(age, rel=1e-3)


@given(alive=st.floats(0, 100), chance=st.floats(0.05, 0.95), spread=st.floats(0.05, 2.0))
def test_a_job_that_was_seen_alive_is_ripe_later_than_that_and_later_than_one_that_was_not(
    alive: float, chance: float, spread: float
) -> None:
    expected = Expectation(8.5, 11.8, middle=10.0, spread=spread)
    assert expected.ripe(alive, chance) >= max(alive, expected.ripe(0.0, chance) * 0.99)


def test_where_only_a_window_is_known_nothing_is_ever_ripe() -> None:
    assert Expectation(1.0, 9.0).ripe(0.0, 0.5) == math.inf


@given(age=st.floats(0.5, 1e5), wrong=st.floats(0.3, 3.0))
def test_an_expectation_that_is_wrong_delays_by_no_more_than_the_age(age: float, wrong: float) -> None:
    ages = looks(age, Expectation(0.8 * age * wrong, 1.2 * age * wrong))
    assert ages[-1] - age <= 1.5 * age + 1.0


def test_pauses_after_failures_double_up_to_the_ceiling() -> None:
    pauses = [pause_after_failure(POLICY, n, asked=None, roll=0.0) for n in range(1, 10)]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_a_pause_that_the_service_asks_for_is_kept() -> None:
    assert pause_after_failure(POLICY, 1, asked=90.0, roll=1.0) == 90.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"floor": 0.0},
        {"floor": 5.0, "ceiling": 1.0},
        {"growth": -0.1},
        {"jitter": 1.0},
        {"allowance": 0.0},
        {"burst": 0},
        {"lag": -1.0},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match="PollPolicy"):
        PollPolicy(**wrong)  # type: ignore[arg-type] # a table of single fields
