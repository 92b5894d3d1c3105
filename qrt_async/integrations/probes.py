"""Health and readiness, as those ask for it who run an application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from qrt_async.errors import QrtError
from qrt_async.integrations.replies import App, Receive, Reply, Scope, Send
from qrt_async.service import RuntimeService
from qrt_async.submit.submitter import Submitter

_PATIENCE = 2.0
"""Seconds that a probe waits."""

Probed: TypeAlias = Submitter | RuntimeService


def healthy() -> App:
    """Answers 200 as long as the event loop turns: for a liveness probe."""

    async def probe(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _answer(True, [], scope, receive, send)

    return probe


def ready(probed: Probed | Callable[[], Probed] | None = None) -> App:
    """Answers 200 where submissions can be taken, else 503, with words: for a readiness probe. Asks nothing of the
    service.

    Not ready is one that was closed or left, whose line is full, or whose journal cannot be written. That the service
    is out of reach, or the usage used up, is said and leaves it ready: submissions are taken and wait. By default it is
    what ``lifespan`` has put into the state of the application.
    """

    async def probe(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            found = probed if probed is not None else _of_state(scope)
            if callable(found):
                found = found()
            why = ["It has not been started."] if found is None else await _troubles(found)
            await _answer(not why, why, scope, receive, send)

    return probe


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


async def _answer(well: bool, why: list[str], scope: Scope, receive: Receive, send: Send) -> None:
    said = {"status": "ok" if well else "unavailable", "why": why}
    await Reply(200 if well else 503, msgspec.json.encode(said))(scope, receive, send)
