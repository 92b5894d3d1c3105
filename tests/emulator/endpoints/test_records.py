from __future__ import annotations

import math
import random

import msgspec
import pytest

from qrt_async.emulator.dates import read
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


def test_session_and_calibration_are_shown_again() -> None:
    driver = Driver()
    session = driver.json("POST", "/sessions", {"mode": "batch", "backend": "ibm_a"})["id"]
    job = driver.job(driver.submit(session_id=session, calibration_id="mine"))
    assert (job["session_id"], job["calibration_id"]) == (session, "mine")


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


def test_usage_may_stay_pending_for_a_while_after_the_end() -> None:
    driver = Driver(config(settle_seconds=30.0))
    job_id = driver.completed()
    driver.now += 29.0

    def told() -> set[str]:
        metrics = driver.json("GET", f"/jobs/{job_id}/metrics")
        listed = driver.json("GET", "/jobs")["jobs"][0]
        return {driver.job(job_id)["usage"]["status"], metrics["usage"]["status"], listed["usage"]["status"]}

    assert told() == {"pending"}
    driver.now += 1.0
    assert told() == {"complete"}


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


class Seen(msgspec.Struct):
    """What the metrics of a job said at a moment."""

    job: str
    at: float
    position: int | None
    start: float | None
    end: float | None


def look(driver: Driver, job_id: str) -> Seen:
    facts = driver.json("GET", f"/jobs/{job_id}/metrics", date=OLD)
    start, end = (facts.get(f"estimated_{what}_time") for what in ("start", "completion"))
    return Seen(
        job_id,
        driver.now,
        facts.get("position_in_queue"),
        None if start is None else read(start),
        None if end is None else read(end),
    )


def watched(driver: Driver, chance: random.Random, rounds: int) -> list[Seen]:
    """Jobs are submitted at random to two backends, one of which is paused for a while, and looked at."""
    jobs, seen = [], []
    for number in range(rounds):
        driver.now = round(driver.now + chance.expovariate(1.0), 6)
        jobs.append(driver.submit("emulate:cancelled", backend=chance.choice(["ibm_a", "ibm_b"])))
        seen += [look(driver, job_id) for job_id in chance.sample(jobs[-15:], min(len(jobs), 3))]
        if number in (rounds // 3, rounds // 2):
            driver.now += 0.25
            standing = "paused" if number == rounds // 3 else "online"
            driver.control("POST", "backends", {"ibm_a": {"name": standing}})
    return seen


def test_positions_and_estimates_come_true_also_around_a_pause() -> None:
    jitter, queue, run = 0.4, 10.0, 4.0
    driver = Driver(config(jitter=jitter, seed=5, token_seconds=1e6))
    seen = watched(driver, random.Random(8), 400)
    driver.now += 1000.0
    driver.status(seen[0].job)
    truth = {entry["id"]: entry for entry in driver.control("GET", "jobs")}
    drawn = {job.id: job.starts for job in driver.machine.books.ledger.all()}
    order = {name: (entry["running"], drawn[name]) for name, entry in truth.items()}
    for it in seen:
        if it.position is not None:
            line = [
                name
                for name, entry in truth.items()
                if entry["backend"] == truth[it.job]["backend"]
                and entry["created"] <= it.at < entry["running"]
            ]
            assert it.position == sum(order[name] < order[it.job] for name in line)
    held = {name for name, (running, planned) in order.items() if running > planned + 1e-6}
    assert len(held) > 20
    late: dict[str, float] = {}
    for it in seen:
        if it.job not in held and it.start is not None and it.end is not None:
            late[it.job] = truth[it.job]["running"] - it.start
            assert abs(late[it.job]) <= jitter * queue + 1e-6
            assert abs(truth[it.job]["finished"] - it.end) <= jitter * (queue + run) + 1e-6
    spread = jitter * queue / math.sqrt(3.0)
    assert len(late) > 200
    assert abs(sum(late.values()) / len(late)) < 6.0 * spread / math.sqrt(len(late))


def test_what_is_held_or_never_starts_has_a_position_and_no_estimates() -> None:
    driver = Driver()
    driver.control("POST", "backends", {"ibm_a": {"name": "paused"}})
    held, never = driver.submit(), driver.submit("emulate:never", backend="ibm_b")
    late = driver.submit("emulate:queue=100", backend="ibm_b")
    assert [(it.position, it.start, it.end) for it in (look(driver, held), look(driver, never))] == [
        (0, None, None),
        (1, None, None),
    ]
    assert look(driver, late).position == 0
    driver.control("POST", "backends", {"ibm_a": {"name": "online"}})
    assert look(driver, held).start == driver.now + 10.0


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
