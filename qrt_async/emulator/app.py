"""The emulator on a socket."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from email.utils import formatdate
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from .config import EmulatorConfig
from .host import Host
from .wire import Mishap, Reply, Request
from .work import Simulates

KEEP_ALIVE_SECONDS = 3600.0
"""Longer than any pause between two looks of a client."""
SHUTDOWN_SECONDS = 1.0
LINGER_SECONDS = 10.0
"""For so long a client may go on sending a body that was refused, so that it gets to read the refusal."""
PIECES = 10
"""A slow body leaves in so many pieces."""


class Emulator:
    """The service on ``http://127.0.0.1:PORT``: the API under ``/api/v1``, IAM under ``/identity/token``.

    It lives in the loop that starts it, makes nothing before and leaves nothing behind. A ``simulator``
    that is given stays the giver's to close; without one, the first job starts worker processes.
    """

    def __init__(self, config: EmulatorConfig | None = None, *, simulator: Simulates | None = None) -> None:
        self.config = config or EmulatorConfig()
        self.url = ""
        self._simulator = simulator
        self._host: Host | None = None
        self._runner: web.ServerRunner | None = None
        self._closing: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[Any]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and answer the root URL. Raises ``OSError`` where that is not possible."""
        if self._host is not None:
            raise RuntimeError(f"this emulator listens already: {self.url}")
        self._host = Host(self.config, self._simulator)
        try:
            self.url = await self._listen(self._host, host, port)
        except BaseException:
            await self.close()
            raise
        return self.url

    async def close(self) -> None:
        """Stop listening and end every simulation; also when the caller is cancelled meanwhile."""
        if self._closing is None:
            self._closing = asyncio.get_running_loop().create_task(self._close())
        closing = self._closing
        try:
            await asyncio.shield(closing)
        finally:
            if not closing.done():
                await asyncio.wait([closing])
            self._closing = None

    async def __aenter__(self) -> Self:
        if self._host is None:
            await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _listen(self, inner: Host, host: str, port: int) -> str:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            task = asyncio.current_task()
            if task is not None:
                self._serving.add(task)
                task.add_done_callback(self._serving.discard)
            return await _handle(inner, request)

        server = web.Server(handle, access_log=None, keepalive_timeout=KEEP_ALIVE_SECONDS, lingering_time=0.0)
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=SHUTDOWN_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound = self._runner.addresses[0][1]
        return f"http://[{host}]:{bound}" if ":" in host else f"http://{host}:{bound}"

    async def _close(self) -> None:
        runner, self._runner = self._runner, None
        inner, self._host = self._host, None
        self.url = ""
        if runner is not None:
            await runner.cleanup()
            await self._end_serving()
        if inner is not None:
            await inner.close()

    async def _end_serving(self) -> None:
        """aiohttp forgets a handler whose client has left; it would outlive the server."""
        serving = list(self._serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await asyncio.sleep(0)


async def _handle(host: Host, request: web.BaseRequest) -> web.StreamResponse:
    """One exchange: the body is read up to the ceiling, the machine answers, the reply is sent as it says."""
    try:
        body, oversize = await _read(request, host.ceiling)
    except (ConnectionError, web.RequestPayloadError):
        return web.Response(status=400)
    asked = Request(
        method=request.method,
        target=request.raw_path,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        oversize=oversize,
    )
    reply = await host.exchange(asked)
    response = await _send(request, reply, host)
    if oversize:
        await _linger(request, response)
    return response


async def _read(request: web.BaseRequest, ceiling: int) -> tuple[bytes, bool]:
    """The body, and whether it was too large to be read."""
    if (request.content_length or 0) > ceiling:
        return b"", True
    chunks, size = [], 0
    while chunk := await request.content.readany():
        size += len(chunk)
        if size > ceiling:
            return b"", True
        chunks.append(chunk)
    return b"".join(chunks), False


async def _linger(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Send the refusal now and swallow what still comes, as a web server does."""
    with suppress(TimeoutError, ConnectionError):
        await response.prepare(request)
        await response.write_eof()
        async with asyncio.timeout(LINGER_SECONDS):
            while await request.content.readany():
                pass


async def _send(request: web.BaseRequest, reply: Reply, host: Host) -> web.StreamResponse:
    mishap = reply.mishap
    if mishap is not None and mishap.delay:
        await asyncio.sleep(mishap.delay)
    if mishap is not None and mishap.cut == "before":
        _cut(request)
        return web.Response()
    headers = [*reply.headers, ("Date", formatdate(host.now(), usegmt=True))]
    if mishap is None or not (mishap.spread or mishap.cut == "during"):
        return web.Response(status=reply.status, headers=headers, body=reply.body)
    return await _trickle(request, reply, headers, mishap)


async def _trickle(
    request: web.BaseRequest, reply: Reply, headers: list[tuple[str, str]], mishap: Mishap
) -> web.StreamResponse:
    """A body that comes slowly, or not to its end."""
    response = web.StreamResponse(status=reply.status, headers=headers)
    response.content_length = len(reply.body)
    await response.prepare(request)
    if mishap.cut == "during":
        await response.write(reply.body[: len(reply.body) // 2])
        _cut(request)
        return response
    step = max(1, -(-len(reply.body) // PIECES))
    for begin in range(0, len(reply.body), step):
        await asyncio.sleep(mishap.spread / PIECES)
        await response.write(reply.body[begin : begin + step])
    return response


def _cut(request: web.BaseRequest) -> None:
    """Close the connection after what was written, without another word."""
    if request.transport is not None:
        request.transport.close()
