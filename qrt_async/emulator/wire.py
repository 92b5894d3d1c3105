"""Requests in, replies out, and the service's way to say no; nothing here touches a socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qs, unquote

import msgspec

MORE_INFO = "https://cloud.ibm.com/apidocs/quantum-computing#error-handling"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it came from the wire."""

    method: str
    target: str
    """Path and query, still percent-encoded."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""
    oversize: bool = False
    """The body is larger than the mounting was willing to read; ``body`` is empty."""


class Mishap(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong on the way back."""

    delay: float = 0.0
    """Seconds before the reply leaves."""
    spread: float = 0.0
    """Seconds over which the body is spread."""
    cut: Literal["never", "before", "during"] = "never"
    """Where the connection is cut: before the status line, or half-way through the body."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One reply, complete."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    mishap: Mishap | None = None


class Problem(Exception):
    """A refusal in the service's words; the machine turns it into the error body."""

    def __init__(
        self,
        status: int,
        code: int | str,
        message: str,
        solution: str | None = None,
        *,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.solution = solution
        self.headers = headers

    def reply(self, trace: str) -> Reply:
        """The body that the service sends: an integer code, a solution where there is one, a trace."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.solution is not None:
            error["solution"] = self.solution
        error["more_info"] = MORE_INFO
        return json_reply({"errors": [error], "trace": trace}, status=self.status, headers=self.headers)


def invalid(part: Literal["body", "query", "headers"], because: str) -> Problem:
    """The refusal of a request whose shape is wrong."""
    return Problem(
        400,
        1208,
        f"Request validation of {part} failed, because: {because}",
        "Correct the request and try again.",
    )


def json_reply(value: Any, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    body = msgspec.json.encode(value)
    return Reply(status=status, headers=(("Content-Type", "application/json"), *headers), body=body)


def text_reply(text: bytes, *, status: int = 200, kind: str = "text/plain; charset=utf-8") -> Reply:
    return Reply(status=status, headers=(("Content-Type", kind),), body=text)


def html_reply(status: int, title: str) -> Reply:
    """A page from the edge in front of the service, which does not speak JSON."""
    head, body = f"<head><title>{title}</title></head>", f"<body><center><h1>{title}</h1></center></body>"
    page = f"<html>\r\n{head}\r\n{body}\r\n</html>"
    return text_reply(page.encode(), status=status, kind="text/html")


NO_CONTENT = Reply(status=204)


def decoded(body: bytes, kind: Any) -> Any:
    """A JSON body as that type; raises 400 with code 1208."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise invalid("body", str(error)) from None
    except RecursionError:
        raise invalid("body", "it is nested too deeply.") from None


def segments(target: str) -> tuple[str, ...]:
    """The decoded path segments. Dots climb only where they stand unencoded, as on any web server."""
    found: list[str] = []
    for part in target.partition("?")[0].split("/")[1:]:
        if part == "..":
            found = found[:-1]
        elif part != ".":
            found.append(unquote(part))
    return tuple(found)


def query(target: str) -> dict[str, list[str]]:
    """The query's values by key, in order; keys may repeat."""
    return parse_qs(target.partition("?")[2], keep_blank_values=True)


def form(body: bytes) -> dict[str, str]:
    """The fields of a form post; the first of repeated ones."""
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}
