"""What is noted of a watched job, as what it makes the decider do."""

from __future__ import annotations

import math

import pytest

from qrt_async.jobs.known import Known
from qrt_async.jobs.tracks import Moment, Track
from tests.jobs.test_decider import EPOCH, Bench, at, record


def test_a_new_track_claims_nothing() -> None:
    track = Track(born=1.0, due=2.0)
    assert track.alive is None
    assert track.missing is None
    assert not any([track.overdue, track.listed, track.dated, track.hurried])
    assert track.ripe == math.inf


def test_a_moment_does_not_change() -> None:
    with pytest.raises(AttributeError):
        at(1.0).now = 2.0  # type: ignore[misc] # the mistake
    assert at(1.0) == Moment(1.0, at(1.0).wall)


def test_a_job_that_others_submitted_is_as_old_as_the_service_says() -> None:
    bench = Bench()
    bench.jobs["old"] = known = Known("old")
    bench.decider.add(known, at(500.0))
    assert not bench.decider.tracks["old"].dated
    known.learn(record("old", created=100.0), EPOCH)
    bench.decider.saw(known, at(500.0), listed=False)
    track = bench.decider.tracks["old"]
    assert track.dated
    assert track.born == pytest.approx(100.0)
    assert track.pause == pytest.approx(40.0), "a tenth of its age"


def test_it_notes_when_the_job_was_last_seen_not_to_have_ended() -> None:
    bench = Bench()
    (known,) = bench.accept(1)
    bench.show(known, 3.0, listed=False)
    assert bench.decider.tracks[known.id].alive == 3.0
    bench.decider.not_there(known.id, 4.0)
    assert bench.decider.tracks[known.id].alive == 4.0
    assert bench.decider.tracks[known.id].vain == 1


def test_a_job_whose_age_was_set_back_does_not_teach_how_long_jobs_take() -> None:
    bench = Bench()
    hurried, other = bench.accept(2)
    bench.decider.hurry(hurried.id, 50.0)
    assert bench.decider.tracks[hurried.id].due == 50.0
    bench.show(hurried, 50.5)
    bench.show(hurried, 51.0, "Completed")
    assert bench.decider.durations.expectation(hurried.kind, None) is None
    bench.show(other, 50.5)
    bench.show(other, 51.0, "Completed")
    found = bench.decider.durations.expectation(other.kind, None)
    assert found is not None
    assert found.early < 51.0 < found.late


def test_a_row_that_shows_a_missing_job_clears_what_was_held_against_it() -> None:
    bench = Bench()
    known, _ = bench.accept(2)
    bench.decider.missed([known.id], 1.0)
    bench.decider.missed([known.id], 30.0)
    track = bench.decider.tracks[known.id]
    assert track.missing == 1.0
    assert track.overdue
    bench.show(known, 31.0)
    assert track.missing is None
    assert not track.overdue
    assert track.listed
