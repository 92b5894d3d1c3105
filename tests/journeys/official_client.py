"""IBM's released client, unmodified, against the emulator: run by an interpreter that has it.

    python official_client.py URL        prints one line of JSON for each check: its name, and what went wrong

Redirected by configuration alone: IAM_URL, QISKIT_FUNCTIONS_EXPERIMENTAL and a URL resolver.
"""

from __future__ import annotations

import json
import math
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

URL = sys.argv[1]
os.environ["IAM_URL"] = URL
os.environ["QISKIT_FUNCTIONS_EXPERIMENTAL"] = "1"
warnings.simplefilter("ignore")

from qiskit import QuantumCircuit, generate_preset_pass_manager  # noqa: E402 - after the environment is set
from qiskit.circuit import Parameter  # noqa: E402
from qiskit.quantum_info import SparsePauliOp  # noqa: E402
from qiskit_ibm_runtime import Batch, EstimatorV2, QiskitRuntimeService, SamplerV2, Session  # noqa: E402
from qiskit_ibm_runtime.exceptions import (  # noqa: E402
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
    RuntimeJobMaxTimeoutError,
    RuntimeJobNotFound,
)
from qiskit_ibm_runtime.executor_estimator import Estimator as ExecutorEstimator  # noqa: E402
from qiskit_ibm_runtime.executor_sampler import Sampler as ExecutorSampler  # noqa: E402

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:inst0::"
IDEAL, HERON = "emulator_ideal", "emulator_heron"
SIGMAS = 6.0
"""A count this many standard deviations off has a chance below 1e-8: six checks make 1e-7 together."""

service = QiskitRuntimeService(
    channel="ibm_quantum_platform",
    token="any-key",
    instance=CRN,
    url_resolver=lambda *_: f"{URL}/api/v1",
)
checks: list[Callable[[], None]] = []


def check(function: Callable[[], None]) -> Callable[[], None]:
    checks.append(function)
    return function


def rotation(angle: float | Parameter) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    circuit.measure_all()
    return circuit


def flip() -> QuantumCircuit:
    """In gates that a device has itself."""
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.measure_all()
    return circuit


def sampler(backend: str = IDEAL, **options: Any) -> Any:
    return SamplerV2(service.backend(backend), options=options or None)


def run(*tags: str, **options: Any) -> Any:
    environment = {"job_tags": list(tags), **options.pop("environment", {})}
    return sampler(environment=environment, **options).run([rotation(1.0)], shots=100)


def follows(ones: int, shots: int, chance: float) -> bool:
    return abs(ones - shots * chance) <= SIGMAS * math.sqrt(shots * chance * (1 - chance)) + 1


def raises(kind: type[Exception], work: Callable[[], Any]) -> Exception:
    try:
        work()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


@check
def backends_are_listed_and_described() -> None:
    names = {backend.name for backend in service.backends()}
    assert {IDEAL, HERON, "emulator_falcon"} <= names, names
    heron = service.backend(HERON)
    assert heron.num_qubits == 156
    assert heron.status().operational
    assert heron.properties().qubit_property(0)["T1"][0] > 0
    assert heron.target.num_qubits == 156


@check
def a_sampler_counts_what_theory_says() -> None:
    theta = Parameter("theta")
    angles = [0.3, 1.1, 2.4]
    result = sampler().run([(rotation(theta), [[a] for a in angles])], shots=4000).result()
    for index, angle in enumerate(angles):
        counts = result[0].data.meas.get_counts(index)
        assert follows(counts.get("1", 0), 4000, math.sin(angle / 2) ** 2), (angle, counts)


@check
def a_sampler_runs_on_the_emulated_device() -> None:
    backend = service.backend(HERON)
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    fitted = generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)
    counts = SamplerV2(backend).run([fitted], shots=1000).result()[0].data.meas.get_counts()
    assert counts["00"] + counts["11"] > 800, counts


@check
def an_estimator_gives_what_theory_says() -> None:
    circuit = QuantumCircuit(2)
    circuit.rx(0.7, 0)
    circuit.cx(0, 1)
    observables = [SparsePauliOp("ZZ"), SparsePauliOp(["ZI", "XX"], [0.5, 2.0])]
    job = EstimatorV2(service.backend(IDEAL)).run([(circuit, observables)], precision=0.01)
    found = job.result()[0].data
    for value, error, theory in zip(found.evs, found.stds, (1.0, 0.5 * math.cos(0.7)), strict=True):
        assert abs(value - theory) <= SIGMAS * max(error, 0.01), (found.evs, found.stds)


@check
def status_metrics_usage_and_logs_can_be_read() -> None:
    job = run()
    job.wait_for_final_state()
    assert str(job.status()) == "DONE"
    assert job.metrics()["timestamps"]["finished"]
    assert job.usage() > 0
    assert job.usage_estimation["quantum_seconds"] is not None
    assert isinstance(job.logs(), str)
    assert job.inputs["pubs"]
    assert job.creation_date is not None


