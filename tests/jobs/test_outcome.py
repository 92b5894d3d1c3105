"""How an end becomes a result or an error."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from qrt_async.api.models import JobRecord
from qrt_async.errors import JobCancelled, JobError, JobFailed, JobRanTooLong
from qrt_async.jobs.outcome import error_of, last_line


def record(state: dict[str, Any], status: str | None = None) -> JobRecord:
    return msgspec.convert({"id": "c9x", "state": state, "status": status}, JobRecord)


def test_a_completed_job_has_no_error() -> None:
    assert error_of(record({"status": "Completed", "reason": ""})) is None


@pytest.mark.parametrize(
    ("state", "status", "kind", "code", "billed"),
    [
        (
            {"status": "Failed", "reason": "no such gate", "reason_code": 1517},
            None,
            JobFailed,
            1517,
            "unknown",
        ),
        ({"status": "Failed", "reason": "odd", "reason_code": "1603"}, None, JobFailed, 1603, "unknown"),
        ({"status": "Failed"}, None, JobFailed, None, "unknown"),
        ({"status": "Cancelled"}, None, JobCancelled, None, "unknown"),
        (
            {"status": "Cancelled", "reason": "Ran too long", "reason_code": 1305},
            None,
            JobRanTooLong,
            1305,
            "yes",
        ),
        ({"status": "Cancelled", "reason": "", "reasonCode": 1305}, None, JobRanTooLong, 1305, "yes"),
        ({"status": "Cancelled"}, "Cancelled - Ran too long", JobRanTooLong, 1305, "yes"),
    ],
)
def test_every_end_has_its_own_error(
    state: dict[str, Any], status: str | None, kind: type[JobError], code: int | None, billed: str
) -> None:
    error = error_of(record(state, status))
    assert type(error) is kind
    assert (error.job_id, error.reason_code, error.submitted, error.billed) == ("c9x", code, "yes", billed)
    assert "c9x" in str(error)


def test_the_services_solution_is_kept_and_said() -> None:
    state = {"status": "Failed", "reason": "bad", "reason_code": 1517, "reason_solution": "Transpile first."}
    error = error_of(record(state))
    assert error is not None
    assert error.solution == "Transpile first."
    assert "Transpile first." in str(error)


def test_where_the_record_is_silent_the_error_text_speaks() -> None:
    error = error_of(
        record({"status": "Failed"}), last_line(b"Traceback ...\n  File x\nValueError: no qubits\n\n")
    )
    assert error is not None
    assert error.reason == "ValueError: no qubits"


@pytest.mark.parametrize("body", [None, b"", b"\n \n"])
def test_an_empty_text_says_nothing(body: bytes | None) -> None:
    assert last_line(body) is None
