"""aiohttp's exceptions, by a table, in our terms. Given by name so that no file here imports aiohttp."""

from __future__ import annotations

from qrt_async.errors import Answer, InvalidInput, QrtError, TimedOut, Unreachable
from qrt_async.transport.retry import Kind, Trouble
from qrt_async.transport.wire import Request

BY_NAME: dict[str, Kind] = {
    "ClientConnectorError": "unsent",
    "ClientHttpProxyError": "unsent",
    "ConnectionTimeoutError": "unsent",
    "InvalidURL": "unsent",
    "NonHttpUrlClientError": "unsent",
    "ServerFingerprintMismatch": "unsent",
    "ServerTimeoutError": "late",
    "TimeoutError": "late",
    "ClientError": "cut",
    "OSError": "cut",
}
"""The most specific name that an exception or one of its bases has decides. What aiohttp may invent
later counts as cut: the request may have arrived."""
_MISNAMED = frozenset({"InvalidURL", "NonHttpUrlClientError"})
_LASTING = frozenset({"ClientConnectorCertificateError", "ServerFingerprintMismatch"}) | _MISNAMED
_WORDS: dict[str, str] = {
    "unsent": "No connection",
    "cut": "The connection broke",
    "late": "No answer in time",
}


def understand(error: Exception) -> Trouble:
    """What happened to a request that brought no reply."""
    names = _names(error)
    kind = next(BY_NAME[name] for name in (*names, "ClientError") if name in BY_NAME)
    lasting = not _LASTING.isdisjoint(names) or ("ClientHttpProxyError" in names and _status(error) < 500)
    return Trouble(kind=kind, lasting=lasting)


def error_from(request: Request, trouble: Trouble, error: Exception) -> QrtError:
    """Our error for a try that brought no reply.

    Raise it from ``origin(error)``: aiohttp's own exceptions carry the request's headers and the proxy's
    password in their attributes and reprs, so they must not travel along.
    """
    if not _MISNAMED.isdisjoint(_names(error)):
        return InvalidInput(f"{request.template} cannot be asked: {type(error).__name__}. Check url=.")
    submitted: Answer = "unknown" if request.submits and trouble.kind != "unsent" else "no"
    kind = TimedOut if trouble.kind == "late" else Unreachable
    return kind(
        f"{_WORDS[trouble.kind]} ({_said(error)}).",
        method=request.method,
        path=request.template,
        submitted=submitted,
    )


def origin(error: Exception) -> Exception | None:
    """The system's own error behind it, where there is one: safe to show."""
    found = getattr(error, "os_error", error)
    return found if isinstance(found, Exception) and type(found).__module__ in {"builtins", "ssl"} else None


def _names(error: Exception) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]


def _status(error: Exception) -> int:
    return int(getattr(error, "status", 0))


def _said(error: Exception) -> str:
    """In its words, but for the URL that a ``ClientResponseError`` quotes."""
    text = f"HTTP {_status(error)} {getattr(error, 'message', '')}" if _status(error) else str(error)
    return f"{type(error).__name__}: {text}".strip(": ")
