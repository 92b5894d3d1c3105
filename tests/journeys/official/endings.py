"""Jobs that fail, are cancelled, run too long or are private, with the exceptions that IBM's client documents."""

from __future__ import annotations

from functools import partial
from typing import Any

from qiskit import QuantumCircuit
from qiskit_ibm_runtime import SamplerV2
from qiskit_ibm_runtime.exceptions import (
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
    RuntimeJobMaxTimeoutError,
)

from tests.journeys.official.ground import (
    FALCON,
    HERON,
    IDEAL,
    check,
    control,
    ended,
    main,
    raises,
    result,
    run,
    service,
)

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '


def posted(program: str, backend: str, params: dict[str, Any], **more: Any) -> Any:
    """A job that the client's own checks would not let through: by its lowest layer."""
    client = service._active_api_client
    job_id = client.program_run(program, backend, params, None, "WARNING", None, **more)["id"]
    return service.job(job_id)


def sampled(text: str, backend: str = IDEAL, **params: Any) -> Any:
    return posted("sampler", backend, {"pubs": [[text]], "version": 2, "support_qiskit": True, **params})


@check
def a_failed_job_raises_with_code_and_reason() -> None:
    job = run("emulate:fail=1517")
    raises(RuntimeJobFailureError, lambda: result(job), "Unable to retrieve job result", "Error code 1517;")
    assert str(job.status()) == "ERROR"
    assert job.errored()
    assert job.error_message().startswith(f"Job {job.job_id()} has failed:\nError code 1517;")
    assert job.usage() == 2.0
    again = service.job(job.job_id())
    assert again.error_message() == job.error_message()


@check
def text_that_is_no_circuit_is_accepted_and_fails_later() -> None:
    job = sampled("OPENQASM 3.0; this is not qasm")
    error = raises(RuntimeJobFailureError, lambda: result(job), "Error code")
    assert any(code in str(error) for code in ("1506", "1603")), error
    assert job.usage() == 2.0


@check
def circuits_that_do_not_fit_fail_with_1517_naming_gate_and_qubits() -> None:
    for backend, text in (
        (HERON, HEAD + "bit c; h $3; c = measure $3;"),
        (HERON, HEAD + "bit c; cz $0, $155; c = measure $0;"),
        (FALCON, HEAD + "bit c; cz $0, $1; c = measure $0;"),
    ):
        error = raises(RuntimeJobFailureError, partial(result, sampled(text, backend)), "1517")
        assert "instruction" in str(error), error
        assert "qubits" in str(error), error


@check
def too_many_shots_fail_with_1520() -> None:
    job = posted("sampler", IDEAL, {"pubs": [[HEAD + "bit c; qubit q; c = measure q;", None, 3_000_000_000]]})
    raises(RuntimeJobFailureError, lambda: result(job), "Error code 1520", "3000000000", "10000000")


@check
def options_that_exclude_each_other_fail_with_1521() -> None:
    options = {"resilience": {"zne_mitigation": True, "pec_mitigation": True}}
    params = {"pubs": [[HEAD + "qubit q; x q;", "Z"]], "options": options}
    raises(RuntimeJobFailureError, lambda: result(posted("estimator", IDEAL, params)), "1521")


@check
def observables_of_another_width_fail_with_1501() -> None:
    params = {"pubs": [[HEAD + "qubit q; x q;", "ZZ"]]}
    raises(RuntimeJobFailureError, lambda: result(posted("estimator", IDEAL, params)), "Error code 1501")


@check
def a_job_that_ran_too_long_has_its_own_exception() -> None:
    job = run("emulate:ran-too-long")
    raises(RuntimeJobMaxTimeoutError, lambda: result(job), "Error code 1305; Ran too long")
    assert str(job.status()) == "ERROR"
    assert job.error_message().startswith(f"Job {job.job_id()} ran longer than maximum execution time")
    assert job.usage() > 0


@check
def a_run_beyond_its_own_limit_ran_too_long_and_costs_no_more() -> None:
    job = run("emulate:run=5", most=1)
    raises(RuntimeJobMaxTimeoutError, lambda: result(job), "1305")
    assert job.usage() == 1.0


@check
def a_job_cancelled_by_others_says_so() -> None:
    job = run("emulate:cancelled")
    assert ended(job) == "CANCELLED"
    raises(RuntimeInvalidStateError, lambda: result(job), "Job was cancelled")
    assert job.metrics()["timestamps"]["running"] is not None


@check
def a_job_cancelled_in_the_queue_never_ran_and_costs_nothing() -> None:
    job = run("emulate:never")
    job.cancel()
    metrics = service.job(job.job_id()).metrics()
    assert metrics["timestamps"]["running"] is None
    assert metrics["timestamps"]["finished"] is not None
    assert service.job(job.job_id()).usage() == 0


@check
def a_private_result_is_read_once_and_its_params_are_never_shown() -> None:
    job = run("secret", private=True)
    assert job.private
    assert job.inputs == {}
    assert result(job)[0].data.meas.num_shots == 100
    again = service.job(job.job_id())
    assert again.private is True
    assert again.tags == ["secret"]
    assert again.inputs == {}
    assert result(again) is None


@check
def one_bad_pub_fails_the_job_as_a_whole() -> None:
    good = HEAD + "bit c; qubit q; c = measure q;"
    params = {"pubs": [[good], [HEAD + "bit c; qubit q; no_such_gate q; c = measure q;"]]}
    raises(RuntimeJobFailureError, lambda: result(posted("sampler", IDEAL, params)), "Error code")


@check
def the_auditors_see_what_was_done() -> None:
    job = run()
    ended(job)
    events = [
        event["action"].rpartition(".")[2] for event in control("audit") if event["job"] == job.job_id()
    ]
    assert events[0] == "create"
    assert set(events[1:]) == {"read"}


@check
def a_circuit_without_measurements_gives_what_the_service_gives() -> None:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    job = SamplerV2(service.backend(IDEAL)).run([circuit], shots=5)
    assert ended(job) == "DONE"
    assert result(job)[0].data.size == 1


if __name__ == "__main__":
    main()
