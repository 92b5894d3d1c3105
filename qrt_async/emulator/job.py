"""One job and how it moves from queue to end; pure."""

from __future__ import annotations

import math
from typing import Any, Literal

import msgspec

from .wishes import Wish
from .work import Outcome

Status = Literal["Queued", "Running", "Completed", "Failed", "Cancelled"]

RAN_TOO_LONG = 1305
SESSION_CLOSED = 1217
OVERHEAD_SECONDS = 2.0
"""What a job costs that fails or ends before it measured anything."""


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """What the client sent, checked."""

    program_id: str
    backend: str
    params: bytes
    cost: int
    tags: tuple[str, ...] = ()
    runtime: str | None = None
    log_level: str = "info"
    session_id: str | None = None
    calibration_id: str | None = None
    private: bool = False
    remote_storage: dict[str, Any] | None = None
    caller: str | None = None
    qiskit_version: str | None = None
    parent: str | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was drawn for a job when it was accepted."""

    queue: float
    run: float
    lag: float
    expected_queue: float
    expected_run: float
    settle: float = 0.0


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it stands. It is replaced, never changed."""

    id: str
    user_id: str
    crn: str
    created: float
    posted: Posted
    plan: Plan
    wish: Wish
    tags: tuple[str, ...]
    status: Status = "Queued"
    running: float | None = None
    finished: float | None = None
    reason: str | None = None
    reason_code: int | None = None
    reason_solution: str | None = None
    charged: float = 0.0
    outcome: Outcome | None = None
    result: bytes | None = None
    deleted: float | None = None

    @property
    def final(self) -> bool:
        return self.finished is not None

    def settled(self, now: float) -> bool:
        """Whether what it is charged is final."""
        return self.finished is not None and now >= self.finished + self.plan.settle

    @property
    def starts(self) -> float:
        """When the queue lets it through, if nothing holds it."""
        for_ever = self.wish.ending == "never" and self.wish.queue is None
        return math.inf if for_ever else self.created + self.plan.queue

    @property
    def due(self) -> float:
        """When the run is over at the earliest. A run that was asked for is cut short at its cost."""
        if self.running is None:
            return math.inf
        asked = self.wish.run is not None or self.wish.ending == "ran-too-long"
        return self.running + (min(self.plan.run, self.posted.cost) if asked else self.plan.run)

    @property
    def simulated(self) -> bool:
        """Whether the end depends on a simulation."""
        return self.wish.ending == "real"

    @property
    def ready(self) -> bool:
        """Whether it may end when the run is over."""
        return not self.simulated or self.outcome is not None

    @property
    def legacy_status(self) -> str:
        """The flattened status of old, which has a word of its own for 1305."""
        return "Cancelled - Ran too long" if self.reason_code == RAN_TOO_LONG else self.status

    def status_at(self, at: float) -> Status | None:
        """The status at an earlier moment; ``None`` before the job was there."""
        if at < self.created:
            return None
        if self.finished is not None and at >= self.finished:
            return self.status
        return "Running" if self.running is not None and at >= self.running else "Queued"

    def as_of(self, at: float) -> Job | None:
        """The job as it stood at an earlier moment."""
        status = self.status_at(at)
        if status is None or status == self.status:
            return None if status is None else self
        running = self.running if status == "Running" else None
        return msgspec.structs.replace(
            self,
            status=status,
            running=running,
            finished=None,
            reason=None,
            reason_code=None,
            reason_solution=None,
            charged=0.0,
        )


def start(job: Job, at: float) -> Job:
    return msgspec.structs.replace(job, status="Running", running=at)


def cancel(job: Job, at: float) -> Job:
    """By the user: what ran until now is charged, a queued job costs nothing."""
    spent = 0.0 if job.running is None else at - job.running
    return _final(job, at, "Cancelled", charged=spent)


def out_of_usage(job: Job, at: float) -> Job:
    """The instance has used up what it may while this job ran: what ran until now is charged."""
    return _too_long(job, at, 0.0 if job.running is None else at - job.running)


def close(job: Job, at: float) -> Job:
    """The session of a queued job was closed."""
    return _final(
        job,
        at,
        "Failed",
        reason="Session has been closed.",
        reason_code=SESSION_CLOSED,
        reason_solution="Raise the session's max_time, or keep the session active until its jobs have run.",
    )


def end(job: Job, at: float) -> Job:
    """The run is over: as it was wished for, or as the simulation went."""
    match job.wish.ending:
        case "fail":
            return _wished_failure(job, at)
        case "cancelled":
            return _final(job, at, "Cancelled", charged=job.plan.run)
        case "ran-too-long":
            return _too_long(job, at, min(job.plan.run, float(job.posted.cost)))
    if job.outcome is None:
        raise ValueError(f"job {job.id} cannot end before its simulation")
    spent = job.outcome.quantum_seconds if job.wish.run is None else job.wish.run
    if spent > job.posted.cost:
        return _too_long(job, at, float(job.posted.cost))
    return _simulated(job, at, job.outcome, spent)


def _simulated(job: Job, at: float, outcome: Outcome, spent: float) -> Job:
    if outcome.kind == "completed":
        return _final(job, at, "Completed", charged=spent, result=outcome.body)
    return _final(
        job,
        at,
        "Failed",
        charged=outcome.quantum_seconds,
        result=outcome.body,
        reason=outcome.reason,
        reason_code=outcome.reason_code,
        reason_solution=outcome.reason_solution,
    )


def _wished_failure(job: Job, at: float) -> Job:
    reason = f"The job failed with code {job.wish.code}, as its tag asked."
    trace = f"Traceback (most recent call last):\n  emulator, as asked by tag\nRuntimeError: {reason}\n"
    return _final(
        job,
        at,
        "Failed",
        charged=OVERHEAD_SECONDS,
        result=trace.encode(),
        reason=reason,
        reason_code=job.wish.code,
        reason_solution="Submit the job without the tag.",
    )


def _too_long(job: Job, at: float, spent: float) -> Job:
    return _final(job, at, "Cancelled", charged=spent, reason="Ran too long", reason_code=RAN_TOO_LONG)


def _final(job: Job, at: float, status: Status, **facts: Any) -> Job:
    """A private job loses its params with its end."""
    posted = msgspec.structs.replace(job.posted, params=b"{}") if job.posted.private else job.posted
    return msgspec.structs.replace(job, status=status, finished=at, posted=posted, **facts)
