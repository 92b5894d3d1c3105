"""A call: one endpoint's question, and how to read its answer. Pure but for ``ask``."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from qrt_async.transport.failures import unexpected
from qrt_async.transport.wire import Reply, Request

T = TypeVar("T")
Send = Callable[[Request], Awaitable[Reply]]


class Call(msgspec.Struct, Generic[T], frozen=True):
    """One question for the service, and how to read its answer."""

    request: Request
    read: Callable[[Reply], T]


class Ask(Protocol):
    """Answers a call: what a lower layer is given instead of the service."""

    async def __call__(self, call: Call[T], /) -> T: ...


async def ask(send: Send, call: Call[T]) -> T:
    """Send the question and read the answer. A success that cannot be read is ``UnexpectedReply``."""
    reply = await send(call.request)
    if reply.is_html:
        raise unexpected(
            call.request, reply, f"{_name(call)} was answered with a web page, not with the API."
        )
    try:
        return call.read(reply)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise unexpected(
            call.request, reply, f"The answer to {_name(call)} cannot be read: {error}"
        ) from error


def decoded(kind: type[T]) -> Callable[[Reply], T]:
    """A reader of JSON, lenient where the service is: numbers may come as text, and ``NaN`` bare."""
    decoder = msgspec.json.Decoder(kind, strict=False)

    def read(reply: Reply) -> T:
        try:
            return decoder.decode(reply.body)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError as error:
            return msgspec.convert(_loosely(reply.body, error), kind, strict=False)

    return read


def _loosely(body: bytes, error: msgspec.DecodeError) -> Any:
    """JSON as Python's own reader takes it, with ``NaN`` and ``Infinity``; ``error`` if that fails too."""
    try:
        return json.loads(body)
    except ValueError:
        raise error from None


def nothing(reply: Reply) -> None:
    """Of a 204 there is nothing to read."""


def text(reply: Reply) -> str:
    return reply.body.decode("utf-8", "replace")


def body(reply: Reply) -> bytes | None:
    """The bytes as they came; ``None`` for 204, which is how the service says "there is none"."""
    return None if reply.code == 204 or not reply.body else reply.body


def _name(call: Call[Any]) -> str:
    return f"{call.request.method} {call.request.template}"
