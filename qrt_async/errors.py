"""Every error of ours.

    QrtError
    ├── InvalidInput            also ValueError: cannot be sent as given; nothing was sent
    │   └── NotISA              the circuit does not fit the backend's instruction set
    ├── NoAccount               no credentials were found
    ├── ServiceClosed           the service object was closed, or belongs to another loop or process
    ├── NotSent                 submissions that were given up before they left
    ├── LineFull                too many submissions wait already
    │   └── PoolFull            every service of a pool is in use
    ├── UnknownSubmission       also LookupError: no submission has this id, as far as one may know
    ├── JournalError            the journal cannot be used; it was left untouched
    ├── ServiceError            a request went wrong
    │   ├── NotAuthorized       401, 403, or IAM does not know the key
    │   ├── NotFound            404
    │   ├── Conflict            409
    │   │   └── OverUsage       a limit of usage, or a budget, does not allow it
    │   ├── Throttled           429
    │   ├── Refused             any other 4xx, and redirects that may not be followed
    │   ├── UnexpectedReply     a success that is not what the endpoint promises
    │   └── Unavailable         5xx
    │       ├── Unreachable     also ConnectionError: no connection, or it was cut
    │       └── TimedOut        also TimeoutError: no answer in time
    ├── ResultError             a result arrived, or should have, and cannot be read
    │   ├── ResultGone          a result that can be read only once was read already
    │   └── ResultTooLong       more bytes than are held in memory
    ├── JobError                how a job ended
    │   ├── JobFailed
    │   ├── JobCancelled        on the service; never asyncio.CancelledError
    │   └── JobRanTooLong       cancelled by the service for exceeding its time (1305)
    └── WaitTimedOut            also TimeoutError: the caller's own timeout; the job goes on

Each answers three questions: ``.submitted`` (did a job come into being?), ``.billed`` (may it cost
something?) and ``.retry`` (may the same be tried again?).
"""

from __future__ import annotations

from typing import Any, Literal

Answer = Literal["yes", "no", "unknown"]
Advice = Literal["now", "after", "never"]


class QrtError(Exception):
    """Base of everything this package raises on purpose."""

    submitted: Answer = "no"
    billed: Answer = "no"
    retry: Advice = "never"


class InvalidInput(QrtError, ValueError):
    """What was given cannot be sent as it is. Nothing was sent."""


class NotISA(InvalidInput):
    """The circuit does not fit the instruction set of the backend. Nothing was sent.

    ``instruction`` is the name of the first that does not fit, ``qubits`` are those it acts on, ``point`` is the
    index of the parameter values that make it so; ``None`` where these are not to blame.
    """

    def __init__(
        self,
        message: str,
        *,
        instruction: str | None = None,
        qubits: tuple[int, ...] | None = None,
        point: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(message)
        self.instruction = instruction
        self.qubits = qubits
        self.point = point


class NoAccount(QrtError):
    """No credentials were found; the text says where was looked."""


class ServiceClosed(QrtError, RuntimeError):
    """The service object can no longer be used here. What runs at IBM goes on."""


class NotSent(QrtError):
    """Submissions that never left, and will not: ``count`` of them. Nothing was submitted."""

    retry: Advice = "now"

    def __init__(self, message: str, *, count: int = 1) -> None:
        super().__init__(message)
        self.count = count


class LineFull(QrtError):
    """Too many submissions wait already. ``retry_after`` seconds from now there may be room: a web handler
    answers 503 with it."""

    retry: Advice = "after"

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PoolFull(LineFull):
    """Every service of a ``RuntimePool`` is in use, and none became idle in time."""


class UnknownSubmission(QrtError, LookupError):
    """No submission has this id, or it is not for those who ask: which of both is not said."""

    submitted: Answer = "unknown"
    billed: Answer = "unknown"


class JournalError(QrtError):
    """The journal cannot be used as it is: the text says why, and what to do. It was left untouched."""


class ServiceError(QrtError):
    """A request went wrong. ``status`` is the HTTP status, ``None`` where no answer came.

    ``code``, ``message``, ``solution`` and ``trace`` are the service's own words (``None`` where it
    said nothing), ``method`` and ``path`` name the request, ``action`` the IAM action it needs.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: int | str | None = None,
        solution: str | None = None,
        trace: str | None = None,
        method: str = "",
        path: str = "",
        action: str | None = None,
        retry_after: float | None = None,
        submitted: Answer = "no",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.solution = solution
        self.trace = trace
        self.method = method
        self.path = path
        self.action = action
        self.retry_after = retry_after
        self.submitted = submitted
        if submitted == "unknown":
            self.billed = "unknown"
            self.retry = "never"

    def __str__(self) -> str:
        parts = [self.message]
        if self.solution:
            parts.append(self.solution)
        facts: list[Any] = [f"HTTP {self.status}"] if self.status is not None else []
        if self.code is not None:
            facts.append(f"code {self.code}")
        if self.method:
            facts.append(f"{self.method} {self.path}")
        if self.trace:
            facts.append(f"trace {self.trace}")
        if self.submitted == "unknown":
            facts.append("the job may or may not have been submitted")
        return " ".join(parts) + (f" [{', '.join(facts)}]" if facts else "")


class NotAuthorized(ServiceError):
    """The key, the instance or a missing permission: another try will not help."""


class NotFound(ServiceError):
    """The service does not know what the path names."""


class Conflict(ServiceError):
    """What was asked does not fit the state of things (409)."""


class OverUsage(Conflict):
    """A usage limit of the service, or a budget of one's own, does not allow this now."""

    retry: Advice = "after"


class Throttled(ServiceError):
    """Too many requests; ``retry_after`` is the pause the service asked for, in seconds, if it did."""

    retry: Advice = "after"


class Refused(ServiceError):
    """The service said no."""


class UnexpectedReply(ServiceError):
    """The answer claims success and is not what the endpoint promises."""

    retry: Advice = "after"


class Unavailable(ServiceError):
    """The service could not."""

    retry: Advice = "after"


class Unreachable(Unavailable, ConnectionError):
    """There was no connection, or it broke."""


class TimedOut(Unavailable, TimeoutError):
    """No answer came in time."""


class ResultError(QrtError):
    """A result cannot be read. ``job.raw_results()`` still has the bytes."""

    submitted: Answer = "yes"
    billed: Answer = "yes"


class ResultGone(ResultError):
    """The result of a private job can be read once, and was."""


class ResultTooLong(ResultError):
    """A result has more bytes than ``max_result`` of ``RuntimeService``; the text says where they are."""


class JobError(QrtError):
    """How a job ended, in the service's words."""

    submitted: Answer = "yes"
    billed: Answer = "unknown"

    def __init__(
        self,
        message: str,
        *,
        job_id: str = "",
        reason: str | None = None,
        reason_code: int | None = None,
        solution: str | None = None,
    ) -> None:
        super().__init__(message)
        self.job_id = job_id
        self.reason = reason
        self.reason_code = reason_code
        self.solution = solution


class JobFailed(JobError):
    """The job failed on the service. A failed job is usually charged about two seconds."""


class JobCancelled(JobError):
    """The job was cancelled on the service. This is never ``asyncio.CancelledError``."""


class JobRanTooLong(JobError):
    """The service cancelled the job because it exceeded its time limit. It was charged."""

    billed: Answer = "yes"


class WaitTimedOut(QrtError, TimeoutError):
    """The ``timeout=`` of a wait passed. Only the wait ended: the job goes on."""

    submitted: Answer = "yes"
    billed: Answer = "unknown"
    retry: Advice = "now"
