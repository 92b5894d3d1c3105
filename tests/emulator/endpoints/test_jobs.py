from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.driver import CRN, DONE, FAILED, OTHER_CRN, RESULT, Driver, problem


def test_params_come_with_the_details_unless_they_are_excluded() -> None:
    driver = Driver()
    job_id = driver.submit()
    assert driver.job(job_id)["params"]["version"] == 2
    assert "params" not in driver.job(job_id, query={"exclude_params": "true"})


def test_a_job_belongs_to_its_instance() -> None:
    driver = Driver()
    job_id = driver.submit()
    assert problem(driver.ask("GET", f"/jobs/{job_id}", crn=OTHER_CRN)) == (404, 1291)


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/cancel"),
        ("GET", "/logs"),
        ("GET", "/metrics"),
        ("GET", "/results"),
        ("PUT", "/tags"),
    ],
)
def test_an_unknown_job_is_404_with_1291_and_its_id_everywhere(method: str, suffix: str) -> None:
    reply = Driver().ask(method, f"/jobs/deadbeef{suffix}", {"tags": []})
    assert problem(reply) == (404, 1291)
    assert b"Job ID: deadbeef" in reply.body


def test_results_are_204_until_the_run_is_over_even_when_the_simulation_is() -> None:
    driver = Driver()
    job_id = driver.submit()
    driver.simulate()
    for at in (0.0, 10.0, 3.9):
        driver.now += at
        reply = driver.ask("GET", f"/jobs/{job_id}/results")
        assert (reply.status, reply.body) == (204, b"")
    driver.now += 0.1
    reply = driver.ask("GET", f"/jobs/{job_id}/results")
    assert (reply.status, reply.body, dict(reply.headers)["Content-Type"]) == (
        200,
        RESULT,
        "application/json",
    )
    assert driver.ask("GET", f"/jobs/{job_id}/results").body == RESULT


def test_a_failed_job_answers_its_results_with_the_text_of_the_error() -> None:
    driver = Driver()
    job_id = driver.completed(outcome=FAILED)
    reply = driver.ask("GET", f"/jobs/{job_id}/results")
    assert (reply.status, reply.body) == (200, FAILED.body)


def test_a_cancelled_job_has_no_results() -> None:
    driver = Driver()
    job_id = driver.submit()
    driver.ask("POST", f"/jobs/{job_id}/cancel")
    assert driver.ask("GET", f"/jobs/{job_id}/results").status == 204


def test_a_private_result_is_read_once_and_private_params_are_never_shown() -> None:
    driver = Driver()
    job_id = driver.submit(private=True)
    shown = driver.job(job_id)
    assert (shown["params"], shown["private"]) == ({}, True)
    driver.simulate()
    driver.now += 14.0
    assert driver.ask("GET", f"/jobs/{job_id}/results").body == RESULT
    assert driver.ask("GET", f"/jobs/{job_id}/results").status == 204
    assert driver.status(job_id) == "Completed"
    assert driver.machine.books.ledger.find(job_id, CRN).posted.params == b"{}"


def test_cancel_is_204_while_the_job_is_pending_and_409_with_1306_after() -> None:
    driver = Driver()
    queued, running = driver.submit(), driver.submit()
    assert driver.ask("POST", f"/jobs/{queued}/cancel").status == 204
    driver.now += 11.0
    assert driver.ask("POST", f"/jobs/{running}/cancel").status == 204
    for job_id in (queued, running):
        shown = driver.job(job_id)
        assert shown["state"] == {"status": "Cancelled"}
        assert problem(driver.ask("POST", f"/jobs/{job_id}/cancel")) == (409, 1306)
    charges = {job["id"]: job["charged"] for job in driver.control("GET", "jobs")}
    assert charges == {queued: 0.0, running: 1.0}


