"""When estimates are asked for, and what they are good for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from qrt_async.api.models import JobMetrics
from qrt_async.jobs.cadence import PollPolicy
from qrt_async.jobs.durations import Durations
from qrt_async.jobs.estimates import Estimates
from qrt_async.jobs.known import Acceptance, Known
from qrt_async.jobs.tracks import Track
from tests.jobs.test_decider import EPOCH, record


def known(job_id: str, backend: str = "b", **more: Any) -> Known:
    found = Known(job_id, Acceptance(at=EPOCH, program_id="sampler", backend=backend))
    if more:
        found.learn(record(job_id, **more), EPOCH)
    return found


def test_one_job_of_each_unknown_kind_is_asked_about_the_eldest_and_not_at_once() -> None:
    estimates = Estimates(PollPolicy(), Durations())
    jobs = {name: known(name, backend) for name, backend in (("a", "x"), ("b", "x"), ("c", "y"))}
    tracks = {"a": Track(born=1.0, due=0.0), "b": Track(born=0.0, due=0.0), "c": Track(born=0.0, due=0.0)}
    assert estimates.wanted(jobs, tracks, 1.0) == []
    assert [found.id for found in estimates.wanted(jobs, tracks, 3.0)] == ["b", "c"]


def test_a_kind_that_was_seen_to_end_needs_no_estimate() -> None:
    durations = Durations()
    durations.saw(("b", "sampler"), 5.0, 5.0)
    estimates = Estimates(PollPolicy(), durations)
    assert estimates.wanted({"a": known("a")}, {"a": Track(born=0.0, due=0.0)}, 50.0) == []


def test_after_an_estimate_came_the_next_is_asked_for_only_when_the_job_outlived_it() -> None:
    estimates = Estimates(PollPolicy(), Durations())
    job, track = known("a"), Track(born=0.0, due=0.0)
    jobs, tracks = {"a": job}, {"a": track}
    job.hint(JobMetrics(estimated_completion_time=EPOCH + timedelta(seconds=40)), EPOCH)
    estimates.came(job, track, 3.0)
    assert estimates.wanted(jobs, tracks, 50.0) == []
    assert estimates.wanted(jobs, tracks, 200.0) == [job]
    found = estimates.expectation(known("other"))
    assert found is not None
    assert found.early < 40 < found.late


def test_where_the_service_sends_none_nobody_is_asked_again() -> None:
    estimates = Estimates(PollPolicy(), Durations())
    job, track = known("a"), Track(born=0.0, due=0.0)
    job.hint(JobMetrics(), EPOCH)
    estimates.came(job, track, 3.0)
    assert estimates.wanted({"b": known("b")}, {"b": Track(born=0.0, due=0.0)}, 1e4) == []


def test_those_who_listen_hear_of_the_queue_at_every_second_look() -> None:
    estimates = Estimates(PollPolicy(), Durations())
    job, track = known("a"), Track(born=0.0, due=0.0, pause=10.0)
    listener = job.listen()
    assert estimates.wanted({"a": job}, {"a": track}, 0.5) == [job]
    job.hint(JobMetrics(position_in_queue=3), EPOCH)
    estimates.came(job, track, 0.5)
    assert estimates.wanted({"a": job}, {"a": track}, 20.0) == []
    assert estimates.wanted({"a": job}, {"a": track}, 21.0) == [job]
    assert not listener.ended


def test_the_shortest_run_that_records_speak_of_counts_for_those_not_seen_yet() -> None:
    estimates = Estimates(PollPolicy(), Durations())
    for job in (
        known("a", estimated_running_time_seconds=100.0),
        known("b", estimated_running_time_seconds=10.0),
    ):
        estimates.saw(job)
    found = estimates.expectation(known("unseen"))
    assert found is not None
    assert found.early == 4.0
    estimates.clear()
    assert estimates.expectation(known("unseen")) is None
