from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.driver import OTHER_CRN, Driver, config, problem


def opened(driver: Driver, **fields: Any) -> str:
    body = {"mode": "batch", "backend": "ibm_a"} | fields
    return str(driver.json("POST", "/sessions", body)["id"])


def test_a_session_opens_with_its_times_and_a_short_id() -> None:
    session = Driver().json("POST", "/sessions", {"mode": "dedicated", "backend": "ibm_a", "max_ttl": 900})
    assert len(session["id"]) <= 36
    assert (session["state"], session["state_reason"], session["accepting_jobs"]) == (
        "open",
        "session_created",
        True,
    )
    assert (session["mode"], session["backend_name"], session["max_ttl"]) == ("dedicated", "ibm_a", 900)
    assert session["timestamps"] == [{"status": "open", "timestamp": "2026-05-28T20:26:40.000000Z"}]
    assert session["elapsed_time"] == 0.0


@pytest.mark.parametrize(
    ("plan", "given", "kept"), [("premium", None, 28800), ("premium", 99999, 28800), ("open", None, 600)]
)
def test_the_longest_life_is_capped_by_the_plan(plan: Any, given: int | None, kept: int) -> None:
    driver = Driver(config(plan=plan))
    body = {"mode": "batch", "backend": "ibm_a"} | ({} if given is None else {"max_ttl": given})
    assert driver.json("POST", "/sessions", body)["max_ttl"] == kept


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"mode": "turbo", "backend": "ibm_a"}, (500, "internal_error")),
        ({"backend": "ibm_a"}, (400, 1208)),
        ({"mode": "batch", "max_ttl": 0}, (400, 1208)),
        ({"mode": "dedicated"}, (400, 1208)),
        ({"mode": "batch", "backend": "ibm_z"}, (404, 1216)),
    ],
)
def test_a_session_that_cannot_be_is_refused(body: Any, expected: Any) -> None:
    assert problem(Driver().ask("POST", "/sessions", body)) == expected


def test_an_open_plan_has_no_dedicated_sessions() -> None:
    reply = Driver(config(plan="open")).ask("POST", "/sessions", {"mode": "dedicated", "backend": "ibm_a"})
    assert problem(reply) == (400, 1352)


@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("PATCH", ""), ("DELETE", "/close")])
def test_an_unknown_session_is_404_and_so_is_one_of_another_instance(method: str, suffix: str) -> None:
    driver = Driver()
    body = {"accepting_jobs": False}
    session = opened(driver)
    assert problem(driver.ask(method, f"/sessions/x{suffix}", body)) == (404, "not_found")
    assert problem(driver.ask(method, f"/sessions/{session}{suffix}", body, crn=OTHER_CRN)) == (
        404,
        "not_found",
    )


def test_patching_an_idle_session_closes_it_on_the_spot_and_does_not_reopen_it() -> None:
    driver = Driver()
    session = opened(driver)
    assert driver.ask("PATCH", f"/sessions/{session}", {"accepting_jobs": False}).status == 204
    closed = driver.json("GET", f"/sessions/{session}")
    assert (closed["state"], closed["state_reason"], closed["accepting_jobs"]) == (
        "closed",
        "session_closed_early",
        False,
    )
    assert closed["closed_at"]
    driver.ask("PATCH", f"/sessions/{session}", {"accepting_jobs": True})
    again = driver.json("GET", f"/sessions/{session}")
    assert (again["state"], again["accepting_jobs"]) == ("closed", True)


def test_a_body_without_accepting_jobs_is_400() -> None:
    driver = Driver()
    assert problem(driver.ask("PATCH", f"/sessions/{opened(driver)}", {})) == (400, 1208)
