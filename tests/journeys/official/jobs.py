"""One job, from its submission to its deletion, in the hands of IBM's client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from qiskit_ibm_runtime.exceptions import (
    IBMRuntimeError,
    RuntimeInvalidStateError,
    RuntimeJobNotFound,
    RuntimeJobTimeoutError,
)

from tests.journeys.official.ground import (
    CRN,
    HERON,
    IDEAL,
    check,
    connect,
    ended,
    main,
    raises,
    requests,
    result,
    run,
    service,
)


@check
def a_job_moves_from_queued_to_running_to_done() -> None:
    job = run("emulate:queue=0.8", "emulate:run=0.8")
    seen = [str(job.status())]
    assert not job.in_final_state()
    while seen[-1] not in ("DONE", "ERROR"):
        now = str(job.status())
        seen += [now] if now != seen[-1] else []
    assert seen == ["QUEUED", "RUNNING", "DONE"]
    assert job.done()
    assert not job.running()
    assert not job.errored()
    assert not job.cancelled()
    assert job.error_message() is None


@check
def metrics_grow_with_the_job() -> None:
    job = run("emulate:queue=1.2", "emulate:run=0.3")
    queued = job.metrics()
    assert queued["timestamps"]["running"] is None
    assert queued["timestamps"]["finished"] is None
    assert queued["usage"]["status"] == "pending"
    assert job.usage() == 0
    ended(job)
    finished = job.metrics()
    created, running, end = (
        datetime.fromisoformat(finished["timestamps"][name]) for name in ("created", "running", "finished")
    )
    assert timedelta(seconds=1.15) < running - created < timedelta(seconds=5)
    assert running < end
    assert finished["timestamps"]["created"] == queued["timestamps"]["created"]
    assert finished["usage"] == {"qpu_charge_time_seconds": 0.3, "status": "complete"}
    assert finished["circuits_execution_time_ns"] == 300_000_000
    assert finished["qiskit_version"].startswith("2.")
    assert "sampler.py" in finished["caller"]


@check
def usage_is_estimated_counted_and_deducted() -> None:
    own = connect("the key of a spender", CRN.replace("inst0", "spent"))
    before = own.usage()
    assert before["usage_consumed_seconds"] == 0
    assert "usage_limit_seconds" not in before
    assert "usage_remaining_seconds" not in before
    job = run("emulate:run=1.5", by=own)
    assert job.usage_estimation == {"quantum_seconds": 1.5}
    ended(job)
    assert job.usage() == job.usage(partial=True) == 1.5
    assert own.usage()["usage_consumed_seconds"] == 1.5
    assert own.usage()["instance_id"] == CRN.replace("inst0", "spent")


@check
def a_job_found_again_is_the_same_one() -> None:
    job = run("found", most=99)
    wanted = result(job)[0].data.meas.get_counts()
    again = service.job(job.job_id())
    assert again.job_id() == job.job_id()
    assert again.primitive_id == "sampler"
    assert again.backend().name == IDEAL
    assert again.tags == ["found"]
    assert again.private is False
    assert again.session_id is None
    assert abs(again.creation_date - datetime.now(UTC)) < timedelta(minutes=2)
    assert result(again)[0].data.meas.get_counts() == wanted
    assert again.inputs["pubs"][0][0].num_qubits == 1
    assert again.inputs["pubs"][0][2] == 100
    assert again.inputs["support_qiskit"] is True
    assert again.instance == CRN


@check
def properties_of_a_job_are_those_of_its_run() -> None:
    job = run(backend=HERON)
    ended(job)
    assert job.properties().last_update_date <= datetime.now(UTC)


@check
def logs_are_there_after_the_end_and_as_loud_as_asked_for() -> None:
    job = run("emulate:queue=1", log_level="INFO")
    assert job.logs() == ""
    ended(job)
    assert job.job_id() in job.logs()
    quiet = run(log_level="ERROR")
    ended(quiet)
    assert quiet.logs() == ""
    never = run("emulate:never")
    never.cancel()
    assert never.logs() == ""


@check
def tags_are_replaced_as_a_whole() -> None:
    job = run("journey", "one")
    assert set(job.tags) == {"journey", "one"}
    assert job.update_tags(["two"]) == ["two"]
    assert service.job(job.job_id()).tags == ["two"]
    assert job.update_tags([]) == []
    eight = [f"tag {number} Ω" for number in range(8)]
    assert set(job.update_tags(eight)) == set(eight)


@check
def a_job_is_cancelled_once() -> None:
    for wish in ((), ("emulate:queue=0",)):
        job = run("emulate:never", *wish)
        job.cancel()
        again = service.job(job.job_id())
        assert ended(again) == "CANCELLED"
        assert again.cancelled()
        raises(RuntimeInvalidStateError, partial(result, again), job.job_id(), "cancelled")
        raises(RuntimeInvalidStateError, again.cancel, "409")
        assert again.error_message() is None
    done = run()
    ended(done)
    raises(RuntimeInvalidStateError, done.cancel, "409", "1306")


@check
def only_a_job_that_has_ended_is_deleted() -> None:
    job = run("emulate:never")
    raises(IBMRuntimeError, lambda: service.delete_job(job.job_id()), "1337")
    job.cancel()
    service.delete_job(job.job_id())
    raises(RuntimeJobNotFound, lambda: service.job(job.job_id()), job.job_id())
    raises(RuntimeJobNotFound, lambda: service.delete_job(job.job_id()))
    raises(RuntimeJobNotFound, lambda: service.job("d00000000000000000zz"))


@check
def waiting_may_time_out_and_the_job_goes_on() -> None:
    job = run("emulate:queue=1")
    raises(RuntimeJobTimeoutError, lambda: job.result(timeout=0.1, poll_interval=0.1))
    assert ended(job) == "DONE"


@check
def jobs_of_another_user_or_instance_are_not_seen() -> None:
    tag = "whose"
    job = run(tag)
    assert [one.job_id() for one in service.jobs(job_tags=[tag])] == [job.job_id()]
    stranger = connect("another key")
    assert stranger.jobs(job_tags=[tag]) == []
    elsewhere = connect("any-key", CRN.replace("inst0", "inst1"))
    assert elsewhere.jobs(job_tags=[tag]) == []
    raises(RuntimeJobNotFound, lambda: elsewhere.job(job.job_id()))


@check
def a_submission_costs_three_requests_and_a_poll_one() -> None:
    run()  # what it keeps of a backend it has now
    before = requests()
    job = run()
    after = requests()
    spent = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    assert spent == {
        "GET /v1/backends": 1,
        "GET /v1/instances/usage": 1,
        "GET /v1/backends/{name}/status": 1,
        "POST /v1/jobs": 1,
    }, spent
    job.status()
    assert requests()["GET /v1/jobs/{id}"] == after.get("GET /v1/jobs/{id}", 0) + 1


if __name__ == "__main__":
    main()
