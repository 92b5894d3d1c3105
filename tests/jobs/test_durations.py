"""What past jobs and the service's estimates say of the next one's end."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from qrt_async.jobs.cadence import Expectation
from qrt_async.jobs.durations import Durations, Past, hinted

KIND = ("ibm_fez", "sampler")


def after(*seconds: float) -> Expectation:
    past = Durations()
    for length in seconds:
        past.saw(KIND, length, length)
    found = past.expectation(KIND, None)
    assert found is not None
    assert found.middle is not None
    return found


def test_of_a_kind_that_was_never_seen_nothing_is_expected() -> None:
    past = Durations()
    past.saw(KIND, 5.0, 5.0)
    assert past.expectation(("ibm_fez", "estimator"), None) is None
    assert past.expectation(("ibm_kyiv", "sampler"), None) is None


def test_one_job_gives_a_window_around_its_length() -> None:
    found = after(5.0)
    assert found.early == pytest.approx(4.1, abs=0.1)
    assert found.late == pytest.approx(6.1, abs=0.1)


def test_many_alike_narrow_the_window_and_many_unlike_widen_it() -> None:
    alike, unlike = after(*[5.0] * 20), after(*[1.0, 25.0] * 10)
    assert alike.late / alike.early < 1.2 < 25.0 < unlike.late / unlike.early


def test_of_a_first_job_its_middle_is_taken_or_where_that_says_little_the_longest() -> None:
    assert Past().between(4.0, 6.0) == 5.0
    assert Past().between(1.0, 6.0) == 6.0


def test_a_length_that_is_hardly_known_is_taken_to_be_what_the_past_makes_likely() -> None:
    past = Past()
    for _ in range(10):
        past = past.with_one(5.0)
    assert past.between(0.0, 100.0) == pytest.approx(5.0, rel=0.01)
    assert 4.5 < past.between(1.0, 5.0) < 5.0
    assert 5.0 < past.between(5.0, 20.0) < 5.5
    assert past.between(4.9, 5.1) == pytest.approx(5.0, rel=0.01)


def test_what_the_past_thought_impossible_is_learned_from_its_nearest_end() -> None:
    past = Past().with_one(5.0)
    assert past.between(50.0, 90.0) == 50.0
    assert past.between(0.1, 0.4) == 0.4
    assert past.between(0.0, 0.0) == 0.0


@pytest.mark.parametrize("sigma", [0.1, 0.3, 1.0])
def test_nine_of_ten_jobs_end_inside_the_window(sigma: float) -> None:
    drawn = random.Random(3)
    lengths = [60.0 * math.exp(drawn.gauss(0.0, sigma)) for _ in range(4000)]
    found = after(*lengths[:300])
    inside = sum(found.early <= length <= found.late for length in lengths)
    assert 0.75 < inside / len(lengths) < 0.98


def test_the_past_fades_so_that_a_change_is_learned() -> None:
    found = after(*[5.0] * 200, *[50.0] * 100)
    assert found.middle == pytest.approx(50.0, rel=0.3)


def test_the_least_recently_seen_kind_is_forgotten_first() -> None:
    past = Durations()
    for number in range(600):
        past.saw((f"backend{number}", "sampler"), 1.0, 1.0)
        past.saw(KIND, 1.0, 1.0)
    assert past.expectation(KIND, None) is not None
    assert past.expectation(("backend0", "sampler"), None) is None
    assert past.expectation(("backend599", "sampler"), None) is not None


def test_an_estimate_of_the_service_is_believed_to_within_a_factor_of_two_and_a_half() -> None:
    created = datetime(2026, 11, 24, tzinfo=UTC)
    found = hinted(created, created + timedelta(seconds=60), None)
    assert found is not None
    assert (found.early, found.late) == (24.0, 150.0)
    assert found.middle is None, "it is no ground for reading a result before its end is known"


def test_an_estimate_of_the_run_alone_only_says_before_when_no_end_is_likely() -> None:
    found = hinted(None, None, 60.0)
    assert found is not None
    assert (found.early, found.late) == (24.0, math.inf)


@pytest.mark.parametrize("seconds", [None, 0.0, -4.0])
def test_an_estimate_that_makes_no_sense_is_none(seconds: float | None) -> None:
    created = datetime(2026, 11, 24, tzinfo=UTC)
    assert hinted(created, created, seconds) is None


def test_the_past_goes_before_the_estimate_unless_it_is_vague() -> None:
    hint = Expectation(10.0, 100.0)
    past = Durations()
    past.saw(KIND, 5.0, 5.0)
    assert past.expectation(KIND, hint) != hint
    for length in (1.0, 100.0) * 5:
        past.saw(KIND, length, length)
    assert past.expectation(KIND, hint) == hint
    assert past.expectation(KIND, None) is not None
