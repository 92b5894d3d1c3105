from __future__ import annotations

from qrt_async.emulator.chronicle import Chronicle


def test_requests_are_counted_by_method_template_and_status() -> None:
    chronicle = Chronicle()
    for status in (200, 200, 429):
        chronicle.asked("POST", "/v1/jobs", status, 1.0)
    chronicle.asked("GET", "/v1/jobs/{id}", 200, 2.0)
    assert chronicle.stats() == {
        "total": 4,
        "requests": {"POST /v1/jobs": 3, "GET /v1/jobs/{id}": 1},
        "replies": {"POST /v1/jobs": {"200": 2, "429": 1}, "GET /v1/jobs/{id}": {"200": 1}},
    }


def test_the_timeline_is_in_order_of_time() -> None:
    chronicle = Chronicle()
    for at in (3.0, 1.0, 2.0):
        chronicle.asked("GET", "/v1/jobs", 200, at)
    assert [entry["at"] for entry in chronicle.timeline()] == [1.0, 2.0, 3.0]


def test_an_auditing_event_names_action_job_user_and_time() -> None:
    chronicle = Chronicle()
    chronicle.audited("quantum-computing.job.read", "IBMid-1", "job-1", 0.0, "success")
    assert chronicle.audit() == [
        {
            "action": "quantum-computing.job.read",
            "job": "job-1",
            "user": "IBMid-1",
            "time": "1970-01-01T00:00:00.000000Z",
            "outcome": "success",
        }
    ]
