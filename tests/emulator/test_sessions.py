from __future__ import annotations

from typing import Any

from tests.emulator.driver import DONE, Driver


def opened(driver: Driver, **fields: Any) -> str:
    body = {"mode": "batch", "backend": "ibm_a"} | fields
    return str(driver.json("POST", "/sessions", body)["id"])


def states(driver: Driver, session_id: str) -> list[str]:
    return [stamp["status"] for stamp in driver.json("GET", f"/sessions/{session_id}")["timestamps"]]


def reason(driver: Driver, session_id: str) -> str:
    return str(driver.json("GET", f"/sessions/{session_id}")["state_reason"])


def test_the_first_job_activates_idleness_inactivates_and_the_next_job_activates_again() -> None:
    driver = Driver()
    session = opened(driver)
    driver.completed(session_id=session)
    assert states(driver, session) == ["open", "active"]
    driver.now += 59.0
    assert states(driver, session) == ["open", "active"]
    driver.now += 1.0
    assert states(driver, session) == ["open", "active", "inactive"]
    assert reason(driver, session) == "session_inactivated_by_interactive_ttl"
    driver.completed(session_id=session)
    assert states(driver, session) == ["open", "active", "inactive", "active"]


def test_a_job_before_the_idle_time_is_over_keeps_the_session_active() -> None:
    driver = Driver()
    session = opened(driver)
    driver.completed(session_id=session)
    driver.now += 50.0
    driver.completed(session_id=session)
    driver.now += 40.0
    assert states(driver, session) == ["open", "active"]
    driver.now += 20.0
    assert states(driver, session) == ["open", "active", "inactive"]


def test_a_graceful_close_lets_queued_jobs_run_and_closes_with_the_last() -> None:
    driver = Driver()
    session = opened(driver)
    jobs = [driver.submit(session_id=session) for _ in range(2)]
    driver.ask("PATCH", f"/sessions/{session}", {"accepting_jobs": False})
    assert driver.json("GET", f"/sessions/{session}")["state"] == "open"
    driver.simulate()
    driver.now += 14.0
    assert [driver.status(job) for job in jobs] == ["Completed"] * 2
    assert states(driver, session) == ["open", "active", "closed"]


def test_cancelling_fails_queued_jobs_with_1217_and_lets_running_ones_finish() -> None:
    driver = Driver()
    session = opened(driver)
    running = driver.submit("emulate:queue=1", session_id=session)
    driver.now += 2.0
    queued = driver.submit(session_id=session)
    driver.simulate()
    assert driver.ask("DELETE", f"/sessions/{session}/close").status == 204
    state = driver.job(queued)["state"]
    assert (state["status"], state["reason_code"]) == ("Failed", 1217)
    assert "Session has been closed" in state["reason"]
    assert driver.status(running) == "Running"
    driver.now += 3.0
    assert driver.status(running) == "Completed"
    assert states(driver, session)[-1] == "closed"


def test_at_its_longest_life_running_jobs_finish_and_queued_ones_fail() -> None:
    driver = Driver()
    session = opened(driver, max_ttl=20)
    driver.submit("emulate:queue=0", session_id=session)
    late = driver.submit("emulate:queue=19", "emulate:run=50", session_id=session)
    never = driver.submit("emulate:queue=500", session_id=session)
    driver.simulate()
    driver.now += 21.0
    assert (driver.status(late), driver.job(never)["state"]["reason_code"]) == ("Running", 1217)
    driver.now += 50.0
    driver.machine.finished(late, DONE, driver.now)
    assert driver.status(late) == "Completed"
    assert states(driver, session)[-1] == "closed"


def test_a_session_that_nobody_uses_closes_after_half_an_hour() -> None:
    driver = Driver()
    session = opened(driver)
    driver.now += 1799.0
    assert driver.json("GET", f"/sessions/{session}")["state"] == "open"
    driver.now += 1.0
    assert driver.json("GET", f"/sessions/{session}")["state"] == "closed"


def test_a_batch_costs_its_jobs_and_a_dedicated_session_its_active_time() -> None:
    driver = Driver()
    batch = opened(driver)
    dedicated = opened(driver, mode="dedicated")
    driver.submit(session_id=dedicated)
    driver.completed(session_id=batch)
    assert driver.json("GET", f"/sessions/{batch}")["elapsed_time"] == 3.0
    assert driver.json("GET", f"/sessions/{dedicated}")["elapsed_time"] == 4.0
    driver.now += 100.0
    assert driver.json("GET", f"/sessions/{dedicated}")["elapsed_time"] == 64.0
