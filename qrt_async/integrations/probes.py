"""Health and readiness, as those ask for it who run an application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from qrt_async.errors import QrtError
from qrt_async.integrations.replies import Receive, Reply, Scope, Send
from qrt_async.service import RuntimeService
from qrt_async.submit.submitter import Submitter

_PATIENCE = 2.0
"""Seconds that a probe waits."""

Probed: TypeAlias = Submitter | RuntimeService


class Probe:
    """An ASGI application that says whether ``why`` finds nothing wrong."""

    def __init__(self, why: Callable[[Scope], Awaitable[list[str]]]) -> None:
        self._why = why

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        why = await self._why(scope)
        said = {"status": "unavailable" if why else "ok", "why": why}
        await Reply(503 if why else 200, msgspec.json.encode(said))(scope, receive, send)


def healthy() -> Probe:
    """Answers 200 as long as the event loop turns: for a liveness probe. An ASGI application."""

    async def nothing(_: Scope) -> list[str]:
        return []

    return Probe(nothing)


def ready(probed: Probed | Callable[[], Probed] | None = None) -> Probe:
    """Answers 200 where submissions can be taken, else 503, with words: for a readiness probe. An ASGI application,
    which asks nothing of the service.

    Not ready is one that was closed or left, whose line is full, or whose journal cannot be opened. That the service is
    out of reach leaves it ready: submissions are taken and wait. By default it is what ``lifespan`` has put into the
    state of the application.
    """

    async def troubles(scope: Scope) -> list[str]:
        found = probed if probed is not None else _of_state(scope)
        if callable(found):
            found = found()
        return ["It has not been started."] if found is None else await _troubles(found)

    return Probe(troubles)


def _of_state(scope: Scope) -> Probed | None:
    state = scope.get("state") or {}
    found: Probed | None = state.get("submitter") or state.get("runtime")
    return found


async def _troubles(probed: Probed) -> list[str]:
    try:
        async with asyncio.timeout(_PATIENCE):
            trouble = await probed.trouble()
    except TimeoutError:
        trouble = "It does not answer."
    except QrtError as error:
        trouble = type(error).__name__
    return [] if trouble is None else [trouble]