@check
def tags_are_set_found_and_replaced() -> None:
    job = run("journey", "one")
    assert set(job.tags) == {"journey", "one"}
    assert [found.job_id() for found in service.jobs(job_tags=["journey", "one"])] == [job.job_id()]
    job.update_tags(["two"])
    assert service.jobs(job_tags=["journey"]) == []
    assert [found.job_id() for found in service.jobs(job_tags=["two"])] == [job.job_id()]


@check
def jobs_are_listed_by_every_filter() -> None:
    job = run("filtered")
    job.wait_for_final_state()
    since = datetime.now(UTC) - timedelta(minutes=5)
    for how in (
        {"pending": False},
        {"backend_name": IDEAL},
        {"program_id": "sampler"},
        {"created_after": since},
        {"descending": False},
        {"limit": None},
    ):
        found = service.jobs(job_tags=["filtered"], **how)
        assert [one.job_id() for one in found] == [job.job_id()], how
    assert service.jobs(job_tags=["filtered"], pending=True) == []
    assert service.jobs(job_tags=["filtered"], created_before=since) == []
    assert len(service.jobs(limit=2, skip=1)) == 2


@check
def a_job_is_cancelled_once_and_deleted_after_its_end() -> None:
    job = run("emulate:never")
    job.cancel()
    again = service.job(job.job_id())
    again.wait_for_final_state()
    assert str(again.status()) == "CANCELLED"
    raises(RuntimeInvalidStateError, again.result)
    raises(RuntimeInvalidStateError, again.cancel)
    service.delete_job(job.job_id())
    raises(RuntimeJobNotFound, lambda: service.job(job.job_id()))


@check
def a_failed_job_raises_with_code_and_reason() -> None:
    error = raises(RuntimeJobFailureError, run("emulate:fail=1517").result)
    assert "1517" in str(error), error


@check
def a_circuit_that_does_not_fit_fails_on_the_server() -> None:
    body = {
        "program_id": "sampler",
        "backend": HERON,
        "params": {"pubs": [["OPENQASM 3.0; this is not qasm"]]},
    }
    job_id = service._active_api_client._api.program_run(**_posted(body))["id"]
    error = raises(RuntimeJobFailureError, service.job(job_id).result)
    assert "Error code" in str(error), error


def _posted(body: dict[str, Any]) -> dict[str, Any]:
    """The arguments of the client's own lowest layer, which does not look at the circuit."""
    return {
        "program_id": body["program_id"],
        "backend_name": body["backend"],
        "params": body["params"],
        "image": "",
        "log_level": "WARNING",
    }


@check
def a_job_that_ran_too_long_has_its_own_exception() -> None:
    raises(RuntimeJobMaxTimeoutError, run("emulate:ran-too-long").result)


@check
def a_private_result_is_read_once() -> None:
    job = run(environment={"private": True})
    assert job.result()[0].data.meas.num_shots == 100
    assert service.job(job.job_id()).result() is None


@check
def sessions_and_batches_run_and_close() -> None:
    for kind in (Session, Batch):  # on a device: of a simulator this client opens none
        with kind(backend=service.backend(HERON)) as group:
            job = SamplerV2(mode=group).run([flip()], shots=50)
            assert job.result()[0].data.meas.num_shots == 50
            assert group.session_id
            assert job.session_id == group.session_id
        details = kind.from_id(group.session_id, service).details()
        assert details is not None
        assert details["accepting_jobs"] is False


@check
def a_cancelled_session_fails_what_is_in_its_queue() -> None:
    session = Session(backend=service.backend(HERON))
    options = {"environment": {"job_tags": ["emulate:queue=60"]}}
    job = SamplerV2(mode=session, options=options).run([flip()])
    session.cancel()
    error = raises(RuntimeJobFailureError, job.result)
    assert "1217" in str(error), error


@check
def the_classes_of_the_client_side_run_through_the_executor() -> None:
    backend = service.backend(HERON)
    pair = QuantumCircuit(2)
    pair.h(0)
    pair.cx(0, 1)
    fit = generate_preset_pass_manager(optimization_level=1, backend=backend).run
    measured = fit(pair.measure_all(inplace=False))
    for twirled in (False, True):
        primitive = ExecutorSampler(backend)
        primitive.options.twirling.enable_gates = twirled
        primitive.options.twirling.enable_measure = twirled
        counts = primitive.run([measured], shots=512).result()[0].data.meas.get_counts()
        assert sum(counts.values()) == 512, counts
        assert counts["00"] + counts["11"] > 400, counts
    fitted = fit(pair)
    observable = SparsePauliOp("ZZ").apply_layout(fitted.layout)
    found = ExecutorEstimator(backend).run([(fitted, observable)]).result()[0].data
    assert abs(found.evs - 1.0) < 0.1, found.evs


@check
def usage_is_counted() -> None:
    assert service.usage()["usage_consumed_seconds"] > 0


for function in checks:
    try:
        function()
        wrong = None
    except Exception:  # noqa: BLE001 - each check is judged by itself
        wrong = traceback.format_exc()[-1500:]
    print(json.dumps({"check": function.__name__, "wrong": wrong}), flush=True)  # noqa: T201 - that is its answer
