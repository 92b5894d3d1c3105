"""Everything but jobs, field by field (api.md 1.4 and 4)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from qrt_async.api import records
from qrt_async.api.call import decoded
from qrt_async.api.status import DeviceStatus, SessionState, UsageStatus, WorkloadStatus
from tests.api.script import reply

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEXT = "2026-01-01T12:00:00Z"


def read(kind: type[Any], body: dict[str, Any]) -> Any:
    return decoded(kind)(reply(body))


def test_a_device() -> None:
    found = read(
        records.Device,
        {
            "name": "ibm_fez",
            "status": {"name": "paused", "reason": "calibrating"},
            "queue_length": 7,
            "is_simulator": False,
            "qubits": 156,
            "clops": {"type": "hardware", "value": 250000},
            "processor_type": {"family": "Heron", "revision": 2, "segment": "A"},
            "performance_metrics": {"two_q_error_best": {"value": 1e-3}},
            "wait_time_seconds": {"average": 1, "p50": "2.5", "p95": None},
            "class": "mock",
            "colour": "black",
        },
    )
    assert (found.name, found.queue_length, found.is_simulator, found.qubits) == ("ibm_fez", 7, False, 156)
    assert (found.status.name, found.status.reason) == (DeviceStatus.PAUSED, "calibrating")
    assert (found.clops.type, found.clops.value) == ("hardware", 250000.0)
    assert (found.processor_type.family, found.processor_type.revision, found.processor_type.segment) == (
        "Heron",
        2,
        "A",
    )
    assert found.performance_metrics == {"two_q_error_best": {"value": 1e-3}}
    wait = found.wait_time_seconds
    assert (wait.average, wait.p50, wait.p95) == (1.0, 2.5, None)
    assert found.device_class == "mock"


def test_the_status_of_a_backend() -> None:
    body = {
        "state": True,
        "status": "active",
        "message": "available",
        "length_queue": "1",
        "backend_version": "",
    }
    found = read(records.BackendStatus, body)
    assert (found.state, found.status, found.message, found.length_queue, found.backend_version) == (
        True,
        "active",
        "available",
        1,
        "",
    )


def test_a_session() -> None:
    moments = ("started_at", "activated_at", "closed_at", "last_job_started", "last_job_completed")
    found = read(
        records.SessionRecord,
        {
            "id": "s",
            "mode": "dedicated",
            "backend_name": None,
            "state": "pending_closed",
            "state_reason": "session_created",
            "accepting_jobs": True,
            "interactive_ttl": 60,
            "max_ttl": "28800",
            "active_ttl": 1,
            **dict.fromkeys(moments, "2026-01-01T12:00:00"),
            "timestamps": [{"status": "open", "timestamp": "2026-01-01T12:00:00"}],
            "user_id": "IBMid-1",
            "elapsed_time": 1.5,
        },
    )
    assert (found.id, found.mode, found.backend_name, found.state) == (
        "s",
        "dedicated",
        None,
        SessionState.PENDING_CLOSED,
    )
    assert (found.state_reason, found.accepting_jobs, found.user_id) == ("session_created", True, "IBMid-1")
    assert (found.interactive_ttl, found.max_ttl, found.active_ttl, found.elapsed_time) == (
        60.0,
        28800.0,
        1.0,
        1.5,
    )
    assert [getattr(found, name) for name in moments] == [NOON] * 5
    assert [(step.status, step.timestamp) for step in found.timestamps] == [("open", NOON)]


@pytest.mark.parametrize(
    ("consumed", "limit", "remaining"),
    [(10, 600, 590.0), (700, 600, 0.0), (None, 600, 600.0), (10, None, None)],
)
def test_the_usage_of_an_instance(
    consumed: float | None, limit: float | None, remaining: float | None
) -> None:
    found = read(
        records.InstanceUsage,
        {
            "instance_id": "crn",
            "plan_id": "p",
            "usage_consumed_seconds": consumed,
            "usage_period": {"start_time": TEXT, "end_time": None},
            "usage_limit_seconds": limit,
            "usage_allocation_seconds": 600,
            "usage_limit_reached": False,
        },
    )
    assert (found.instance_id, found.plan_id, found.usage_allocation_seconds) == ("crn", "p", 600.0)
    assert (found.usage_period.start_time, found.usage_period.end_time) == (NOON, None)
    assert (found.usage_limit_reached, found.remaining_seconds) == (False, remaining)


def test_an_instance_whose_numbers_come_as_text() -> None:
    found = read(
        records.InstanceRecord,
        {
            "backends": [{"name": "b"}],
            "instance_limit": 10,
            "instance_limit_seconds": "36000",
            "plan_id": "p",
            "usage_allocation_seconds": "0.5",
        },
    )
    assert (found.instance_limit, found.instance_limit_seconds, found.usage_allocation_seconds) == (
        10.0,
        36000.0,
        0.5,
    )
    assert (found.backends, found.plan_id) == (({"name": "b"},), "p")
    assert read(records.InstanceConfiguration, {"instance_limit": None}).instance_limit is None


def test_a_page_of_workloads() -> None:
    found = read(
        records.WorkloadPage,
        {
            "workloads": [
                {
                    "id": "w",
                    "created": TEXT,
                    "ended": None,
                    "backend": "b",
                    "instance": "crn",
                    "user_id": "u",
                    "accepting_jobs": None,
                    "mode": "batch",
                    "status": "canceled",
                    "status_reason": "r",
                    "tags": ["t"],
                    "usage": {"qpu_charge_time_seconds": 2, "status": "pending"},
                    "estimated_running_time_seconds": 4.5,
                }
            ],
            "total_count": 9,
            "limit": 1,
            "next": {"href": "https://x/api/v1/workloads?limit=1&next=MjAyNg%3D%3D"},
            "previous": {"href": None},
        },
    )
    (row,) = found.workloads
    assert (row.id, row.created, row.ended, row.backend, row.instance) == ("w", NOON, None, "b", "crn")
    assert (row.user_id, row.accepting_jobs, row.mode, row.status_reason) == ("u", None, "batch", "r")
    assert (row.status, row.tags, row.estimated_running_time_seconds) == (
        WorkloadStatus.CANCELED,
        ("t",),
        4.5,
    )
    assert (row.usage.charged, row.usage.status) == (2.0, UsageStatus.PENDING)
    assert (found.total_count, found.limit, found.next_cursor, found.previous_cursor) == (
        9,
        1,
        "MjAyNg==",
        None,
    )
    assert read(records.WorkloadPage, {"workloads": []}).next_cursor is None


@pytest.mark.parametrize(
    ("sunset", "expected"),
    [
        ("2027-01-01", date(2027, 1, 1)),
        ("2027-01-01T00:00:00Z", date(2027, 1, 1)),
        ("next year", None),
        ("", None),
        (None, None),
    ],
)
def test_an_api_date(sunset: str | None, expected: date | None) -> None:
    found = read(records.ApiDate, {"version": "2026-02-15", "status": "deprecated", "sunset_date": sunset})
    assert (found.version, found.status, found.sunset_date) == (date(2026, 2, 15), "deprecated", expected)


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        (records.Device, {"name": "n"}),
        (records.DeviceState, {"name": "online"}),
        (records.BackendStatus, {"length_queue": 0}),
        (records.SessionRecord, {"id": "s"}),
        (records.InstanceUsage, {}),
        (records.InstanceRecord, {}),
        (records.Workload, {"id": "w"}),
        (records.WorkloadPage, {"workloads": []}),
        (records.ApiDate, {"version": "2026-02-15"}),
    ],
)
def test_null_and_missing_are_none(kind: type[Any], needed: dict[str, Any]) -> None:
    bare = read(kind, needed)
    names = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    optional = {name: wire for name, wire in names.items() if wire not in needed}
    assert read(kind, needed | dict.fromkeys(optional.values(), None) | {"novelty": 1}) == bare
    assert {getattr(bare, name) for name in optional} <= {None}
