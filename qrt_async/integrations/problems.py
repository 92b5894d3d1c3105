"""Errors as problem details (RFC 9457): what the client of a web application may know of them, and no more."""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec

from qrt_async import errors
from qrt_async.errors import QrtError
from qrt_async.integrations.replies import App, Message, Receive, Reply, Scope, Send, fitting


class Kind(msgspec.Struct, frozen=True):
    """What is said of a class of errors. ``open``: its text is about what the client sent, or its own job, and says
    nothing of the inside of the application."""

    status: int
    title: str
    open: bool = True


_KINDS: dict[type[QrtError], Kind] = {
    errors.NotISA: Kind(422, "The circuit does not fit the backend"),
    errors.InvalidInput: Kind(422, "This cannot be submitted as it is"),
    errors.NoAccount: Kind(500, "The application has no credentials", open=False),
    errors.ServiceClosed: Kind(503, "The application is shutting down", open=False),
    errors.NotSent: Kind(409, "The submission was taken back"),
    errors.LineFull: Kind(503, "Too many submissions wait"),
    errors.PoolFull: Kind(503, "Too many accounts are in use"),
    errors.UnknownSubmission: Kind(404, "There is no such submission"),
    errors.JournalError: Kind(503, "The application cannot write down what it would send", open=False),
    errors.NotAuthorized: Kind(502, "The quantum service does not accept the application", open=False),
    errors.NotFound: Kind(404, "The quantum service does not know this"),
    errors.OverUsage: Kind(503, "The usage limit is reached"),
    errors.Conflict: Kind(409, "This does not fit the present state"),
    errors.Throttled: Kind(503, "The quantum service wants fewer requests", open=False),
    errors.Refused: Kind(422, "The quantum service said no"),
    errors.UnexpectedReply: Kind(
        502, "The quantum service answered in a way that is not understood", open=False
    ),
    errors.TimedOut: Kind(504, "The quantum service did not answer in time", open=False),
    errors.Unreachable: Kind(502, "The quantum service cannot be reached", open=False),
    errors.Unavailable: Kind(503, "The quantum service is not available", open=False),
    errors.ResultGone: Kind(410, "The result was read already"),
    errors.ResultTooLong: Kind(502, "The result is too long", open=False),
    errors.ResultError: Kind(502, "The result cannot be read", open=False),
    errors.JobCancelled: Kind(409, "The job was cancelled"),
    errors.JobRanTooLong: Kind(422, "The job ran too long"),
    errors.JobFailed: Kind(422, "The job failed"),
    errors.JobError: Kind(422, "The job did not complete"),
    errors.WaitTimedOut: Kind(504, "The job has not ended yet"),
    errors.ServiceError: Kind(502, "The quantum service could not be asked", open=False),
    QrtError: Kind(500, "Something went wrong", open=False),
}
"""The nearest class of an error's own line of descent counts."""

_FACTS = ("code", "trace", "job_id", "reason", "reason_code", "solution", "instruction", "qubits", "point")
"""Attributes of errors that a client may see, where the error is an open one."""
_ALWAYS = {"code", "trace", "job_id", "reason_code"}
_SECRETS = re.compile(
    r"crn:[^\s'\"\],)]+"  # names account and instance
    r"|\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"  # a JWT
    r"|\bBearer\s+[^\s'\"]+"
    r"|(?<=://)[^/@\s]+@",
    re.IGNORECASE,
)


class Problem(Reply):
    """An error as ``application/problem+json``: an ASGI application, or the parts of an answer.

    ``retry_after``: whole seconds, in a header of that name, where it is known when to try again; ``extras`` has
    ``submitted``, ``billed`` and ``retry`` of the error and what else may be told of it.
    """

    media_type = "application/problem+json"

    def __init__(self, error: QrtError, instance: str | None = None) -> None:
        kind = kind_of(error)
        self.type = f"urn:qrt-async:{_dashed(_named(error).__name__)}"
        self.title = kind.title
        self.detail = _blotted(str(error)) if kind.open else None
        self.instance = instance
        self.retry_after = _seconds(error)
        self.extras = _extras(error, kind)
        self.status = kind.status
        headers = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
        super().__init__(kind.status, msgspec.json.encode(self.to_dict(), enc_hook=str), headers)

    def to_dict(self) -> dict[str, Any]:
        """The members of the JSON object."""
        members = {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": self.instance,
            "retry_after": self.retry_after,
        }
        return {name: value for name, value in members.items() if value is not None} | self.extras

    def __repr__(self) -> str:
        return f"<Problem {self.status} {self.title!r}>"


def problem(error: QrtError, *, instance: str | None = None) -> Problem:
    """The error as an answer: return it from a handler, or from a handler of exceptions.

    What concerns the client is told: what was wrong with the input, how its job ended, when to come back. What concerns
    the application (its credentials, its disk, its connection) is not; log the error itself. ``instance`` is the URI of
    what was asked for.
    """
    return fitting(Problem)(error, instance)


def kind_of(error: QrtError) -> Kind:
    """What is said of it. Where the service itself refused what was no fault of the input, that is a bad gateway."""
    kind = _KINDS[_named(error)]
    status = getattr(error, "status", None)
    if type(error) is errors.Refused and status is not None and status not in {400, 413, 422}:
        return Kind(502, kind.title)
    return kind


def _named(error: QrtError) -> type[QrtError]:
    return next(kind for kind in type(error).__mro__ if kind in _KINDS)


def _extras(error: QrtError, kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {"submitted": error.submitted, "billed": error.billed, "retry": error.retry}
    for name in _FACTS:
        value = getattr(error, name, None)
        if value not in (None, "") and (kind.open or name in _ALWAYS):
            found[name] = _blotted(value) if isinstance(value, str) else value
    return found


def _seconds(error: QrtError) -> int | None:
    seconds = getattr(error, "retry_after", None)
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return None
    return max(1, math.ceil(seconds))


def _dashed(name: str) -> str:
    """``LineFull`` as ``line-full``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def _blotted(text: str) -> str:
    return _SECRETS.sub("***", text)


class Problems:
    """ASGI middleware: a ``QrtError`` that a handler let through becomes an answer of problem details.

    Everything else passes: other errors, cancellation, and whatever happens after the answer has begun. Litestar turns
    exceptions into answers itself: there, ``exception_handlers={QrtError: lambda request, error: problem(error)}``.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except (QrtError, ExceptionGroup) as failure:
            error = _alone(failure)
            if begun or error is None or scope["type"] != "http":
                raise
            await problem(error, instance=scope.get("path"))(scope, receive, send)


def _alone(failure: Exception) -> QrtError | None:
    """The error, also where a task group wrapped it; ``None`` where there are others besides."""
    while isinstance(failure, ExceptionGroup):
        if len(failure.exceptions) > 1:
            return None
        failure = failure.exceptions[0]
    return failure if isinstance(failure, QrtError) else None
