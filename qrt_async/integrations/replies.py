"""ASGI as far as it is needed here, without any framework: applications that answer one request."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias, TypeVar

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

R = TypeVar("R", bound="Reply")


class Reply:
    """An answer, itself an ASGI application: Starlette, FastAPI and Litestar take it as the response of a handler.
    Elsewhere ``status_code``, ``headers`` and ``body`` are what an answer is made of."""

    media_type = "application/json"
    background: Any = None
    """What FastAPI wants to have done afterwards."""

    def __init__(self, status_code: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.status_code = status_code
        self.body = body
        lines = {"content-type": self.media_type, "cache-control": "no-store", **(headers or {})}
        self.raw_headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in lines.items()]

    @property
    def headers(self) -> Mapping[str, str]:
        """By their names."""
        return {name.decode(): value.decode("latin-1") for name, value in self.raw_headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = (b"content-length", str(len(self.body)).encode())
        await self.begin(send, length)
        body = b"" if scope.get("method") == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body, "more_body": False})
        await self.afterwards()

    async def begin(self, send: Send, *more: tuple[bytes, bytes]) -> None:
        """Status and headers."""
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": [*self.raw_headers, *more]})

    async def afterwards(self) -> None:
        """What a framework hung on to the answer."""
        if self.background is not None:
            await self.background()

    def to_asgi_response(self, *_: Any, **__: Any) -> App:
        """What Litestar asks an answer of an exception handler for."""
        return self


def fitting(kind: type[R]) -> type[R]:
    """The same class, for the framework that is there: FastAPI takes for a response only what is one of Starlette's.

    That is not imported here, but found if the application has imported it.
    """
    starlette = sys.modules.get("starlette.responses")
    response = getattr(starlette, "Response", None)
    if response is None:
        return kind
    key = (kind, response)
    if key not in _JOINED:
        _JOINED[key] = _joined(kind, response)
    joined: type[R] = _JOINED[key]
    return joined


_JOINED: dict[tuple[Any, Any], Any] = {}
"""Made once: a class is not forgotten."""


def _joined(kind: Any, response: Any) -> Any:
    # Its mutable headers are wanted there, over the same list of ours.
    return type(kind.__name__, (kind, response), {"headers": response.headers, "__doc__": kind.__doc__})
