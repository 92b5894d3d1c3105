"""How a job looks on the wire: its record and its metrics, by API date."""

from __future__ import annotations

from typing import Any

import msgspec

from qrt_async.emulator.ask import Ask
from qrt_async.emulator.books import Books
from qrt_async.emulator.dates import EXECUTION_TIME_AT_ROOT, written
from qrt_async.emulator.job import Job


def record(job: Job, ask: Ask, *, params: bool, listed: bool = False) -> dict[str, Any]:
    """The job object; what is empty is left out."""
    facts: dict[str, Any] = {
        "id": job.id,
        "backend": job.posted.backend,
        "state": _state(job),
        "status": job.legacy_status,
        "program": {"id": job.posted.program_id},
        "created": written(job.created),
        "cost": job.posted.cost,
        "user_id": job.user_id,
        "estimated_running_time_seconds": round(job.plan.expected_run, 2),
        "runtime": job.posted.runtime,
        "tags": list(job.tags) or None,
        "session_id": job.posted.session_id,
        "calibration_id": job.posted.calibration_id,
        "remote_storage": job.posted.remote_storage,
        "private": job.posted.private or None,
        "usage": _usage(job, ask, listed),
    }
    if params:
        facts["params"] = msgspec.Raw(b"{}" if job.posted.private else job.posted.params)
    return {name: value for name, value in facts.items() if value is not None}


def _state(job: Job) -> dict[str, Any]:
    state = {
        "status": job.status,
        "reason": job.reason,
        "reason_code": job.reason_code,
        "reason_solution": job.reason_solution,
    }
    return {name: value for name, value in state.items() if value is not None}


def _usage(job: Job, ask: Ask, listed: bool) -> dict[str, Any] | None:
    """Since 2026-03-15 for every job that started or ended; before, in lists only, and final."""
    if ask.new_usage:
        return new_usage(job, ask.now) if job.running is not None or job.final else None
    return {"seconds": seconds(job)} if listed and job.final else None


def new_usage(job: Job, now: float) -> dict[str, Any]:
    return {"qpu_charge_time_seconds": seconds(job), "status": "complete" if job.settled(now) else "pending"}


def seconds(job: Job) -> float:
    return round(job.charged, 3)


def metrics(books: Books, job: Job, ask: Ask) -> dict[str, Any]:
    """Three shapes: until 2026-02-15, 2026-03-15, and 2026-04-15."""
    timestamps = {
        "created": written(job.created),
        "running": None if job.running is None else written(job.running),
        "finished": None if job.finished is None else written(job.finished),
    }
    facts: dict[str, Any] = {"timestamps": timestamps, "qiskit_version": job.posted.qiskit_version}
    facts |= _new_metrics(job, ask) if ask.new_usage else _old_metrics(books, job)
    return {name: value for name, value in facts.items() if value is not None}


def _new_metrics(job: Job, ask: Ask) -> dict[str, Any]:
    facts: dict[str, Any] = {"caller": job.posted.caller, "usage": new_usage(job, ask.now)}
    if job.final and job.charged:
        spent = int(job.charged * 1e9)
        target = facts if ask.date >= EXECUTION_TIME_AT_ROOT else facts["usage"]
        target["circuits_execution_time_ns"] = spent
    return facts


def _old_metrics(books: Books, job: Job) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "bss": {"seconds": seconds(job)},
        "usage": {"quantum_seconds": seconds(job), "seconds": seconds(job)},
    }
    return facts | _circuits(job) | _expectation(books, job)


def _circuits(job: Job) -> dict[str, Any]:
    if not job.final or job.outcome is None or not job.outcome.circuits:
        return {}
    return {
        "num_circuits": job.outcome.circuits,
        "num_qubits": list(job.outcome.qubits),
        "circuit_depths": list(job.outcome.depths),
    }


def _expectation(books: Books, job: Job) -> dict[str, Any]:
    """When a job will start and end, and how many start before it.

    Estimates name the means that the true times were drawn around: a start comes true within ``jitter`` of
    ``queue_seconds``, an end within ``jitter`` of both times, or later where the simulation takes longer. A
    running job's start is known. The position is exact. What is held for nobody knows how long, by a paused
    backend or for want of usage, has a position and no estimates.
    """
    if job.final:
        return {}
    facts: dict[str, Any] = {}
    if job.status == "Queued":
        position = books.ledger.position(job)
        facts = {"position_in_queue": position, "position_in_provider": position}
    if job.wish.ending == "never" or (job.status == "Queued" and books.holds(job)):
        return facts
    start = job.running if job.running is not None else job.created + job.plan.expected_queue
    return facts | {
        "estimated_start_time": written(start),
        "estimated_completion_time": written(start + job.plan.expected_run),
    }
