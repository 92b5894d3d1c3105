"""Jobs as the service shows them, field by field (api.md 2.4 to 2.6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from qrt_async.api.call import decoded
from qrt_async.api.models import CreatedJob, JobMetrics, JobPage, JobRecord
from qrt_async.api.status import JobStatus, UsageStatus
from tests.api.script import reply

MINIMAL: dict[str, Any] = {
    "id": "c5d",
    "state": {"status": "Queued"},
    "status": "Queued",
    "program": {"id": "sampler"},
    "created": "2021-10-04T13:52:09.456851Z",
    "cost": 600,
}
WHOLE: dict[str, Any] = {
    **MINIMAL,
    "backend": "ibm_fez",
    "state": {"status": "Failed", "reason": "bad", "reason_code": 1517, "reason_solution": "transpile"},
    "status": "Failed",
    "params": {"pubs": [[1]]},
    "runtime": "rt:1",
    "tags": ["a", "b"],
    "session_id": "s",
    "user_id": "IBMid-1",
    "calibration_id": "cal",
    "remote_storage": {"results": {"type": "ibmcloud_cos"}},
    "usage": {"qpu_charge_time_seconds": 2.5, "status": "complete"},
    "private": True,
    "estimated_running_time_seconds": 4.01,
}


def job(**changed: Any) -> JobRecord:
    return decoded(JobRecord)(reply({**MINIMAL, **changed}))


def test_every_documented_field_of_a_job_is_read() -> None:
    found = decoded(JobRecord)(reply(WHOLE))
    assert (found.id, found.backend, found.status, found.params) == (
        "c5d",
        "ibm_fez",
        "Failed",
        {"pubs": [[1]]},
    )
    assert found.state.status is JobStatus.FAILED
    assert (found.state.reason, found.state.code, found.state.reason_solution) == ("bad", 1517, "transpile")
    assert found.program is not None
    assert found.program.id == "sampler"
    assert found.created == datetime(2021, 10, 4, 13, 52, 9, 456851, tzinfo=UTC)
    assert (found.cost, found.runtime, found.tags, found.session_id) == (600, "rt:1", ("a", "b"), "s")
    assert (found.user_id, found.calibration_id) == ("IBMid-1", "cal")
    assert found.remote_storage == {"results": {"type": "ibmcloud_cos"}}
    assert found.usage is not None
    assert (found.usage.charged, found.usage.status) == (2.5, UsageStatus.COMPLETE)
    assert found.private is True
    assert found.estimated_running_time_seconds == 4.01


OPTIONAL = sorted(WHOLE.keys() - {"id", "state"})


def test_missing_fields_are_none_and_a_job_is_private_only_if_it_says_so() -> None:
    found = decoded(JobRecord)(reply({"id": "x", "state": {"status": "Queued"}}))
    assert {name: getattr(found, name) for name in OPTIONAL if name != "private"} == dict.fromkeys(
        (name for name in OPTIONAL if name != "private"), None
    )
    assert found.private is False


@pytest.mark.parametrize("name", OPTIONAL)
def test_null_is_like_missing(name: str) -> None:
    found = job(**{name: None})
    assert getattr(found, name) is (False if name == "private" else None)


def test_unknown_fields_are_ignored_and_unknown_words_keep_their_text() -> None:
    found = job(state={"status": "Dreaming", "mood": 1}, novelty={"x": [1]}, usage={"status": "odd", "y": 2})
    assert (found.state.status, found.state.status_text) == (JobStatus.UNKNOWN, "Dreaming")
    assert found.usage is not None
    assert (found.usage.status, found.usage.status_text) == (UsageStatus.UNKNOWN, "odd")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123457, tzinfo=UTC)),
        ("2026-01-02T05:04:05+02:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_moments_are_utc_however_they_were_sent(text: str, moment: datetime) -> None:
    created = job(created=text).created
    assert created == moment
    assert created is not None
    assert created.tzinfo is UTC


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"reason_code": 1305}, 1305),
        ({"reason_code": "1305"}, 1305),
        ({"reasonCode": 1305}, 1305),
        ({"reason_code": None, "reasonCode": "1305"}, 1305),
        ({"reason_code": "E-7"}, None),
        ({"reason_code": "²"}, None),
        ({"reason_code": ""}, None),
        ({}, None),
    ],
)
def test_a_reason_code_in_either_spelling(state: dict[str, Any], code: int | None) -> None:
    assert job(state={"status": "Cancelled", **state}).state.code == code


@pytest.mark.parametrize(
    ("changed", "too_long", "cancelled"),
    [
        ({"state": {"status": "Cancelled", "reason_code": 1305}}, True, True),
        ({"state": {"status": "Cancelled"}, "status": "Cancelled - Ran too long"}, True, True),
        ({"state": {"status": "Cancelled", "reason": "Ran too long", "reasonCode": None}}, True, True),
        ({"state": {"status": "Cancelled - Ran too long"}}, True, True),
        ({"state": {"status": "Cancelled"}, "status": "Cancelled"}, False, True),
        ({"state": {"status": "Failed", "reason": "the loop ran too long to compile"}}, False, False),
    ],
)
def test_how_a_cancelled_job_ended(changed: dict[str, Any], too_long: bool, cancelled: bool) -> None:
    found = job(**changed)
    assert (found.ran_too_long, found.cancelled) == (too_long, cancelled)


def test_a_page_of_jobs() -> None:
    page = decoded(JobPage)(reply({"jobs": [MINIMAL, WHOLE], "count": 7, "limit": 2, "offset": 0}))
    assert ([row.id for row in page.jobs], page.count, page.limit, page.offset) == (["c5d", "c5d"], 7, 2, 0)
    assert decoded(JobPage)(reply({"jobs": [], "limit": 2, "offset": 0})).count is None


@pytest.mark.parametrize("extra", [{}, {"session_id": None, "private": None, "calibration_id": None}])
def test_an_acceptance(extra: dict[str, Any]) -> None:
    found = decoded(CreatedJob)(reply({"id": "x", "backend": "b", **extra}))
    assert (found.id, found.backend, found.session_id, found.private) == ("x", "b", None, None)


STAMPS = {"created": "2026-01-01T00:00:00Z", "running": "2026-01-01T00:01:00", "finished": None}
FEBRUARY = {
    "timestamps": STAMPS,
    "bss": {"seconds": 3},
    "usage": {"quantum_seconds": 3, "seconds": 3},
    "executions": 10,
    "num_circuits": 1,
    "num_qubits": [2],
    "circuit_depths": [3],
    "qiskit_version": "2.6",
    "estimated_start_time": "2026-01-01T00:00:00Z",
    "estimated_completion_time": "2026-01-01T00:00:01+00:00",
    "position_in_queue": 4,
    "position_in_provider": 5,
}
MARCH = {
    "timestamps": STAMPS,
    "usage": {"qpu_charge_time_seconds": 3, "status": "complete", "circuits_execution_time_ns": 25e8},
}
APRIL = {
    "caller": "me",
    "timestamps": STAMPS,
    "usage": {"qpu_charge_time_seconds": "3.0", "status": "complete"},
    "circuits_execution_time_ns": 2500000000,
    "qiskit_version": "2.6",
}


def metrics(body: Any) -> JobMetrics:
    return decoded(JobMetrics)(reply(body))


@pytest.mark.parametrize("body", [FEBRUARY, MARCH, APRIL, {"bss": {"seconds": 3}}, {"usage": {"seconds": 3}}])
def test_the_charge_is_the_same_at_all_three_dates(body: dict[str, Any]) -> None:
    assert metrics(body).charged == 3.0


@pytest.mark.parametrize(("body", "seconds"), [(FEBRUARY, None), (MARCH, 2.5), (APRIL, 2.5)])
def test_the_circuits_own_time_from_where_the_date_puts_it(
    body: dict[str, Any], seconds: float | None
) -> None:
    assert metrics(body).execution_seconds == seconds


def test_every_documented_field_of_february() -> None:
    found = metrics(FEBRUARY)
    assert (found.executions, found.num_circuits, found.num_qubits, found.circuit_depths) == (
        10,
        1,
        (2,),
        (3,),
    )
    assert (found.position_in_queue, found.position_in_provider, found.qiskit_version) == (4, 5, "2.6")
    assert found.estimated_start_time == datetime(2026, 1, 1, tzinfo=UTC)
    assert found.estimated_completion_time == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert found.timestamps is not None
    assert found.timestamps.created == datetime(2026, 1, 1, tzinfo=UTC)
    assert found.timestamps.running == datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    assert found.timestamps.finished is None
    assert found.usage is not None
    assert found.usage.status is None


def test_april_names_the_caller_and_whether_the_charge_is_settled() -> None:
    found = metrics(APRIL)
    assert found.caller == "me"
    assert found.usage is not None
    assert found.usage.status is UsageStatus.COMPLETE


@pytest.mark.parametrize("body", [{}, dict.fromkeys(FEBRUARY | APRIL, None)])
def test_metrics_may_say_nothing(body: dict[str, Any]) -> None:
    found = metrics(body)
    assert found == JobMetrics()
    assert (found.charged, found.execution_seconds) == (None, None)


def test_a_charge_of_nothing_is_a_charge() -> None:
    assert job(usage={"qpu_charge_time_seconds": 0, "seconds": 9}).usage == msgspec.convert(
        {"qpu_charge_time_seconds": 0.0, "seconds": 9.0}, type(job(usage={}).usage)
    )
    assert metrics({"usage": {"qpu_charge_time_seconds": 0}, "bss": {"seconds": 9}}).charged == 0.0
