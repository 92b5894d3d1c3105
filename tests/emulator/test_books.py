from __future__ import annotations

import uuid

import pytest

from qrt_async.emulator.books import Books
from qrt_async.emulator.usage import PERIOD
from qrt_async.emulator.wishes import Wish
from tests.emulator.driver import OTHER_CRN, START, Driver, config

RUN = bytes(range(16))


def books(run: bytes = RUN, **fields: object) -> Books:
    return Books(config(**fields), run, START)


def test_times_are_drawn_around_their_means_and_estimates_name_the_means() -> None:
    drawn = [books(jitter=0.25, seed=seed).plan(Wish()) for seed in range(200)]
    assert all(7.5 <= plan.queue <= 12.5 and 3.0 <= plan.run <= 5.0 for plan in drawn)
    assert min(plan.queue for plan in drawn) < 8.0
    assert max(plan.queue for plan in drawn) > 12.0
    assert {(plan.expected_queue, plan.expected_run) for plan in drawn} == {(10.0, 4.0)}


def test_a_time_that_was_wished_for_is_kept_exactly() -> None:
    plan = books(jitter=0.25).plan(Wish(queue=3.0, run=5.0))
    assert (plan.queue, plan.run, plan.expected_queue, plan.expected_run) == (3.0, 5.0, 3.0, 5.0)


def test_without_a_seed_every_run_draws_its_own() -> None:
    assert books(seed=None).seed != books(bytes(reversed(RUN)), seed=None).seed
    assert books(seed=5).seed == 5


def test_traces_are_uuids_that_another_run_does_not_repeat() -> None:
    first, second = books(), books(bytes(reversed(RUN)))
    traces = {first.trace(), first.trace(), second.trace(), second.trace()}
    assert len(traces) == 4
    assert {uuid.UUID(trace).version for trace in traces} == {4}


def test_refusals_do_not_change_what_is_drawn_for_jobs() -> None:
    quiet, loud = books(jitter=0.5), books(jitter=0.5)
    loud.trace()
    assert quiet.plan(Wish()) == loud.plan(Wish())


def test_what_runs_when_usage_is_spent_has_run_too_long_and_pays_for_its_time() -> None:
    driver = Driver(config(usage_limit=3.0))
    first, second, queued = (
        driver.submit(),
        driver.submit("emulate:run=60"),
        driver.submit("emulate:queue=50"),
    )
    other = driver.submit("emulate:run=60", options={"crn": OTHER_CRN})
    driver.simulate()
    driver.now += 20.0
    cut = driver.job(second)
    assert (driver.status(first), driver.status(queued)) == ("Completed", "Queued")
    assert (cut["status"], cut["state"]["reason_code"]) == ("Cancelled - Ran too long", 1305)
    assert cut["usage"] == {"qpu_charge_time_seconds": 4.0, "status": "complete"}
    assert driver.job(other, crn=OTHER_CRN)["status"] == "Running"


@pytest.mark.parametrize("of", ["instance", "emulator"])
def test_lowering_the_limit_cuts_what_runs(of: str) -> None:
    driver = Driver()
    job_id = driver.submit("emulate:run=60")
    driver.now += 12.5
    assert driver.status(job_id) == "Running"
    if of == "instance":
        assert driver.ask("PUT", "/instances/configuration", {"instance_limit": 0}).status == 204
    else:
        driver.control("POST", "config", {"usage_limit": 0})
    assert driver.job(job_id)["state"]["reason_code"] == 1305
    assert driver.stopped == [job_id]


def test_what_waits_for_usage_goes_on_when_the_period_is_over() -> None:
    driver = Driver(config(usage_limit=3.0))
    job_id, waiting = driver.submit(), driver.submit("emulate:queue=30", "emulate:cancelled")
    driver.simulate()
    driver.now = START + 14.0 + PERIOD - 0.001
    driver.tokens.clear()
    assert (driver.status(job_id), driver.status(waiting)) == ("Completed", "Queued")
    driver.now = START + 14.0 + PERIOD
    assert driver.status(waiting) == "Running"
    assert driver.json("GET", "/instances/usage")["usage_consumed_seconds"] == 0.0


def test_usage_that_runs_out_holds_what_is_queued() -> None:
    driver = Driver(config(usage_limit=3.0))
    first, second = driver.submit(), driver.submit("emulate:queue=30")
    driver.simulate()
    driver.now += 40.0
    assert (driver.status(first), driver.status(second)) == ("Completed", "Queued")
    driver.control("POST", "config", {"usage_limit": 100.0})
    assert driver.status(second) == "Running"
