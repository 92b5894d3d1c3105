"""When to look: the formula, its bounds, and what all looks together may cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import InvalidInput
from qrt_async.jobs.cadence import Allowance, PollPolicy, pause, pause_after_failure

POLICY = PollPolicy(floor=0.5, ceiling=60.0, growth=0.1, jitter=0.2)


@pytest.mark.parametrize(("age", "wanted"), [(0.0, 0.5), (5.0, 0.5), (20.0, 2.0), (600.0, 60.0), (1e9, 60.0)])
def test_the_pause_grows_with_age_between_floor_and_ceiling(age: float, wanted: float) -> None:
    assert pause(POLICY, age, roll=0.0) == wanted


@given(age=st.floats(0, 1e7), roll=st.floats(0, 1))
def test_jitter_only_ever_shortens_and_by_no_more_than_its_part(age: float, roll: float) -> None:
    longest = pause(POLICY, age, roll=0.0)
    assert 0.8 * longest - 1e-9 <= pause(POLICY, age, roll) <= longest


@given(length=st.floats(0.01, 20_000.0))
def test_what_is_found_late_is_late_by_growth_of_the_jobs_length(length: float) -> None:
    age, looks = 0.0, 0
    while age < length:
        age += pause(POLICY, age, roll=0.0)
        looks += 1
    assert age - length <= max(POLICY.floor, POLICY.growth * length) + 1e-9
    assert looks <= 1 + length / POLICY.floor


def test_pauses_after_failures_double_up_to_the_ceiling() -> None:
    pauses = [pause_after_failure(POLICY, n, asked=None, roll=0.0) for n in range(1, 10)]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_a_pause_that_the_service_asks_for_is_kept() -> None:
    assert pause_after_failure(POLICY, 1, asked=90.0, roll=1.0) == 90.0


@given(st.lists(st.floats(0, 30), max_size=300))
def test_no_minute_ever_holds_more_requests_than_burst_and_allowance(gaps: list[float]) -> None:
    policy = PollPolicy(allowance=60.0, burst=20)
    allowance, now, made = Allowance(policy), 0.0, []
    for gap in gaps:
        now += gap
        wait = allowance.wait(now)
        if wait == 0.0:
            allowance.spend(now)
            made.append(now)
    for start in made:
        assert sum(start <= moment < start + 60.0 for moment in made) <= 20 + 60 + 1


def test_the_allowance_says_how_long_to_wait() -> None:
    allowance = Allowance(PollPolicy(allowance=60.0, burst=2))
    allowance.spend(0.0)
    allowance.spend(0.0)
    assert allowance.wait(0.0) == 1.0
    assert allowance.wait(0.75) == pytest.approx(0.25)
    assert allowance.wait(1.0) == 0.0


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
