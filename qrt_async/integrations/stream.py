"""Server-sent events of one source to one client: never more in memory than the newest state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from qrt_async.errors import InvalidInput
from qrt_async.integrations.happenings import Closed, Happening, Source, source_of
from qrt_async.integrations.replies import Receive, Reply, Scope, Send, fitting
from qrt_async.jobs.job import AsyncJob
from qrt_async.submit.submission import Submission
from qrt_async.sweep.run import SweepRun

_RETRY = b"retry: 2000\n\n"
"""Milliseconds after which a client that was cut off comes again."""
_BEAT = b":\n\n"
_OFF = 5.0
"""Seconds by which an expected moment may move without being told anew."""


class EventStream(Reply):
    """What happens to a job, a submission or a sweep, as server-sent events: an ASGI application for one client.

    Elsewhere ``status_code`` and ``headers`` begin an answer whose body is ``frames()``.
    """

    media_type = "text/event-stream"

    def __init__(self, source: Source, last_event_id: str | None, heartbeat: float) -> None:
        super().__init__(200, b"", {"x-accel-buffering": "no"})
        self._source = source
        self._heartbeat = heartbeat
        self._told = last_event_id
        self._resume(last_event_id)

    async def frames(self) -> AsyncGenerator[bytes]:
        """The bytes of the body, as they come, with heartbeats between. Whoever is slow to take them misses what is
        older than the newest. Iterate within ``contextlib.aclosing``: nothing but the wait ends with whoever
        leaves."""
        if self.status_code == 204:
            return
        yield _RETRY
        try:
            if self._told is not None:
                await self._source.resume(self._told)
            async with aclosing(self._frames()) as frames:
                async for frame in frames:
                    yield frame
        except Closed:
            return

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._told is None:
            self._resume(_last_event_id(scope))
        sending = asyncio.ensure_future(self._send(send, alone=scope.get("method") == "HEAD"))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        if not sending.cancelled():
            sending.result()
        await self.afterwards()

    async def _send(self, send: Send, *, alone: bool) -> None:
        """``alone``: the head without a body."""
        try:
            await self.begin(send)
            if not alone:
                async with aclosing(self.frames()) as frames:
                    async for frame in frames:
                        await send({"type": "http.response.body", "body": frame, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            return  # how some servers say that the client has gone

    def _resume(self, told: str | None) -> None:
        """After the last event there is nothing to come again for: 204 tells the client so."""
        self._told = told or None
        if self._told is not None and self._source.over(self._told):
            self.status_code = 204

    async def _frames(self) -> AsyncGenerator[bytes]:
        loop, told = asyncio.get_running_loop(), self._told
        first = self._source.look()
        due = first.due if first is not None and first.id == told else None
        beat = loop.time() + self._heartbeat
        while True:
            happening = self._source.look()
            if happening is not None and (happening.id != told or _moved(due, happening)):
                told, due = happening.id, happening.due
                yield happening.frame()
                beat = loop.time() + self._heartbeat
            elif happening is not None and happening.last:
                return
            else:
                await self._wait(beat)
                if loop.time() >= beat:
                    yield _BEAT
                    beat = loop.time() + self._heartbeat
            if happening is not None and happening.last:
                return

    async def _wait(self, beat: float) -> None:
        """For news, or until it is time to look, or to show that the line is alive."""
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(beat - now, self._source.patience))):
                await self._source.wait()
        except TimeoutError:
            pass


def events(
    source: AsyncJob[Any] | Submission[Any] | SweepRun,
    *,
    last_event_id: str | None = None,
    heartbeat: float = 15.0,
) -> EventStream:
    """What happens to a job, a submission or a sweep from now on, as server-sent events for one client.

    Return it from a handler of Starlette, FastAPI (``response_model=None``) or Litestar; with aiohttp.web write its
    ``frames()``. The data of events is JSON. ``waiting``: ``submission``, ``state``, ``position_in_line``,
    ``why_waiting``, ``eta`` in seconds. ``job``: ``id``, ``submission``, ``backend``, ``status``, ``reason``,
    ``position_in_queue``, ``estimated_start_time``, ``estimated_completion_time``, ``charged``, ``stalled``,
    ``seen_at``. ``progress``: the fields of a sweep's ``Progress``, and ``text``. ``end``, the last one: ``state``,
    ``status``, the ``job`` or ``progress``, and ``problem``, which is ``null`` or the error as problem details.

    A client that comes again, to any worker that can find the same thing, names in ``Last-Event-ID`` what it was told
    last (taken from the request where it is not given): it gets what is new since, and 204 after the ``end``. One that
    is slow gets the newest state only, one that goes away ends nothing else. ``heartbeat``: seconds after which a
    comment shows that the connection is alive.
    """
    if not isinstance(source, AsyncJob | Submission | SweepRun):
        raise InvalidInput(
            f"events() was given {type(source).__name__}; it takes an AsyncJob, Submission or SweepRun."
        )
    if not heartbeat > 0:
        raise InvalidInput(f"heartbeat is {heartbeat!r}; it must be seconds above 0.")
    return fitting(EventStream)(source_of(source), last_event_id, heartbeat)


def _moved(due: float | None, happening: Happening) -> bool:
    """Is it expected at quite another moment?"""
    if due is None or happening.due is None:
        return due is not happening.due
    return abs(happening.due - due) > _OFF


def _last_event_id(scope: Scope) -> str | None:
    for name, value in scope.get("headers", ()):
        if name.lower() == b"last-event-id":
            told: str = value.decode("utf-8", "replace")
            return told
    return None


async def _left(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
