"""Stands where the transport would: answers calls from a script, and keeps what was asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec

from qrt_async.api.call import Call, ask
from qrt_async.transport.wire import Reply, Request

T = TypeVar("T")


def reply(body: Any = None, *, code: int = 200, kind: str = "application/json") -> Reply:
    """Bytes go as they are, all else as JSON; ``None`` is an empty body."""
    content = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Reply(code=code, headers={"content-type": kind}, body=content)


class Script:
    """An ``Ask``. Each answer is a reply, an error to raise, or what a reply's body holds."""

    def __init__(self, *answers: Any) -> None:
        self.answers = deque(answers)
        self.asked: list[Request] = []

    async def __call__(self, call: Call[T], /) -> T:
        return await ask(self._send, call)

    async def _send(self, request: Request) -> Reply:
        self.asked.append(request)
        answer = self.answers.popleft() if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reply) else reply(answer)

    @property
    def said(self) -> list[str]:
        """Method and path with query, of each request."""
        return [said(request) for request in self.asked]


def said(request: Request) -> str:
    query = "&".join(f"{key}={value}" for key, value in request.query)
    return f"{request.method} {request.path}" + (f"?{query}" if query else "")


def finish(work: Coroutine[Any, Any, T]) -> T:
    """The outcome of a coroutine that never has to wait, without a loop."""
    try:
        work.send(None)
    except StopIteration as end:
        found: T = end.value
        return found
    raise AssertionError("it waits")
