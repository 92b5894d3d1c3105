from __future__ import annotations

import msgspec
import pytest

from qrt_async.emulator import control
from tests.emulator.driver import BODY, KEY, START, Driver, config, problem


def test_stats_count_by_method_and_template_and_leave_controls_out() -> None:
    driver = Driver()
    job_id = driver.submit()
    driver.status(job_id)
    driver.status(job_id)
    driver.control("GET", "jobs")
    stats = driver.control("GET", "stats")
    assert stats["requests"] == {"POST /identity/token": 1, "POST /v1/jobs": 1, "GET /v1/jobs/{id}": 2}
    assert stats["total"] == 4


def test_a_request_that_was_cut_off_counts_with_status_0() -> None:
    driver = Driver()
    driver.token()
    driver.control("POST", "faults", [{"kind": "cut"}])
    driver.ask("GET", "/jobs")
    assert driver.control("GET", "stats")["replies"]["GET /v1/jobs"] == {"0": 1}


def test_jobs_have_the_exact_time_of_each_change() -> None:
    driver = Driver()
    job_id = driver.completed()
    driver.ask("DELETE", f"/jobs/{job_id}")
    entry = driver.control("GET", "jobs")[0]
    assert entry["changes"] == [
        {"status": "Queued", "at": START},
        {"status": "Running", "at": START + 10.0},
        {"status": "Completed", "at": START + 14.0},
    ]
    assert (entry["charged"], entry["deleted"]) == (3.0, START + 14.0)


def test_the_timeline_shows_requests_and_changes_of_jobs() -> None:
    driver = Driver()
    driver.completed()
    kinds = [(entry["kind"], entry.get("status")) for entry in driver.control("GET", "timeline")]
    assert kinds == [
        ("request", 200),
        ("job", "Queued"),
        ("request", 200),
        ("job", "Running"),
        ("job", "Completed"),
    ]


def test_reset_forgets_everything_but_tokens_and_goes_back_to_the_first_configuration() -> None:
    driver = Driver()
    pending = driver.submit()
    driver.control("POST", "config", {"queue_seconds": 99.0})
    driver.control("POST", "faults", [{"kind": "cut"}])
    driver.control("POST", "reset")
    assert driver.stopped == [pending]
    assert driver.json("GET", "/jobs")["count"] == 0
    assert driver.control("GET", "stats")["total"] == 1
    again = driver.submit()
    assert again > pending
    driver.now += 10.0
    assert driver.status(again) == "Running"


def test_timings_and_limits_change_while_it_runs() -> None:
    driver = Driver()
    before = driver.submit()
    driver.control("POST", "config", {"queue_seconds": 1.0, "rate_limit": [1, 60], "pending_cap": 5})
    after = driver.submit()
    driver.now += 1.0
    assert (driver.status(before), driver.status(after)) == ("Queued", "Running")
    assert driver.ask("POST", "/jobs", BODY).status == 429
    driver.control("POST", "config", {"rate_limit": None})
    assert driver.ask("POST", "/jobs", BODY).status == 200


@pytest.mark.parametrize(
    "wanted",
    [
        {"queue": 1},
        {"queue_seconds": "long"},
        {"jitter": 7},
        {"seed": 3},
        {"backends": []},
        [],
        {"rate_limit": [0, 1]},
    ],
)
def test_a_change_that_makes_no_sense_is_refused_and_nothing_changes(wanted: object) -> None:
    driver = Driver(config(token=KEY))
    before = driver.machine.books.config
    reply = driver.raw("POST", "/_emulator/config", {}, msgspec.json.encode(wanted))
    assert problem(reply) == (400, 1208)
    assert KEY.encode() not in reply.body
    assert driver.machine.books.config == before


def test_rules_that_make_no_sense_are_refused() -> None:
    driver = Driver()
    for body in (b"[{}]", b"{}", b'[{"kind":"explode"}]', b"", b"\xff"):
        assert problem(driver.raw("POST", "/_emulator/faults", {}, body)) == (400, 1208)


def test_an_unknown_control_names_the_known_ones() -> None:
    reply = Driver().raw("GET", "/_emulator/everything")
    assert reply.status == 404
    assert b"GET stats" in reply.body


def test_every_control_is_described() -> None:
    assert all(f"``{method} {name}``" in (control.__doc__ or "") for method, name in control.CONTROLS)
    designed = [
        "GET stats",
        "GET timeline",
        "GET jobs",
        "GET audit",
        "POST reset",
        "POST config",
        "POST faults",
    ]
    assert {tuple(name.split()) for name in designed} <= control.CONTROLS.keys()


def test_a_backend_is_paused_until_it_is_online_again() -> None:
    driver = Driver()
    driver.control("POST", "backends", {"ibm_a": {"name": "paused", "reason": "calibrating"}})
    job_id = driver.submit()
    driver.now += 100.0
    assert driver.status(job_id) == "Queued"
    driver.control("POST", "backends", {"ibm_a": {}})
    assert driver.status(job_id) == "Running"


def test_only_backends_that_exist_can_be_paused() -> None:
    reply = Driver().raw("POST", "/_emulator/backends", {}, b'{"ibm_z":{"name":"paused"}}')
    assert reply.status == 404
