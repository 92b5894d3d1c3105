from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from qrt_async.emulator import job as life
from qrt_async.emulator.job import Job, Plan, Posted
from qrt_async.emulator.wishes import Wish
from tests.emulator.driver import DONE, FAILED

PLAN = Plan(queue=10.0, run=4.0, lag=0.0, expected_queue=10.0, expected_run=4.0)


def job(*, cost: int = 600, private: bool = False, **facts: Any) -> Job:
    posted = Posted(program_id="sampler", backend="ibm_a", params=b'{"pubs":[]}', cost=cost, private=private)
    fields: dict[str, Any] = {
        "id": "x",
        "user_id": "u",
        "crn": "c",
        "created": 100.0,
        "plan": PLAN,
        "tags": (),
    }
    return Job(posted=posted, **({"wish": Wish()} | fields | facts))


def ran(**facts: Any) -> Job:
    return life.start(job(**facts), 110.0)


def test_a_queued_job_has_no_end_in_sight_and_a_running_one_has() -> None:
    assert (job().starts, job().due) == (110.0, math.inf)
    assert ran().due == 114.0


def test_a_job_completes_with_its_result_and_its_charge() -> None:
    done = life.end(ran(outcome=DONE), 114.0)
    assert (done.status, done.finished, done.charged, done.result) == ("Completed", 114.0, 3.0, DONE.body)
    assert done.legacy_status == "Completed"


def test_a_job_fails_with_reason_code_and_solution_and_is_charged() -> None:
    failed = life.end(ran(outcome=FAILED), 114.0)
    assert (failed.status, failed.charged, failed.result) == ("Failed", 2.0, FAILED.body)
    assert (failed.reason, failed.reason_code) == (FAILED.reason, 1517)
    assert failed.reason_solution == FAILED.reason_solution


def test_a_job_above_its_cost_ran_too_long_and_pays_its_cost() -> None:
    late = life.end(ran(cost=2, outcome=DONE), 114.0)
    assert (late.status, late.legacy_status) == ("Cancelled", "Cancelled - Ran too long")
    assert (late.reason, late.reason_code, late.charged) == ("Ran too long", 1305, 2.0)


def test_a_run_that_was_asked_for_is_cut_short_at_its_cost() -> None:
    assert ran(cost=2, wish=Wish(run=7.5)).due == 112.0
    assert ran(cost=2).due == 114.0


def test_a_run_that_was_asked_for_is_what_is_charged() -> None:
    assert life.end(ran(outcome=DONE, wish=Wish(run=7.5)), 114.0).charged == 7.5


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        (Wish(ending="fail", code=1603), "Failed", 1603),
        (Wish(ending="ran-too-long"), "Cancelled", 1305),
        (Wish(ending="cancelled"), "Cancelled", None),
    ],
)
def test_a_wished_end_needs_no_simulation(wish: Wish, status: str, code: int | None) -> None:
    started = ran(wish=wish)
    assert started.ready
    ended = life.end(started, 114.0)
    assert (ended.status, ended.reason_code) == (status, code)
    assert ended.charged > 0.0


def test_a_real_job_cannot_end_without_its_simulation() -> None:
    assert not ran().ready
    with pytest.raises(ValueError, match="simulation"):
        life.end(ran(), 114.0)


def test_cancelling_charges_what_ran_and_gives_no_reason() -> None:
    assert life.cancel(job(), 105.0).charged == 0.0
    cancelled = life.cancel(ran(), 111.5)
    assert (cancelled.status, cancelled.charged) == ("Cancelled", 1.5)
    assert (cancelled.reason, cancelled.reason_code) == (None, None)


def test_a_closed_session_fails_a_queued_job_with_1217() -> None:
    closed = life.close(job(), 105.0)
    assert (closed.status, closed.reason_code, closed.charged) == ("Failed", 1217, 0.0)


def test_private_params_are_gone_with_the_end() -> None:
    assert life.end(ran(private=True, outcome=DONE), 114.0).posted.params == b"{}"
    assert life.end(ran(outcome=DONE), 114.0).posted.params == b'{"pubs":[]}'


@pytest.mark.parametrize(
    ("at", "status"),
    [(99.9, None), (100.0, "Queued"), (110.0, "Running"), (113.9, "Running"), (114.0, "Failed")],
)
def test_the_past_can_be_asked_for(at: float, status: str | None) -> None:
    failed = life.end(ran(outcome=FAILED), 114.0)
    assert failed.status_at(at) == status
    then = failed.as_of(at)
    assert (then and then.status) == status
    if then is not None and status != "Failed":
        assert (then.reason_code, then.charged, then.final) == (None, 0.0, False)


def test_jobs_are_replaced_and_never_changed() -> None:
    queued = job()
    life.start(queued, 110.0)
    assert queued.status == "Queued"
    with pytest.raises(AttributeError):
        queued.status = "Running"  # type: ignore[misc]  # that it cannot is the point
    assert msgspec.structs.asdict(queued)["running"] is None
