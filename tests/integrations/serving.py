"""Applications on real sockets in the test's own loop, and a browser's side of server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import uvicorn
from aiohttp import web

from qrt_async.integrations import asgi
from qrt_async.integrations.replies import App

Event = tuple[str, str, Any]
"""Id, name and data."""


class Server(uvicorn.Server):
    """Leaves the signals of the test run alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: App | web.Application) -> AsyncIterator[str]:
    """Its URL, while it is served by uvicorn, or by aiohttp itself."""
    if isinstance(app, web.Application):
        runner = web.AppRunner(app, shutdown_timeout=1.0, handler_cancellation=True)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
        return
    config = uvicorn.Config(
        app, port=0, log_config=None, ws="none", lifespan="on", timeout_graceful_shutdown=1
    )
    server = Server(config)
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.05)
            assert not running.done(), "it did not start"
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def browser(url: str, user: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(url, headers={"user": user}) as session:
        yield session


async def frames(response: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    """Events as a browser understands them; comments are skipped."""
    fields: dict[str, str] = {}
    async for line in response.content:
        text = line.decode().rstrip("\n")
        if text:
            name, _, value = text.partition(":")
            fields[name] = value.lstrip(" ")
        else:
            if "event" in fields:
                yield fields["id"], fields["event"], json.loads(fields["data"])
            fields = {}


async def told_of(source: Any, **how: Any) -> list[Event]:
    """What a client hears of it that stays to the end."""
    return parsed([frame async for frame in asgi.events(source, **how).frames()])


def parsed(bodies: list[bytes]) -> list[Event]:
    """Those of whole frames that are events."""
    found = []
    for body in bodies:
        fields = dict(line.split(": ", 1) for line in body.decode().splitlines() if line and line[0] != ":")
        if "event" in fields:
            found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found
