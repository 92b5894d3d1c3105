from __future__ import annotations

import pytest

from tests.emulator.driver import FAILED, MIDDLE, NEW, OLD, Driver, config


def test_a_queued_job_shows_what_it_has_and_leaves_out_the_rest() -> None:
    driver = Driver()
    shown = driver.job(driver.submit())
    assert set(shown) == {
        "id",
        "backend",
        "state",
        "status",
        "program",
        "created",
        "cost",
        "user_id",
        "estimated_running_time_seconds",
        "params",
    }
    assert (shown["state"], shown["program"]) == ({"status": "Queued"}, {"id": "sampler"})
    assert shown["created"] == "2026-05-28T20:26:40.000000Z"


def test_a_failure_shows_reason_code_and_solution() -> None:
    driver = Driver()
    state = driver.job(driver.completed(outcome=FAILED))["state"]
    assert state == {
        "status": "Failed",
        "reason": FAILED.reason,
        "reason_code": 1517,
        "reason_solution": FAILED.reason_solution,
    }


def test_usage_in_records_has_a_shape_by_date() -> None:
    driver = Driver()
    job_id = driver.completed()
    new = {"qpu_charge_time_seconds": 3.0, "status": "complete"}
    assert driver.job(job_id, date=NEW)["usage"] == driver.job(job_id, date=MIDDLE)["usage"] == new
    assert "usage" not in driver.job(job_id, date=OLD)
    assert driver.json("GET", "/jobs", date=OLD)["jobs"][0]["usage"] == {"seconds": 3.0}


def test_usage_is_pending_until_the_end() -> None:
    driver = Driver()
    job_id = driver.submit()
    driver.now += 10.0
    assert driver.job(job_id)["usage"] == {"qpu_charge_time_seconds": 0.0, "status": "pending"}


def test_metrics_until_2026_02_15_have_bss_seconds_and_circuits() -> None:
    driver = Driver()
    metrics = driver.json("GET", f"/jobs/{driver.completed()}/metrics", date=OLD)
    assert metrics["bss"] == {"seconds": 3.0}
    assert metrics["usage"] == {"quantum_seconds": 3.0, "seconds": 3.0}
    assert (metrics["num_circuits"], metrics["num_qubits"], metrics["circuit_depths"]) == (1, [2], [4])
    assert "position_in_queue" not in metrics
    assert "estimated_start_time" not in metrics


@pytest.mark.parametrize("date", [MIDDLE, NEW])
def test_metrics_since_2026_03_15_have_neither_bss_nor_estimates(date: str) -> None:
    driver = Driver()
    job_id = driver.submit()
    metrics = driver.json("GET", f"/jobs/{job_id}/metrics", date=date)
    assert metrics["usage"] == {"qpu_charge_time_seconds": 0.0, "status": "pending"}
    assert not {"bss", "position_in_queue", "estimated_start_time"} & set(metrics)


def test_execution_time_moves_to_the_root_at_2026_04_15() -> None:
    driver = Driver()
    job_id = driver.completed()
    middle = driver.json("GET", f"/jobs/{job_id}/metrics", date=MIDDLE)
    new = driver.json("GET", f"/jobs/{job_id}/metrics", date=NEW)
    assert middle["usage"]["circuits_execution_time_ns"] == 3_000_000_000
    assert "circuits_execution_time_ns" not in middle
    assert new["circuits_execution_time_ns"] == 3_000_000_000
    assert "circuits_execution_time_ns" not in new["usage"]


def test_timestamps_are_null_until_they_are_reached() -> None:
    driver = Driver()
    job_id = driver.submit()
    driver.ask("POST", f"/jobs/{job_id}/cancel")
    stamps = driver.json("GET", f"/jobs/{job_id}/metrics")["timestamps"]
    assert stamps["running"] is None
    assert stamps["finished"] == stamps["created"]


def test_position_counts_down_as_earlier_jobs_start() -> None:
    driver = Driver()
    first = driver.submit("emulate:queue=5")
    second = driver.submit("emulate:queue=8")
    third = driver.submit("emulate:queue=9", backend="ibm_b")

    def position(job_id: str) -> object:
        return driver.json("GET", f"/jobs/{job_id}/metrics", date=OLD).get("position_in_queue")

    assert (position(first), position(second), position(third)) == (0, 1, 0)
    driver.now += 5.0
    assert (position(first), position(second)) == (None, 0)


def test_estimates_come_true_within_the_stated_jitter() -> None:
    driver = Driver(config(jitter=0.2, seed=11))
    jobs = [driver.submit() for _ in range(100)]
    driver.simulate()
    estimates = {job: driver.json("GET", f"/jobs/{job}/metrics", date=OLD) for job in jobs}
    assert {metrics["estimated_start_time"] for metrics in estimates.values()} == {
        "2026-05-28T20:26:50.000000Z"
    }
    assert {metrics["estimated_completion_time"] for metrics in estimates.values()} == {
        "2026-05-28T20:26:54.000000Z"
    }
    driver.now += 100.0
    driver.status(jobs[0])
    errors = [entry["running"] - entry["created"] - 10.0 for entry in driver.control("GET", "jobs")]
    assert max(map(abs, errors)) <= 0.2 * 10.0
    assert max(errors) > 1.0
    assert min(errors) < -1.0
