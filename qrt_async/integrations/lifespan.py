"""A service and a submitter for as long as a web application lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from qrt_async.errors import NotSent, QrtError, ServiceClosed
from qrt_async.service import RuntimeService
from qrt_async.submit.submitter import Submitter

_FIRST = 5.0
"""Seconds that starting waits for what earlier processes left behind; then that goes on in the background."""
_AGAIN, _LONGEST = 15.0, 300.0
"""Seconds between two attempts at that, at first and at most."""


def lifespan(
    open_service: Callable[[], RuntimeService],
    open_submitter: Callable[[RuntimeService], Submitter] | None = None,
    *,
    drain: float = 5.0,
) -> Callable[[Any], AbstractAsyncContextManager[dict[str, Any]]]:
    """The ``lifespan`` of an application: what it yields is ``request.state.runtime`` and ``.submitter`` of FastAPI and
    Starlette; an ``app`` that has a ``state`` has them there, too, as Litestar wants it.

    Both are made when the application starts, in each worker's own loop. Where there is a journal, what it knows of
    processes that are gone is taken up; an outage of the service delays that, not the start. Ending takes ``drain``
    seconds at most for what waits in line, and about 10 for what is on its way; the rest stays in the journal, or is
    lost where there is none, which a WARNING says.
    """

    @asynccontextmanager
    async def living(app: Any) -> AsyncIterator[dict[str, Any]]:
        async with open_service() as service:
            state: dict[str, Any] = {"runtime": service}
            if open_submitter is None:
                yield _put(app, state)
                return
            async with _submitting(open_submitter(service), drain) as submitter:
                yield _put(app, state | {"submitter": submitter})

    return living


@asynccontextmanager
async def _submitting(submitter: Submitter, drain: float) -> AsyncIterator[Submitter]:
    await submitter.__aenter__()
    recovering = asyncio.ensure_future(_recover(submitter))
    try:
        await asyncio.wait({recovering}, timeout=_FIRST)
        yield submitter
    finally:
        recovering.cancel()
        try:
            await _leave(submitter, drain)
        finally:
            await asyncio.wait({recovering})
        if not recovering.cancelled():
            recovering.result()


async def _recover(submitter: Submitter) -> None:
    """Until it has worked once."""
    pause = _AGAIN
    while True:
        try:
            await submitter.recover()
            return
        except ServiceClosed:
            return
        except QrtError:
            await asyncio.sleep(pause)
            pause = min(_LONGEST, 2 * pause)


async def _leave(submitter: Submitter, drain: float) -> None:
    """As the Submitter was told to, but in time: cut short, it keeps in the journal what it can."""
    try:
        async with asyncio.timeout(drain):
            await submitter.__aexit__(None, None, None)
    except (TimeoutError, NotSent):
        pass  # an event said how many were left


def _put(app: Any, state: dict[str, Any]) -> dict[str, Any]:
    kept = getattr(app, "state", None)
    for name, value in state.items() if kept is not None else ():
        setattr(kept, name, value)
    return state
