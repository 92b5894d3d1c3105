"""What a server must get right, or IBM's client breaks: each point that was measured on it, and its troubles."""

from __future__ import annotations

import time
import warnings

from qiskit_ibm_runtime.api.exceptions import RequestsApiError
from qiskit_ibm_runtime.exceptions import (
    IBMNotAuthorizedError,
    IBMRuntimeError,
    RuntimeInvalidStateError,
)

from tests.journeys.official.ground import (
    CRN,
    IDEAL,
    check,
    configured,
    connect,
    control,
    ended,
    main,
    raises,
    requests,
    run,
    service,
    troubled,
)

POLL = {"method": "GET", "path": "/v1/jobs/{id}"}
client = service._active_api_client


@check
def an_accepted_job_names_its_backend() -> None:
    accepted = client.program_run("sampler", IDEAL, {"pubs": []}, None, "WARNING", None)
    assert accepted["backend"] == IDEAL
    assert set(accepted) == {"id", "backend"}


@check
def the_state_of_a_job_holds_its_status_whatever_the_end() -> None:
    for tag, state, flat in (
        ("emulate:fail", "Failed", "Failed"),
        ("emulate:cancelled", "Cancelled", "Cancelled"),
        ("emulate:ran-too-long", "Cancelled", "Cancelled - Ran too long"),
        ("plain", "Completed", "Completed"),
    ):
        job = run(tag)
        assert client.job_get(job.job_id())["state"]["status"] in ("Queued", "Running", state)
        ended(job)
        record = client.job_get(job.job_id())
        assert record["state"]["status"] == state
        assert record["status"] == flat
        assert (record["state"].get("reason_code") == 1305) is ("too long" in flat)


@check
def results_of_a_failed_job_are_its_text_and_of_others_empty_until_there() -> None:
    failed, long, never = run("emulate:fail"), run("emulate:ran-too-long"), run("emulate:never")
    ended(failed)
    ended(long)
    assert "Traceback" in client.job_results(failed.job_id())
    assert client.job_results(long.job_id()) == ""
    assert client.job_results(never.job_id()) == ""
    never.cancel()
    assert client.job_results(never.job_id()) == ""


@check
def usage_says_whether_it_is_complete() -> None:
    job = run("emulate:run=0.4")
    while (usage := client.job_metadata(job.job_id())["usage"])["status"] == "pending":
        assert usage["qpu_charge_time_seconds"] == 0
    assert usage == {"qpu_charge_time_seconds": 0.4, "status": "complete"}


@check
def replacing_tags_answers_204() -> None:
    assert client.update_tags(run().job_id(), ["one"]).status_code == 204


@check
def the_count_of_a_list_is_the_total_of_what_matches() -> None:
    own = connect("the key of a counter")
    for _ in range(3):
        ended(run("counted", by=own))
    page = own._active_api_client.jobs_get(limit=2, skip=1, job_tags=["counted"])
    assert page["count"] == 3
    assert len(page["jobs"]) == 2
    assert page["offset"] == 1
    assert len(own.jobs(limit=2, skip=2, job_tags=["counted"])) == 1


@check
def errors_are_shown_whole_for_the_client_does_not_parse_them() -> None:
    error = raises(RequestsApiError, lambda: client.job_get("d00000000000000000zz"), "1291", "Job not found")
    for word in ('"errors":[', '"trace":"', '"solution":"', '"more_info":"https://'):
        assert word in str(error), error


@check
def statuses_and_levels_may_be_in_any_case() -> None:
    for level in ("WARNING", "warning", "Debug"):
        client.program_run("sampler", IDEAL, {"pubs": []}, None, level, None)
    job = run()
    ended(job)
    assert client.job_get(job.job_id())["state"]["status"].upper() == "COMPLETED"


@check
def an_expiring_token_is_renewed() -> None:
    with configured(token_seconds=12.0):
        own = connect("the key of a short life")
        own.usage()
        before = requests()["POST /identity/token"]
        time.sleep(2.2)  # ten seconds before its end the client takes a token for expired
        own.usage()
        assert requests()["POST /identity/token"] == before + 1


@check
def an_iam_that_fails_once_makes_the_client_send_its_key_itself_which_is_taken() -> None:
    fresh = connect("a key sent as it is")._create_new_cloud_api_client(CRN)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with troubled(method="POST", path="/identity/token", kind="status", body="html", times=9):
            assert fresh.cloud_usage()["instance_id"] == CRN
    assert any("API Key will be used instead" in str(one.message) for one in caught)


@check
def polls_in_trouble_end_as_they_were_measured_to_end() -> None:
    job = run("emulate:never")
    for rule, outcome in (
        ({"status": 500, "times": 1}, None),
        ({"status": 503, "retry_after": 1, "times": 1}, None),
        ({"status": 429, "retry_after": 1, "times": 1}, None),
        ({"status": 429, "times": 1}, RequestsApiError),
        ({"status": 404, "times": 1}, RequestsApiError),
        ({"status": 401, "times": 1}, IBMNotAuthorizedError),
    ):
        with troubled(**POLL, kind="status", **rule):
            if outcome is None:
                assert str(job.status()) == "QUEUED", rule
            else:
                raises(outcome, job.status)
    with troubled(**POLL, kind="cut", times=1):
        assert str(job.status()) == "QUEUED"
    job.cancel()


@check
def a_submission_answered_502_is_repeated_and_leaves_two_jobs() -> None:
    own = connect("the key of a doubled one")
    with troubled(method="POST", path="/v1/jobs", kind="status", status=502, times=1, when="after"):
        job = run("doubled", by=own)
    ids = [one.job_id() for one in own.jobs(job_tags=["doubled"])]
    assert len(ids) == 2
    assert ids[0] == job.job_id()


@check
def a_submission_answered_429_or_cut_off_is_not_repeated() -> None:
    own = connect("the key of a lost one")
    with troubled(method="POST", path="/v1/jobs", kind="cut", when="after", times=1):
        raises(IBMRuntimeError, lambda: run("lost", by=own), "Failed to run program")
    assert len(own.jobs(job_tags=["lost"])) == 1
    with troubled(method="POST", path="/v1/jobs", kind="status", status=429, retry_after=1, times=1):
        raises(IBMRuntimeError, lambda: run("refused", by=own), "429")
    assert own.jobs(job_tags=["refused"]) == []


@check
def a_cancellation_that_worked_and_was_answered_500_looks_refused() -> None:
    job = run("emulate:never")
    with troubled(
        method="POST", path="/v1/jobs/{id}/cancel", kind="status", status=500, times=1, when="after"
    ):
        raises(RuntimeInvalidStateError, job.cancel, "409")
    assert str(service.job(job.job_id()).status()) == "CANCELLED"


@check
def a_token_revoked_early_is_not_renewed() -> None:
    control("faults", [{"kind": "expire-tokens", "times": 1}])
    raises(IBMNotAuthorizedError, service.usage, "401", "1201")
    control("faults", [])


if __name__ == "__main__":
    main()
