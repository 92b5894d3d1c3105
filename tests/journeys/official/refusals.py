"""What the service refuses, and what IBM's client makes of it."""

from __future__ import annotations

import time
import warnings
from functools import partial

from qiskit import QuantumCircuit
from qiskit_ibm_runtime import SamplerV2
from qiskit_ibm_runtime.api.exceptions import RequestsApiError
from qiskit_ibm_runtime.exceptions import (
    IBMNotAuthorizedError,
    IBMRuntimeError,
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
)

LONG = "x" * 87


@check
def the_sixth_submission_of_a_minute_is_refused_with_429_and_1202() -> None:
    for retry_after in (True, False):
        own = connect(f"the key of a hurried one {retry_after}")
        with configured(rate_limit=[5, 60.0], retry_after=retry_after):
            jobs = [run(by=own) for _ in range(5)]
            posts = requests()["POST /v1/jobs"]
            error = raises(IBMRuntimeError, partial(run, by=own), "Failed to run program", "429", "1202")
            assert requests()["POST /v1/jobs"] == posts + 1, "the client repeats a submission after 429"
            response = error.__context__.__cause__.response
            assert ("Retry-After" in response.headers) is retry_after
            if retry_after:
                assert 20 <= int(response.headers["Retry-After"]) <= 60
            assert "5" in response.json()["errors"][0]["message"]
        assert {ended(job) for job in jobs} == {"DONE"}


@check
def submissions_go_on_when_the_window_has_passed() -> None:
    own = connect("the key of a patient one")
    with configured(rate_limit=[2, 1.5]):
        run(by=own)
        run(by=own)
        raises(IBMRuntimeError, lambda: run(by=own), "429")
        time.sleep(1.6)
        run(by=own)


@check
def pending_jobs_are_capped_with_3458() -> None:
    own = connect("the key of a crowd")
    with configured(pending_cap=3):
        jobs = [run("emulate:never", by=own) for _ in range(3)]
        words = ("Failed to run program", "3458", "limit of 3 pending jobs")
        raises(IBMRuntimeError, lambda: run(by=own), *words)
        jobs[0].cancel()
        jobs[0] = run("emulate:never", by=own)
        for job in jobs:
            job.cancel()


@check
def a_used_up_instance_refuses_with_409_after_a_warning() -> None:
    own = connect("any-key", CRN.replace("inst0", "used-up"))
    with configured(usage_limit=1.0):
        ended(run("emulate:run=1.2", by=own))
        usage = own.usage()
        assert usage["usage_limit_reached"] is True
        assert usage["usage_limit_seconds"] == 1.0
        assert usage["usage_consumed_seconds"] == 1.2
        assert usage["usage_remaining_seconds"] == 0
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            raises(IBMRuntimeError, lambda: run(by=own), "Failed to run program", "409", "limit")
        assert any("met its usage limit" in str(one.message) for one in caught)
        fresh = connect("any-key", CRN.replace("inst0", "fresh"))
        assert fresh.usage()["usage_remaining_seconds"] == 1.0
        assert fresh.usage()["usage_limit_reached"] is False


@check
def a_wrong_key_is_refused_by_iam_and_then_by_the_service() -> None:
    with configured(token="the right one", instance=CRN):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fresh = connect("a wrong one")._create_new_cloud_api_client(
                CRN
            )  # its first request does not stall
            raises(IBMNotAuthorizedError, fresh.cloud_usage, "401", "1201")
        assert any(
            "BXNIM0415E" in str(one.message) or "could not be found" in str(one.message) for one in caught
        )
        assert connect("the right one").usage()["instance_id"] == CRN


@check
def wrong_crns_are_told_apart() -> None:
    with configured(instance=CRN):
        for wrong, words in (
            (CRN.replace("inst0", "another"), ("403", "1200")),
            (CRN.replace("us-east", "eu-de"), ("404", "1279")),
            ("crn:v1:bluemix", ("400", "1348")),
            (CRN.replace("quantum-computing", "databases"), ("400", "1241")),
        ):
            raises(RequestsApiError, connect(instance=wrong).usage, *words)
        assert connect().usage()["instance_id"] == CRN


@check
def a_key_without_an_action_is_forbidden() -> None:
    read = ["quantum-computing.job.read"]
    with configured(keys=[{"token": "read only", "user_id": "IBMid-0000000001", "actions": read}]):
        own = connect("read only")
        assert own.jobs() == []
        raises(IBMRuntimeError, lambda: run(by=own), "403", "quantum-computing.job.create")


@check
def tags_beyond_8_or_86_characters_are_refused() -> None:
    raises(IBMRuntimeError, lambda: run(*(f"t{n}" for n in range(9))), "400", "1204")
    raises(IBMRuntimeError, lambda: run(LONG), "400", "1205")
    job = run()
    raises(RequestsApiError, lambda: job.update_tags([LONG]), "400", "1205")
    run("x" * 86)


@check
def what_the_service_does_not_know_is_named() -> None:
    client = service._active_api_client
    raises(
        RequestsApiError, lambda: client.program_run("circuit-runner", IDEAL, {}, None, "INFO", None), "1213"
    )
    raises(RequestsApiError, lambda: client.program_run("nonsense", IDEAL, {}, None, "INFO", None), "404")
    raises(RequestsApiError, lambda: client.program_run("sampler", "ibm_none", {"pubs": []}, None, "INFO", None),
           "404", "1216")  # fmt: skip
    raises(
        RequestsApiError, lambda: client.program_run("sampler", IDEAL, {}, None, "INFO", None), "400", "1208"
    )
    raises(
        RequestsApiError,
        lambda: client.program_run("sampler", IDEAL, {"pubs": []}, None, "LOUD", None),
        "1208",
    )
    legacy = {"start_session": True, "session_time": 60}
    raises(RequestsApiError, lambda: client.program_run("sampler", IDEAL, {"pubs": []}, None, "INFO", None, **legacy),
           "400", "1208")  # fmt: skip
    raises(RequestsApiError, lambda: client.backend_status("ibm_none"), "404", "device not found")
    raises(RequestsApiError, lambda: client.session_details("none"), "404", "Session not found")
    backend = service.backend(IDEAL)
    backend.name = "ibm_gone"
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    error = raises(
        RequestsApiError, lambda: SamplerV2(backend).run([circuit]), "404"
    )  # from the status it asks for
    assert "ibm_gone" in str(error)


@check
def a_body_beyond_the_ceiling_meets_the_page_of_the_edge() -> None:
    with configured(payload_ceiling=20_000):
        client = service._active_api_client
        big = {"pubs": [["OPENQASM 3.0; " + " " * 30_000]]}
        error = raises(
            RequestsApiError, lambda: client.program_run("sampler", IDEAL, big, None, "INFO", None), "413"
        )
        assert "<html>" in str(error)
    control("config", {"payload_ceiling": 64 * 2**20})


if __name__ == "__main__":
    main()
