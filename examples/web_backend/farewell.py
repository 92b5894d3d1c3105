"""Ends open streams when the server is told to stop. Servers wait for answers that are on their way before they tell
the application that it ends, and a stream is on its way for as long as its page is open."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Farewell:
    """Is it time to go?"""

    def __init__(self) -> None:
        self.told = asyncio.Event()

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear of signals, too, before the server's own handlers do what they did."""
        if threading.current_thread() is not threading.main_thread():
            yield  # signals are not for threads
            return
        loop = asyncio.get_running_loop()
        earlier = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def hear(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.told.set)
            before = earlier[signal.Signals(number)]
            if callable(before):
                before(number, frame)

        for number in earlier:
            signal.signal(number, hear)
        try:
            yield
        finally:
            for number, before in earlier.items():
                signal.signal(number, before)


class Streams:
    """Middleware: from then on, whoever sends a stream hears that its client has gone, and the answer is ended as if it
    were whole. A browser asks again, and finds the next server."""

    def __init__(self, app: ASGIApp, farewell: Farewell) -> None:
        self._app = app
        self._told = farewell.told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        open_ = False

        async def sending(message: Message) -> None:
            nonlocal open_
            open_ = message["type"] == "http.response.start" or bool(message.get("more_body"))
            await send(message)

        async def receiving() -> Message:
            return await self._sooner(receive)

        await self._app(scope, receiving, sending)
        if open_ and self._told.is_set():
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _sooner(self, receive: Receive) -> Message:
        """What comes from the client, or that it has gone."""
        coming = asyncio.ensure_future(receive())
        told = asyncio.ensure_future(self._told.wait())
        try:
            await asyncio.wait({coming, told}, return_when=asyncio.FIRST_COMPLETED)
            return coming.result() if coming.done() else {"type": "http.disconnect"}
        finally:
            coming.cancel()
            told.cancel()
