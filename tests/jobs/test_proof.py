"""What a body proves: only a result in its own shape says that the job completed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qrt_async.api.models import JobRecord, JobState, Usage
from qrt_async.api.status import JobStatus
from qrt_async.jobs.known import Acceptance, Known
from qrt_async.jobs.proof import completed, is_result

PLAIN = b'{"results":[{"data":{},"metadata":{}}],"metadata":{"version":2}}'
TYPED = b'{"__type__":"PrimitiveResult","__value__":{"pub_results":[],"metadata":{}}}'
LEARNED = b'{"__type__":"NoiseLearnerResult","__value__":{"data":[],"metadata":{}}}'
EXECUTED = b'{"schema_version":"v2.0","data":[],"metadata":{},"passthrough_data":{}}'


@pytest.mark.parametrize(
    ("program", "body"),
    [
        ("sampler", PLAIN),
        ("sampler", TYPED),
        ("estimator", TYPED),
        ("noise-learner", LEARNED),
        ("executor", EXECUTED),
    ],
)
def test_a_result_in_its_programs_shape_is_proof(program: str, body: bytes) -> None:
    assert is_result(program, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Traceback (most recent call last):\nRuntimeError: no",
        b'"a text"',
        b"[1, 2]",
        b"{}",
        b'{"error":"it failed"}',
        b'{"results":"none"}',
        b'{"__type__":"Exception","__value__":"no"}',
        PLAIN[:-1],
        b'{"results":[NaN]}',
        b'{"results":[' + b"0," * 2**20 + b"0]}",
    ],
)
def test_anything_else_is_none(body: bytes) -> None:
    assert not is_result("sampler", body)


def test_what_a_program_of_ones_own_returns_proves_nothing() -> None:
    assert not is_result("my-program", PLAIN)
    assert not is_result(None, PLAIN)


def test_the_record_of_a_proven_end_is_the_last_one_with_that_end_and_no_charge() -> None:
    known = Known("a")
    running = JobRecord(
        id="a", state=JobState(status_text="Running"), usage=Usage(seconds=1.0), tags=("mine",), backend="b"
    )
    known.learn(running, datetime(2026, 11, 24, tzinfo=UTC))
    record = completed(known)
    assert record.state.status is JobStatus.COMPLETED
    assert record.tags == ("mine",)
    assert record.usage is None


def test_a_job_that_was_never_seen_has_what_its_submission_said() -> None:
    accepted = Acceptance(
        at=datetime(2026, 11, 24, tzinfo=UTC), program_id="sampler", backend="b", tags=("mine",)
    )
    record = completed(Known("a", accepted))
    assert record.state.status is JobStatus.COMPLETED
    assert (record.backend, record.tags, record.private) == ("b", ("mine",), False)
    assert record.program is not None
    assert record.program.id == "sampler"
