"""What one of those who share a job is told of it: the job as if it were theirs alone, and its charge by their part.
Pure."""

from __future__ import annotations

from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from qrt_async.api.models import JobMetrics, JobRecord, JobState, ProgramName, Usage
from qrt_async.api.status import RAN_TOO_LONG, JobStatus
from qrt_async.errors import JobCancelled, JobError, JobRanTooLong
from qrt_async.programs.slicing import Span

U = TypeVar("U", bound=Usage)


class Portion(Struct, frozen=True, kw_only=True):
    """Which part of a job is somebody's: PUBs ``span`` of ``pubs``, ``executions`` of them, which are ``part`` of all.
    ``paid`` seconds is their part of jobs before that came to nothing, while a bad program was looked for."""

    span: Span
    pubs: int
    executions: int
    part: float
    paid: float = 0.0

    @property
    def alone(self) -> bool:
        """Is nobody else in the job?"""
        return self.span[1] == self.pubs


def own_record(record: JobRecord, portion: Portion, tags: tuple[str, ...]) -> JobRecord:
    """Without the params, which are everybody's, and with the tags that this one asked for."""
    usage = None if record.usage is None else own_usage(record.usage, portion)
    return replace(record, params=None, remote_storage=None, tags=tags, usage=usage)


def ended_record(record: JobRecord, error: JobError | None) -> JobRecord:
    """The record at the end of this one, which need not be how the job ended."""
    if error is None:
        return replace(record, state=JobState(status_text=JobStatus.COMPLETED.value), status=None)
    cancelled = isinstance(error, JobCancelled | JobRanTooLong)
    state = JobState(
        status_text=(JobStatus.CANCELLED if cancelled else JobStatus.FAILED).value,
        reason=error.reason or str(error),
        reason_code=RAN_TOO_LONG if isinstance(error, JobRanTooLong) else error.reason_code,
        reason_solution=error.solution,
    )
    return replace(record, state=state, status=None)


def unseen_record(job_id: str, program_id: str, backend: str) -> JobRecord:
    """Of a job that nobody has looked at yet."""
    state = JobState(status_text=JobStatus.QUEUED.value)
    return JobRecord(id=job_id, state=state, backend=backend, program=ProgramName(id=program_id))


def own_metrics(metrics: JobMetrics, portion: Portion) -> JobMetrics:
    """Times and estimates are those of the job; what was counted is this one's, or unsaid where that cannot be told."""
    bss = None if metrics.bss is None else own_usage(metrics.bss, portion)
    usage = metrics.usage
    if usage is not None:
        usage = replace(
            own_usage(usage, portion),
            circuits_execution_time_ns=_part_of(usage.circuits_execution_time_ns, portion),
        )
    return replace(
        metrics,
        usage=usage,
        bss=bss,
        executions=None if metrics.executions is None else portion.executions,
        num_circuits=None if metrics.num_circuits is None else portion.span[1],
        num_qubits=_slice(metrics.num_qubits, portion),
        circuit_depths=_slice(metrics.circuit_depths, portion),
        circuits_execution_time_ns=_part_of(metrics.circuits_execution_time_ns, portion),
    )


def own_usage(usage: U, portion: Portion) -> U:
    """By executions."""
    said = {name: getattr(usage, name) for name in ("qpu_charge_time_seconds", "quantum_seconds", "seconds")}
    parts = {name: own_charge(value, portion) for name, value in said.items() if value is not None}
    return replace(usage, **parts)


def own_charge(charged: float, portion: Portion) -> float:
    """Of the job, and of those before."""
    return charged * portion.part + portion.paid


def _part_of(nanoseconds: int | None, portion: Portion) -> int | None:
    return None if nanoseconds is None else round(nanoseconds * portion.part)


def _slice(each: tuple[int, ...] | None, portion: Portion) -> tuple[int, ...] | None:
    """Of numbers that are one for each PUB."""
    first, count = portion.span
    return each[first : first + count] if each is not None and len(each) == portion.pubs else None