def test_only_final_jobs_can_be_deleted_and_are_then_gone() -> None:
    driver = Driver()
    job_id = driver.submit()
    assert problem(driver.ask("DELETE", f"/jobs/{job_id}")) == (400, 1337)
    driver.ask("POST", f"/jobs/{job_id}/cancel")
    assert driver.ask("DELETE", f"/jobs/{job_id}").status == 204
    assert problem(driver.ask("GET", f"/jobs/{job_id}")) == (404, 1291)
    assert problem(driver.ask("DELETE", f"/jobs/{job_id}")) == (404, 1291)


def test_logs_are_a_terse_404_before_the_end() -> None:
    driver = Driver()
    job_id = driver.submit()
    driver.now += 11.0
    reply = driver.ask("GET", f"/jobs/{job_id}/logs")
    assert problem(reply) == (404, "not_found")
    assert b"logs not found" in reply.body
    assert job_id.encode() not in reply.body


def test_logs_say_what_happened_as_loud_as_was_asked() -> None:
    driver = Driver()
    loud, quiet = driver.submit(log_level="DEBUG"), driver.submit(log_level="error")
    driver.simulate(FAILED)
    driver.now += 14.0
    reply = driver.ask("GET", f"/jobs/{loud}/logs")
    assert dict(reply.headers)["Content-Type"].startswith("text/plain")
    assert [line.split()[1] for line in reply.body.decode().splitlines()] == ["INFO", "DEBUG", "ERROR"]
    lines = driver.ask("GET", f"/jobs/{quiet}/logs").body.decode().splitlines()
    assert len(lines) == 1
    assert str(FAILED.reason) in lines[0]


def test_a_job_that_never_ran_has_no_logs() -> None:
    driver = Driver()
    job_id = driver.submit()
    driver.ask("POST", f"/jobs/{job_id}/cancel")
    assert driver.ask("GET", f"/jobs/{job_id}/logs").status == 404


def test_tags_are_replaced_and_cleared() -> None:
    driver = Driver()
    job_id = driver.submit("a", "b")
    assert driver.ask("PUT", f"/jobs/{job_id}/tags", {"tags": ["c"]}).status == 204
    assert driver.job(job_id)["tags"] == ["c"]
    assert driver.ask("PUT", f"/jobs/{job_id}/tags", {"tags": []}).status == 204
    assert "tags" not in driver.job(job_id)


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, 1208), ({"tags": "a"}, 1208), ({"tags": ["t"] * 9}, 1204), ({"tags": ["t" * 87]}, 1205)],
)
def test_bad_tags_are_refused_and_change_nothing(body: Any, code: int) -> None:
    driver = Driver()
    job_id = driver.submit("a")
    assert problem(driver.ask("PUT", f"/jobs/{job_id}/tags", body)) == (400, code)
    assert driver.job(job_id)["tags"] == ["a"]


@pytest.mark.parametrize(
    ("tag", "state", "status"),
    [
        ("emulate:fail", {"status": "Failed", "reason_code": 1500}, "Failed"),
        ("emulate:fail=1603", {"status": "Failed", "reason_code": 1603}, "Failed"),
        (
            "emulate:ran-too-long",
            {"status": "Cancelled", "reason": "Ran too long", "reason_code": 1305},
            "Cancelled - Ran too long",
        ),
        ("emulate:cancelled", {"status": "Cancelled"}, "Cancelled"),
    ],
)
def test_outcomes_can_be_asked_for_by_tag(tag: str, state: dict[str, Any], status: str) -> None:
    driver = Driver()
    job_id = driver.submit(tag)
    driver.now += 10.0
    assert driver.status(job_id) == "Running"
    driver.now += 4.0
    shown = driver.job(job_id)
    assert state.items() <= shown["state"].items()
    assert shown["status"] == status
    assert shown["usage"]["qpu_charge_time_seconds"] > 0


def test_times_can_be_asked_for_by_tag() -> None:
    driver = Driver()
    job_id = driver.submit("emulate:queue=3", "emulate:run=20")
    driver.simulate(DONE)
    for at, status in ((2.9, "Queued"), (3.0, "Running"), (22.9, "Running"), (23.0, "Completed")):
        driver.now = driver.machine.books.started + at
        assert driver.status(job_id) == status
