"""The rules: what may share a job, when it is full, when it leaves, what is whose. No loop."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import qrt_async as qrt
from qrt_async.api.job_calls import NewJob, create_job
from qrt_async.coalesce.bodies import kind_of, post, read_body
from qrt_async.coalesce.measure import EMPTY, Size, filled, fits, leaves_at, parts_of, size_of
from qrt_async.coalesce.portions import Portion, ended_record, own_metrics, own_record
from qrt_async.errors import InvalidInput, JobCancelled, JobFailed, JobRanTooLong
from qrt_async.sweep.ceilings import Ceilings
from qrt_async.sweep.timing import Machine
from tests.coalesce.ground import program
from tests.sweep.ground import CIRCUIT

Z = "Z"


def body(of: Any, **how: Any) -> bytes:
    new = NewJob(program_id=of.program_id, backend="b", params=msgspec.Raw(of.encode()), **how)
    return create_job(new).request.body or b""


def estimator(precision: float | None = None, **options: Any) -> qrt.Estimator:
    return qrt.Estimator([(CIRCUIT, Z, {"x": [[1.0]]})], precision=precision, options=options or None)


def kind(of: Any, **how: Any) -> str:
    return kind_of(read_body(body(of, **how)))


# --- compatible -------------------------------------------------------------------------------------------


def test_other_values_circuits_and_tenants_are_of_one_kind() -> None:
    other = qrt.Sampler(["OPENQASM 3.0; bit[1] c; c[0] = measure $0;"], shots=3)
    assert kind(program(1), tags=("qrt:a:t1",)) == kind(program(2, 3), tags=("qrt:b:t2",)) == kind(other)


def test_the_order_in_which_options_and_tags_were_given_does_not_matter() -> None:
    one = {"default_shots": 5, "dynamical_decoupling": {"enable": True, "sequence_type": "XY4"}}
    two = {"dynamical_decoupling": {"sequence_type": "XY4", "enable": True}, "default_shots": 5}
    assert kind(program(1, options=one), tags=("a", "b")) == kind(program(1, options=two), tags=("b", "a"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((program(1), {}), (program(1, shots=4), {})),
        ((program(1), {}), (program(1, options={"default_shots": 3}), {})),
        ((program(1), {}), (program(1), {"tags": ("a",)})),
        ((program(1), {}), (program(1), {"cost": 3})),
        ((program(1), {}), (program(1), {"session_id": "s"})),
        ((program(1), {}), (program(1), {"log_level": "debug"})),
        ((program(1), {}), (program(1), {"calibration_id": "c"})),
        ((program(1), {}), (program(1), {"runtime": "r"})),
        ((program(1), {}), (estimator(), {})),
        ((estimator(), {}), (estimator(0.1), {})),
        ((estimator(), {}), (estimator(resilience_level=2), {})),
    ],
)
def test_whatever_decides_how_a_job_runs_makes_another_kind(first: Any, second: Any) -> None:
    assert kind(first[0], **first[1]) != kind(second[0], **second[1])


@pytest.mark.parametrize(
    "given",
    [
        body(program(1), private=True),
        body(qrt.Program("mine", {"a": 1})),
        body(qrt.NoiseLearner(['OPENQASM 3.0; include "stdgates.inc"; cz $0, $1;'])),
        body(program(1, via="executor")),
    ],
)
def test_what_cannot_be_shared_is_refused(given: bytes) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        read_body(given)


def test_one_job_has_the_pubs_of_all_in_order_and_nobodys_own_tag() -> None:
    call = post(
        [body(program(1, 2), tags=("a", "qrt:x:alice")), body(program(3), tags=("a", "qrt:y"))], "qrt:z"
    )
    sent = msgspec.json.decode(call.request.body or b"")
    assert sent["tags"] == ["a", "qrt:z"]
    assert [pub[1]["x"] for pub in sent["params"]["pubs"]] == [[[1.0]], [[2.0]], [[3.0]]]
    alone = msgspec.json.decode(body(program(1)))
    assert {**sent["params"], "pubs": []} == {**alone["params"], "pubs": []}
    assert call.request.submits


def test_a_large_program_is_told_to_go_by_itself() -> None:
    text = "OPENQASM 3.0; bit[1] c; c[0] = measure $0; // " + "x" * 4_000_000
    with pytest.raises(InvalidInput, match="4,000,000"):
        read_body(body(qrt.Sampler([text])))


# --- full, and leaving ------------------------------------------------------------------------------------


def test_a_program_is_measured_by_its_points_shots_and_seconds() -> None:
    several = qrt.Sampler([(CIRCUIT, {"x": [[1.0], [2.0], [3.0]]}), (CIRCUIT, {"x": 1.0})], shots=100)
    size = size_of(several, 5000, Machine(rep_delay=1e-3))
    assert (size.pubs, size.points, size.executions, size.payload) == (2, 4, 400, 5000)
    assert size.seconds == pytest.approx(0.4, rel=0.01)
    observed = qrt.Estimator(
        [(CIRCUIT, [[Z], ["X"]], {"x": [1.0, 2.0]})], precision=0.1, options={"resilience_level": 0}
    )
    assert size_of(observed, 10, Machine()).executions == 2 * 2 * 100


@pytest.mark.parametrize(
    ("more", "fit"),
    [
        (Size(points=5, executions=10, seconds=1.0, payload=10), True),
        (Size(points=6, executions=10, seconds=1.0, payload=10), False),
        (Size(points=1, executions=991, seconds=1.0, payload=10), False),
        (Size(points=1, executions=10, seconds=9.5, payload=10), False),
        (Size(points=1, executions=10, seconds=1.0, payload=4000), False),
    ],
)
def test_a_job_holds_no_more_than_each_ceiling(more: Size, fit: bool) -> None:
    ceilings = Ceilings(executions=1000, payload=5000, seconds=12.0, most_seconds=24.0)
    held = EMPTY + Size(points=5, executions=10, seconds=1.0, payload=10)
    assert fits(held, more, ceilings, max_points=10) is fit


def test_nobody_is_overtaken_by_one_who_would_fit_better_and_the_first_goes_in_any_case() -> None:
    sizes = [Size(points=9), Size(points=2), Size(points=1)]
    assert filled(enumerate(sizes), Ceilings(), 10) == ([0], True)
    assert filled(enumerate(sizes[1:]), Ceilings(), 10) == ([0, 1], False)
    assert filled(enumerate([Size(points=50)]), Ceilings(), 10) == ([0], True)
    assert filled(iter(()), Ceilings(), 10) == ([], False)


def test_a_full_job_leaves_at_once_and_any_other_when_its_first_has_waited() -> None:
    assert leaves_at(100.0, 2.0, full=False) == 102.0
    assert leaves_at(100.0, 2.0, full=True) == 100.0


# --- what is whose ----------------------------------------------------------------------------------------


def test_a_charge_is_divided_by_executions() -> None:
    assert parts_of([100, 300]) == [0.25, 0.75]
    assert parts_of([0, 0]) == [0.5, 0.5]
    assert parts_of([]) == []


RECORD = msgspec.json.decode(
    b'{"id":"j","backend":"b","state":{"status":"Completed"},"params":{"pubs":["secret"]},"tags":["qrt:z","a"],'
    b'"program":{"id":"sampler"},"usage":{"qpu_charge_time_seconds":8.0,"status":"complete","seconds":10}}',
    type=qrt.JobRecord,
)
PORTION = Portion(span=(1, 2), pubs=4, executions=25, part=0.25, paid=0.5)


def test_a_record_shows_nothing_of_the_others() -> None:
    own = own_record(RECORD, PORTION, ("a",))
    assert (own.params, own.tags) == (None, ("a",))
    assert own.usage is not None
    assert (own.usage.charged, own.usage.seconds) == (2.5, 3.0)


def test_metrics_count_what_is_ones_own() -> None:
    from qrt_async.api.models import JobMetrics

    metrics = msgspec.json.decode(
        b'{"executions":100,"num_circuits":4,"num_qubits":[1,2,3,4],"circuit_depths":[5,6],"position_in_queue":3,'
        b'"usage":{"quantum_seconds":8,"circuits_execution_time_ns":1000}}',
        type=JobMetrics,
    )
    own = own_metrics(metrics, PORTION)
    assert (own.executions, own.num_circuits, own.num_qubits, own.circuit_depths) == (25, 2, (2, 3), None)
    assert (own.charged, own.execution_seconds, own.position_in_queue) == (2.5, 2.5e-7, 3)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (None, "Completed", None),
        (JobFailed("f", reason="bad", reason_code=1517, solution="mend it"), "Failed", 1517),
        (JobCancelled("c", reason="enough"), "Cancelled", None),
        (JobRanTooLong("r", reason="long"), "Cancelled", 1305),
    ],
)
def test_a_share_may_end_otherwise_than_its_job(error: Any, status: str, code: int | None) -> None:
    from qrt_async.jobs.outcome import error_of

    ended = ended_record(RECORD, error)
    assert (ended.state.status_text, ended.state.code) == (status, code)
    again = error_of(ended)
    assert type(again) is type(error)
    if error is not None and again is not None:
        assert (again.reason, again.solution) == (error.reason, error.solution)
