"""From a reply that says no to the error that says what to do. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from qrt_async.errors import (
    Answer,
    Conflict,
    NotAuthorized,
    NotFound,
    Refused,
    ServiceError,
    Throttled,
    Unavailable,
    UnexpectedReply,
)
from qrt_async.transport.wire import Reply, Request, retry_after

_BY_CODE: dict[int, type[ServiceError]] = {
    401: NotAuthorized,
    403: NotAuthorized,
    404: NotFound,
    409: Conflict,
    429: Throttled,
}
_PHRASES = {
    401: "The service does not accept these credentials.",
    403: "This is not allowed.",
    404: "The service does not know this.",
    409: "This does not fit the present state.",
    413: "The request is larger than the service takes.",
    429: "Too many requests.",
}
_GENERAL = {
    2: "The service answered in a way that this call does not promise.",
    3: "The service redirects to where this request may not be taken.",
    4: "The service said no.",
    5: "The service could not.",
}
_QUOTED = 300
"""Characters of a body that is no JSON which an error repeats."""
_LONGEST = 4000
"""Characters that any one text of the service may have in an error."""
IAM_TEMPLATE = "/identity/token"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an error body, whatever its shape."""

    message: str | None = None
    code: int | str | None = None
    solution: str | None = None
    trace: str | None = None


def error_for(request: Request, reply: Reply, now: datetime, secrets: Iterable[str] = ()) -> ServiceError:
    """The error for a reply that is no success, in the service's own words where it sent some.

    Reads every body shape that has been seen: ``errors`` lists, a single ``error``, IAM's ``errorCode``,
    plain text, HTML of an edge proxy, nothing (api.md 3.1). Whatever is in ``secrets`` is blotted out.
    """
    said = read_body(reply, secrets)
    kind = error_class(request, reply)
    message = said.message or _fallback(reply)
    if kind is NotAuthorized and reply.code == 403 and request.action:
        message += (
            f" This call needs the IAM action {request.action};"
            " see Manage > Access (IAM) > Users > your user > Access."
        )
    if kind is NotAuthorized and request.template == IAM_TEMPLATE and said.solution is None:
        message += " Check the API key (https://cloud.ibm.com/iam/apikeys)."
    return kind(
        message,
        status=reply.code,
        code=said.code,
        solution=said.solution,
        trace=said.trace,
        method=request.method,
        path=request.template,
        action=request.action,
        retry_after=retry_after(reply.headers, now),
        submitted=_submitted(request, reply),
    )


def error_class(request: Request, reply: Reply) -> type[ServiceError]:
    """An HTML 401 or 403 comes from an edge proxy and says nothing about the credentials.

    IAM answers 400 for a key that it does not know (``BXNIM0415E``).
    """
    if reply.code == 400 and request.template == IAM_TEMPLATE and not reply.is_html:
        return NotAuthorized
    if reply.is_html and reply.code in {401, 403}:
        return Refused
    if reply.code >= 500:
        return Unavailable
    return _BY_CODE.get(reply.code, UnexpectedReply if reply.ok else Refused)


def unexpected(request: Request, reply: Reply, why: str) -> UnexpectedReply:
    """The error for a success that cannot be one."""
    return UnexpectedReply(
        why,
        status=reply.code,
        method=request.method,
        path=request.template,
        submitted="unknown" if request.submits else "no",
    )


def _submitted(request: Request, reply: Reply) -> Answer:
    return "unknown" if request.submits and (reply.code >= 500 or reply.ok) else "no"


def read_body(reply: Reply, secrets: Iterable[str] = ()) -> Said:
    """What the body of an error says."""
    if reply.is_html or not reply.body.strip():
        return Said()
    text = _blot(reply.body.decode("utf-8", "replace"), secrets)
    try:
        body = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return Said(message=text[:_QUOTED].strip())
    if not isinstance(body, dict):
        return Said(message=body[:_QUOTED] or None if isinstance(body, str) else None)
    found = _first(body)
    context = body.get("context")
    return Said(
        message=_text(found, "message", "errorMessage", "detail", "title"),
        code=_code(found.get("code", found.get("errorCode"))),
        solution=_text(found, "solution", "errorDetails"),
        trace=_text(body, "trace") or _text(found, "trace") or _text(context, "requestId"),
    )


def _first(body: dict[str, Any]) -> dict[str, Any]:
    for key in ("errors", "error"):
        inner = body.get(key)
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if isinstance(inner, dict):
            return inner
        if isinstance(inner, str):
            return {"message": inner, **body}
    return body


def _text(found: Any, *keys: str) -> str | None:
    for key in keys if isinstance(found, dict) else ():
        value = found.get(key)
        if isinstance(value, str) and value:
            return value[:_LONGEST]
    return None


def _code(value: Any) -> int | str | None:
    if isinstance(value, str):
        return int(value) if re.fullmatch("[0-9]{1,9}", value) else value[:_QUOTED] or None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _fallback(reply: Reply) -> str:
    words = _PHRASES.get(reply.code) or _GENERAL.get(reply.code // 100, _GENERAL[4])
    if reply.is_html:
        words += " The answer was a web page: it comes from a proxy on the way, not from the service itself."
    return words


def _blot(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text
