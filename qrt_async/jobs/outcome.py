"""From a final record to what awaiting the job brings. Pure."""

from __future__ import annotations

from qrt_async.api.models import JobRecord
from qrt_async.api.status import RAN_TOO_LONG, JobStatus
from qrt_async.errors import JobCancelled, JobError, JobFailed, JobRanTooLong

_QUOTED = 500


def error_of(record: JobRecord, text: str | None = None) -> JobError | None:
    """How the job went wrong, or ``None`` if it completed.

    ``text`` is the service's error text, used where the record itself gives no reason.
    """
    status = record.state.status
    if status is JobStatus.COMPLETED:
        return None
    reason = record.state.reason or text
    kind: type[JobError] = JobFailed
    if record.ran_too_long:
        kind, reason = JobRanTooLong, reason or "Ran too long"
    elif status is JobStatus.CANCELLED:
        kind, reason = JobCancelled, reason or "cancelled on the service"
    code = RAN_TOO_LONG if kind is JobRanTooLong else record.state.code
    return kind(
        _words(record, kind, reason, code),
        job_id=record.id,
        reason=reason,
        reason_code=code,
        solution=record.state.reason_solution or None,
    )


def _words(record: JobRecord, kind: type[JobError], reason: str | None, code: int | None) -> str:
    verb = {JobFailed: "failed", JobCancelled: "was cancelled", JobRanTooLong: "ran too long"}[kind]
    words = f"Job {record.id} {verb}: {reason or 'the service gives no reason'}"
    if code is not None:
        words += f" (code {code})"
    if record.state.reason_solution:
        words += f". {record.state.reason_solution}"
    return words


def last_line(body: bytes | None) -> str | None:
    """The part of an error text that says what happened: the last line, as in a traceback."""
    lines = [line.strip() for line in (body or b"").decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1][:_QUOTED] if lines else None
