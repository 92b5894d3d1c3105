"""What is known becomes what people read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from examples.web_backend.views import Standing, duration, of_progress, of_record, until
from qrt_async import JobStatus
from qrt_async.submit.records import SubmissionRecord
from qrt_async.sweep.progress import Progress

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def record(state: Any, **fields: Any) -> SubmissionRecord:
    return SubmissionRecord(
        id="1", tenant="t", backend="b", program_id="sampler", state=state, made=NOW, changed=NOW, **fields
    )


@pytest.mark.parametrize(
    ("record", "status", "state"),
    [
        (record("waiting", why_waiting="the rate"), None, "waiting"),
        (record("sending"), None, "waiting"),
        (record("accepted", job_id="j"), None, "queued"),
        (record("accepted", job_id="j"), JobStatus.QUEUED, "queued"),
        (record("accepted", job_id="j"), JobStatus.RUNNING, "running"),
        (record("accepted", job_id="j"), JobStatus.COMPLETED, "done"),
        (record("accepted", job_id="j"), JobStatus.UNKNOWN, "queued"),
        (record("ended", job_id="j", detail="Completed"), None, "done"),
        (record("ended", job_id="j", detail="Failed"), None, "failed"),
        (record("ended", job_id="j", detail="Cancelled"), None, "cancelled"),
        (record("failed", detail="why"), None, "failed"),
        (record("withdrawn"), None, "cancelled"),
    ],
)
def test_a_row_says_where_its_job_stands(
    record: SubmissionRecord, status: JobStatus | None, state: str
) -> None:
    assert of_record(record, status).state == state


def test_what_waits_says_why() -> None:
    assert of_record(record("waiting", why_waiting="the rate"), None).detail == "the rate"


@pytest.mark.parametrize(
    ("progress", "ours", "ended", "state"),
    [
        (Progress(points=9, missing=9, why_waiting="the rate", eta=3.0), True, None, "waiting"),
        (Progress(points=9, running=9), True, None, "running"),
        (Progress(points=9, done=5, missing=4), True, None, "running"),
        (Progress(points=9, done=9), True, "over", "done"),
        (Progress(points=9, done=9), False, None, "done"),
        (Progress(points=9, failed=9), True, None, "failed"),
        (Progress(points=9, done=8, failed=1), True, "over", "failed"),
        (Progress(points=9, done=5, missing=4), False, "cancelled", "cancelled"),
        (Progress(points=9, done=5, failed=4), True, "cancelled", "cancelled"),
        (Progress(points=9, done=9), True, "cancelled", "done"),
        (Progress(points=9, missing=9), False, None, "running"),
    ],
)
def test_a_sweep_says_where_it_stands(progress: Progress, ours: bool, ended: Any, state: str) -> None:
    assert of_progress(progress, ours=ours, ended=ended).state == state


def steps(**fields: Any) -> list[tuple[str, str]]:
    return [(step.word, step.how) for step in Standing(**fields).steps]


def test_the_way_of_a_job_has_what_is_past_what_is_now_and_what_comes() -> None:
    assert [how for _, how in steps(state="waiting")] == ["now", "next", "next", "next"]
    assert [how for _, how in steps(state="running")] == ["past", "past", "now", "next"]
    assert [how for _, how in steps(state="done")] == ["past"] * 4


def test_a_job_that_went_wrong_ends_its_way_where_it_stopped() -> None:
    assert steps(state="failed", job_id="j") == [("In line", "past"), ("Queued", "past"), ("Failed", "bad")]
    assert steps(state="cancelled") == [("Cancelled", "now")]


def test_only_ends_are_final() -> None:
    finals = {
        state: Standing(state=state).final for state in ("waiting", "queued", "running", "done", "failed")
    }
    assert [state for state, final in finals.items() if final] == ["done", "failed"]
    assert Standing(state="cancelled").final


def test_durations_are_as_exact_as_anybody_wants_them() -> None:
    said = [duration(seconds) for seconds in (0.4, 1, 59.6, 119, 120, 3600, 7200, 90_000)]
    assert said == ["a moment", "1 s", "60 s", "119 s", "2 min", "60 min", "2 h", "25 h"]
    assert 9 < until(datetime.now(UTC) + timedelta(seconds=10)) <= 10
