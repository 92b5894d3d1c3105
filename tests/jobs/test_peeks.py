"""Which results are read before their jobs are known to have ended."""

from __future__ import annotations

import math

import pytest

from qrt_async.jobs.cadence import PollPolicy
from qrt_async.jobs.durations import Durations
from qrt_async.jobs.known import Acceptance, Known
from qrt_async.jobs.peeks import Peeks
from qrt_async.jobs.tracks import Track
from tests.jobs.test_decider import EPOCH


def crowd(count: int, *, private: bool = False, wanted: bool = True) -> tuple[Peeks, dict[str, Known]]:
    jobs: dict[str, Known] = {}
    tracks: dict[str, Track] = {}
    peeks = Peeks(PollPolicy(), jobs, tracks)
    for number in range(count):
        accepted = Acceptance(at=EPOCH, program_id="sampler", backend="b", private=private)
        known = jobs[f"job{number}"] = Known(f"job{number}", accepted)
        known.wanted = int(wanted)
        tracks[known.id] = Track(born=0.1 * number, due=0.0)
        peeks.joined()
    return peeks, jobs


def learned(*seconds: float) -> Durations:
    durations = Durations()
    known = Known("x", Acceptance(at=EPOCH, program_id="sampler", backend="b"))
    for length in seconds:
        durations.saw(known.kind, length, length)
    return durations


def test_of_a_kind_that_was_never_seen_nothing_is_peeked_at() -> None:
    peeks, _ = crowd(5)
    assert peeks.next(Durations(), 100.0) == (math.inf, [])


def test_the_eldest_come_first_and_none_before_it_has_likely_ended() -> None:
    peeks, _ = crowd(5)
    durations = learned(5.0, 5.0, 5.1)
    first, ripe = peeks.next(durations, 4.0)
    assert ripe == []
    assert 4.9 < first < 5.5
    _, ripe = peeks.next(durations, first + 0.25)
    assert ripe == ["job0", "job1", "job2"]


@pytest.mark.parametrize(("private", "wanted"), [(True, True), (False, False)])
def test_private_results_and_those_nobody_waits_for_are_left_alone(private: bool, wanted: bool) -> None:
    peeks, _ = crowd(5, private=private, wanted=wanted)
    assert peeks.next(learned(5.0), 100.0)[1] == []


def test_a_lone_job_is_not_peeked_at() -> None:
    peeks, _ = crowd(1)
    assert peeks.next(learned(5.0), 6.0)[1] == []


def test_a_job_that_was_peeked_at_in_vain_has_to_become_likely_again() -> None:
    peeks, _ = crowd(5)
    durations = learned(5.0)
    track = peeks._tracks["job0"]
    peeks.vain(track, 5.5)
    assert "job0" not in peeks.next(durations, 5.55)[1]
    assert "job0" in peeks.next(durations, 6.5)[1]
    peeks.vain(track, 6.5)
    peeks.vain(track, 7.5)
    assert "job0" not in peeks.next(durations, 20.0)[1], "three times is enough"


def test_vain_peeks_are_on_a_credit_that_grows_with_the_crowd() -> None:
    small, _ = crowd(4)
    large, _ = crowd(200)
    assert (small.credit, large.credit) == (3, 28)
    for _ in range(3):
        small.vain(None, 1.0)
    assert small.credit == 0
    assert small.next(learned(5.0), 6.0)[1] == []
    small.clear()
    assert small.credit == 3


def test_rounds_that_find_nothing_come_rarer() -> None:
    peeks, _ = crowd(5)
    durations = learned(5.0)
    peeks.over(3, 10.0)
    near = peeks.next(durations, 10.0)[0] - 10.0
    peeks.over(0, 10.0)
    assert peeks.next(durations, 10.0)[0] - 10.0 == pytest.approx(2 * near)
