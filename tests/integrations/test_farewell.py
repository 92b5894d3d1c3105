"""Streams end when the server is told to stop, and everything else goes on to its end."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from qrt_async.integrations import asgi
from tests.ground import Ground, ground

Signals = list[int]


@pytest.fixture
def heard() -> Iterator[Signals]:
    """What this process was told, which ends nothing but its servers."""
    found: Signals = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda number, _: found.append(number))
    yield found
    for number, handler in before.items():
        signal.signal(number, handler)


def application(here: Ground, arrived: asyncio.Event | None = None) -> Starlette:
    async def job(_: Request) -> Any:
        return asgi.events(await here.run())

    async def ticks(_: Request) -> Response:
        return StreamingResponse(_ticks(), media_type="text/event-stream")

    async def download(_: Request) -> Response:
        return StreamingResponse(_ticks(3), media_type="text/plain")

    async def echo(request: Request) -> Response:
        said = b""
        async for part in request.stream():
            said += part
            if arrived is not None:
                arrived.set()
        return PlainTextResponse(said)

    routes = [Route(f"/{handler.__name__}", handler) for handler in (job, ticks, download)]
    routes.append(Route("/echo", echo, methods=["POST"]))
    return Starlette(routes=routes, middleware=[Middleware(asgi.Farewell)])


async def _ticks(most: int = 10_000) -> AsyncIterator[str]:
    for _ in range(most):
        yield "data: tick\n\n"
        await asyncio.sleep(0.2)


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[tuple[aiohttp.ClientSession, asyncio.Task[None]]]:
    """By uvicorn, which hears signals and waits as long as it takes."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        assert not running.done(), "it did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session, running
    finally:
        server.should_exit = True
        await running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("path", ["/job", "/ticks"])
async def test_a_stream_ends_as_if_it_were_whole(heard: Signals, path: str, number: signal.Signals) -> None:
    async with ground() as here, serving(application(here)) as (session, running):
        async with session.get(path) as stream:
            await stream.content.readline()
            signal.raise_signal(number)
            assert b"event: end" not in await stream.content.read(), "read to its end, and not cut"
        await running
    assert heard == [number], "uvicorn has heard it, too, and passed it on"


async def test_what_is_being_sent_is_heard_to_its_end(heard: Signals) -> None:
    arrived, sent = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"first, "
        await sent.wait()
        yield b"last"

    async with ground() as here, serving(application(here, arrived)) as (session, running):
        async with session.get("/ticks") as stream:
            await stream.content.readline()
            echoed = asyncio.create_task(session.post("/echo", data=body()))
            await arrived.wait()
            signal.raise_signal(signal.SIGTERM)
            await stream.content.read()
        sent.set()
        async with await echoed as reply:
            assert await reply.text() == "first, last"
        await running


async def test_what_ends_by_itself_is_not_cut_short(heard: Signals) -> None:
    async with ground() as here, serving(application(here)) as (session, running):
        async with session.get("/download") as reply:
            await reply.content.readline()
            signal.raise_signal(signal.SIGTERM)
            assert (await reply.text()).count("tick") == 2
        await running


async def living(app: Any) -> None:
    """The life of an application, as a server leads it."""

    async def nothing(*_: Any) -> Any:
        pytest.fail("the application does not ask")

    await asgi.Farewell(app)({"type": "lifespan"}, nothing, nothing)


async def test_handlers_are_put_back_unless_somebody_else_has_the_signal_by_then(heard: Signals) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    async def app(*_: Any) -> None:
        assert signal.getsignal(signal.SIGTERM) not in before
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    await living(app)
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) == before[1]


def test_in_a_thread_signals_are_left_alone() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    async def app(*_: Any) -> None:
        seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=lambda: asyncio.run(living(app)))
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.skipif(sys.platform == "win32", reason="signals end processes in another way")
def test_a_signal_that_nobody_else_hears_ends_the_process() -> None:
    program = """
import asyncio, signal
from qrt_async.integrations import asgi

async def app(*_):
    signal.raise_signal(signal.SIGTERM)

asyncio.run(asgi.Farewell(app)({"type": "lifespan"}, None, None))
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False)
    assert ended.returncode == -signal.SIGTERM
