"""Ends open streams when the server is told to stop."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from qrt_async.integrations.replies import App, Message, Receive, Scope, Send

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]


class Farewell:
    """Middleware: once the server is told to stop, answers that are server-sent events end as if they were whole.

    Servers wait for what they are answering before they tell the application that it ends, and a stream is answered for
    as long as its page is open. Whatever else is under way, such as a form that is being sent, goes on to its end. A
    browser asks for its stream again, and finds the next server. Hears SIGINT and SIGTERM before the server's own
    handlers do what they did.

        app.add_middleware(asgi.Farewell)      # elsewhere ``app = asgi.Farewell(app)``, around the whole application
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._answers: set[_Answer] = set()
        self._told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            with _heard(self._end):
                await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(receive, send, told=self._told)
        self._answers.add(answer)
        try:
            await self._app(scope, answer.receive, answer.send)
        finally:
            self._answers.discard(answer)
        await answer.close()

    def _end(self) -> None:
        self._told = True
        for answer in self._answers:
            answer.end()


class _Answer:
    """One request with its answer. ``told``: the server stops."""

    def __init__(self, receive: Receive, send: Send, *, told: bool) -> None:
        self._receive = receive
        self._send = send
        self._told = told
        self._streams = self._open = False
        self._waiting: set[asyncio.Timeout] = set()

    async def receive(self) -> Message:
        """What comes from the client. Whoever sends it a stream hears, when it is time, that it has gone."""
        try:
            async with asyncio.timeout(None) as waiting:
                self._waiting.add(waiting)
                self._wake()
                return await self._receive()
        except TimeoutError:
            if not waiting.expired():
                raise
            return {"type": "http.disconnect"}
        finally:
            self._waiting.discard(waiting)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._streams = any(_is_of_events(*header) for header in message.get("headers", ()))
            self._open = True
            self._wake()
        else:
            self._open = bool(message.get("more_body"))
        await self._send(message)

    def end(self) -> None:
        """It is time to go."""
        self._told = True
        self._wake()

    async def close(self) -> None:
        """End what was left open on our word."""
        if self._told and self._streams and self._open:
            with suppress(OSError):  # how some servers say that the client has gone
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _wake(self) -> None:
        if self._told and self._streams:
            for waiting in self._waiting:
                waiting.reschedule(asyncio.get_running_loop().time())


def _is_of_events(name: bytes, value: bytes) -> bool:
    return name.lower() == b"content-type" and value.lower().startswith(b"text/event-stream")


@contextmanager
def _heard(told: Callable[[], None]) -> Iterator[None]:
    """Call it in the loop when a signal comes that is to end this process, and let the signal take its way."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are not for threads
        return
    loop = asyncio.get_running_loop()
    earlier = {number: before for number in _SIGNALS if (before := signal.getsignal(number)) is not None}

    def hear(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(told)
        before = earlier[signal.Signals(number)]
        if callable(before):
            before(number, frame)
        elif before == signal.SIG_DFL:
            signal.signal(number, before)
            signal.raise_signal(number)

    for number in earlier:
        signal.signal(number, hear)
    try:
        yield
    finally:
        for number, before in earlier.items():
            if signal.getsignal(number) is hear:  # nobody else has it by now
                signal.signal(number, before)
