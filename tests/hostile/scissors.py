"""A proxy over real sockets that cuts the body of a result where it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

_END = b"\r\n\r\n"
_FIRST = 1000
"""Bytes that travel ahead of the others, so that these arrive while those are worked on."""
_PAUSE = 0.05


class Scissors:
    """Passes everything on to a server. ``after``: bytes of a result's body, then the connection is closed;
    ``abruptly``, it is reset."""

    def __init__(self, server: str) -> None:
        self._server = urlsplit(server)
        self.after: int | None = None
        self.abruptly = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection(self._server.hostname, self._server.port)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    head = await reader.readuntil(_END)
                    outer.write(head + await reader.readexactly(_length(head)))
                    if not await self._answer(inner, writer, cuts=b"/results HTTP" in head):
                        break
        finally:
            outer.close()
            writer.close()

    async def _answer(self, inner: asyncio.StreamReader, writer: asyncio.StreamWriter, cuts: bool) -> bool:
        """Is the connection still whole?"""
        head = await inner.readuntil(_END)
        body = await inner.readexactly(_length(head))
        whole = not cuts or self.after is None or self.after >= len(body)
        sent = body if whole else body[: self.after]
        writer.write(head + sent[:_FIRST])
        if cuts:
            await asyncio.sleep(_PAUSE)
        writer.write(sent[_FIRST:])
        await writer.drain()
        if not whole and self.abruptly:
            await asyncio.sleep(0.01)
            writer.transport.abort()
        return whole


def _length(head: bytes) -> int:
    lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)


@asynccontextmanager
async def scissors(server: str) -> AsyncIterator[tuple[Scissors, str]]:
    """The proxy, and its URL."""
    proxy = Scissors(server)
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    try:
        yield proxy, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        await listening.wait_closed()
