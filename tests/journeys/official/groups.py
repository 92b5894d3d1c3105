"""Sessions and batches of IBM's client: their details, their states, their ends."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from qiskit_ibm_runtime import Batch, SamplerV2, Session
from qiskit_ibm_runtime.api.exceptions import RequestsApiError
from qiskit_ibm_runtime.exceptions import (
    IBMInputValueError,
    IBMRuntimeError,
    RuntimeJobFailureError,
)

from tests.journeys.official.ground import (
    HERON,
    IDEAL,
    check,
    configured,
    ended,
    flip,
    main,
    raises,
    result,
    service,
)

GONE = "11111111-2222-4333-8444-555555555555"


def submit(group: Any, *tags: str) -> Any:
    return SamplerV2(mode=group, options={"environment": {"job_tags": list(tags)}}).run([flip()], shots=50)


def states(group: Any) -> list[str]:
    return [stamp["status"] for stamp in group.details()["timestamps"]]


def until(group: Any, state: str) -> None:
    deadline = time.monotonic() + 10
    while group.details()["state"] != state:
        assert time.monotonic() < deadline, group.details()
        time.sleep(0.05)


@check
def a_group_opens_runs_and_closes() -> None:
    for kind, mode in ((Session, "dedicated"), (Batch, "batch")):
        with kind(backend=service.backend(HERON), max_time="1h 1m") as group:
            details = group.details()
            assert details["id"] == group.session_id
            assert details["mode"] == mode
            assert details["backend_name"] == HERON
            assert details["max_time"] == 3660
            assert details["interactive_timeout"] == 60
            assert details["state"] == "open"
            assert details["accepting_jobs"] is True
            assert details["activated_at"] is details["closed_at"] is details["last_job_started"] is None
            assert group.status() == "Pending"
            assert group.usage() == 0
            job = submit(group, "emulate:run=1")
            assert job.session_id == group.session_id
            until(group, "active")
            assert group.status() == "In progress, accepting new jobs"
            assert result(job)[0].data.meas.num_shots == 50
        assert group.status() == "Closed"
        assert states(group) == ["open", "active", "closed"]
        closed = group.details()
        assert closed["accepting_jobs"] is False
        assert closed["closed_at"] >= closed["last_job_completed"] >= closed["last_job_started"]
        assert 0.9 < group.usage() < 10
        assert [one.job_id() for one in service.jobs(session_id=group.session_id)] == [job.job_id()]
        raises(IBMRuntimeError, partial(submit, group), "The session is closed")


@check
def closing_lets_the_queue_run() -> None:
    for kind in (Session, Batch):
        group = kind(backend=service.backend(HERON))
        first, second = submit(group, "emulate:run=0.4"), submit(group, "emulate:queue=1.2")
        until(group, "active")
        group.close()
        assert group.details()["accepting_jobs"] is False
        assert group.status() == "In progress, not accepting new jobs"
        assert ended(second) == ended(first) == "DONE"
        until(group, "closed")


@check
def cancelling_fails_the_queue_with_1217_and_lets_running_jobs_finish() -> None:
    for kind in (Session, Batch):
        group = kind(backend=service.backend(HERON))
        running = submit(group, "emulate:run=0.8")
        queued = submit(group, "emulate:queue=60")
        until(group, "active")
        group.cancel()
        raises(RuntimeJobFailureError, partial(result, queued), "1217", "Session has been closed")
        assert queued.usage() == 0
        assert ended(running) == "DONE"
        until(group, "closed")
        assert group.status() == "Closed"


@check
def a_group_closes_at_once_when_nothing_is_in_it() -> None:
    batch = Batch(backend=service.backend(HERON))
    batch.close()
    assert states(batch) == ["open", "closed"]
    assert batch.details()["activated_at"] is None
    session = Session(backend=service.backend(HERON))
    session.cancel()
    assert session.status() == "Closed"
    session.close()  # again, which is let pass


@check
def from_id_takes_up_what_is_there() -> None:
    session = Session(backend=service.backend(HERON))
    again = Session.from_id(session.session_id, service)
    assert again.session_id == session.session_id
    assert again.backend() == HERON
    assert result(submit(again))[0].data.meas.num_shots == 50
    raises(
        IBMInputValueError, lambda: Batch.from_id(session.session_id, service), "dedicated instead of batch"
    )
    raises(IBMInputValueError, lambda: Session.from_id(GONE, service), "Session not found")
    session.close()
    until(again, "closed")
    late = Session.from_id(session.session_id, service)
    raises(IBMRuntimeError, lambda: submit(late), "The session is closed")


@check
def the_service_itself_refuses_jobs_in_a_closed_group() -> None:
    batch = Batch(backend=service.backend(HERON))
    batch.close()
    batch._active = True  # so that the client asks the service
    raises(IBMRuntimeError, lambda: submit(batch), "Failed to run program", "1217")


@check
def the_open_plan_has_batches_only() -> None:
    with configured(plan="open"):
        raises(RequestsApiError, lambda: Session(backend=service.backend(HERON)), "400", "1352", "open plan")
        with Batch(backend=service.backend(HERON), max_time="8h") as batch:
            assert batch.details()["max_time"] == 600


@check
def a_simulator_has_no_sessions() -> None:
    with Session(backend=service.backend(IDEAL)) as session:
        assert session.session_id is None
        assert session.details() is None


if __name__ == "__main__":
    main()
