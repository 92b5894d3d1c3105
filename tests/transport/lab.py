"""A transport on a bench: in front of it a scripted server on loopback, behind it everything it announces."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import traceback
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from qrt_async.events import Event, RetryPlanned
from qrt_async.transport.account import Account
from qrt_async.transport.asked import TokenSource
from qrt_async.transport.bodies import MAX_RESULT
from qrt_async.transport.connections import Connections
from qrt_async.transport.http import HttpTransport
from qrt_async.transport.retry import RetryPolicy
from qrt_async.transport.tasks import Crew, Home
from qrt_async.transport.timeouts import Timeouts
from qrt_async.transport.wire import Request

KEY = "a-secret-key-of-the-lab"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc:guid::"
AT_ONCE = RetryPolicy(base=0.0)
ONCE = RetryPolicy(tries=1)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def request(method: str = "GET", path: str = "/jobs", **more: Any) -> Request:
    return Request(method=method, path=path, template=more.pop("template", path), **more)


OPEN = request(path="/versions", authorize=False)
SUBMISSION = request("POST", body=b"{}", repeat="unsent", submits=True)


class Seen(msgspec.Struct, frozen=True):
    """A request as it arrived. ``target`` is the raw path with its query, ``peer`` the connection."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    peer: Any

    @property
    def token(self) -> str | None:
        return self.headers.get("Authorization")


class Server:
    """Plays IAM and API. What ``script`` holds is answered first, in order; then everything is ``{}``.

    IAM grants "token-1", "token-2" and so on, unless ``iam`` holds other answers.
    """

    def __init__(self) -> None:
        self.script: deque[Handler] = deque()
        self.iam: deque[Handler] = deque()
        self.seen: list[Seen] = []
        self.exchanges: list[Seen] = []
        self.life = 3600
        self._news = asyncio.Event()
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        self._server = TestServer(app, host="127.0.0.1")

    async def start(self) -> None:
        await self._server.start_server()

    async def close(self) -> None:
        await self._server.close()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    async def until(self, *, seen: int = 0, exchanges: int = 0) -> None:
        """Returns when so many requests have arrived."""
        while len(self.seen) < seen or len(self.exchanges) < exchanges:
            self._news.clear()
            await self._news.wait()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        seen = Seen(
            request.method,
            request.raw_path,
            request.headers.copy(),
            await request.read(),
            request.transport.get_extra_info("peername"),
        )
        self._news.set()
        if request.path == "/identity/token":
            self.exchanges.append(seen)
            return await self._grant(request, len(self.exchanges))
        self.seen.append(seen)
        return await (self.script.popleft() if self.script else reply())(request)

    async def _grant(self, request: web.Request, count: int) -> web.StreamResponse:
        if self.iam:
            return await self.iam.popleft()(request)
        await asyncio.sleep(0)
        return web.json_response({"access_token": f"token-{count}", "expires_in": self.life})


def reply(
    code: int = 200,
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    kind: str = "application/json",
) -> Handler:
    """A handler that answers with this; bytes go as they are, all else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, body=content, content_type=kind, headers=headers)

    return handle


def after(seconds: float, then: Handler | None = None) -> Handler:
    """A handler that takes its time."""

    async def handle(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await (then or reply())(request)

    return handle


async def cut(request: web.Request) -> web.StreamResponse:
    """Hangs up before a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut_in_the_body(request: web.Request) -> web.StreamResponse:
    """Promises 100 bytes, sends 5, hangs up."""
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"id"')
    assert request.transport is not None
    request.transport.close()
    return response


class Bench:
    """A transport with its crew and its home, and what it announced."""

    def __init__(
        self,
        root: str,
        *,
        retry: RetryPolicy = AT_ONCE,
        timeouts: Timeouts | None = None,
        token: str | TokenSource = KEY,
        proxies: Mapping[str, str] | None = None,
        verify: bool | str = True,
        max_reply: int = MAX_RESULT,
        lent: Connections | None = None,
    ) -> None:
        self.account = Account(
            channel="ibm_quantum_platform",
            token=token,
            instance=CRN,
            url=root + "/api/v1",
            iam_url=root + "/identity/token",
            proxies=proxies or {},
            verify=verify,
        )
        self.events: list[Event] = []
        self.home = Home()
        self.crew = Crew(self.events.append)
        self.transport = HttpTransport(
            self._locate,
            home=self.home,
            crew=self.crew,
            announce=self.events.append,
            retry=retry,
            timeouts=timeouts or Timeouts(),
            api_date="2026-02-15",
            max_reply=max_reply,
            lent=lent,
        )
        self.send = self.transport.send

    async def _locate(self) -> Account:
        return self.account

    @property
    def repeats(self) -> list[str]:
        """Why requests were repeated."""
        return [event.why for event in self.events if isinstance(event, RetryPlanned)]

    async def close(self) -> None:
        """In the order of ``RuntimeService.close``."""
        await self.crew.finish(1.0)
        self.home.closed = True
        await self.transport.close()


@contextlib.asynccontextmanager
async def lab(**options: Any) -> AsyncIterator[tuple[Server, Bench]]:
    """A server and a transport to it; both are closed at the end."""
    server = Server()
    await server.start()
    bench = Bench(server.root, **options)
    try:
        yield server, bench
    finally:
        await bench.close()
        await server.close()


@contextlib.asynccontextmanager
async def other_server() -> AsyncIterator[Server]:
    """A server of another origin."""
    server = Server()
    await server.start()
    try:
        yield server
    finally:
        await server.close()


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def secrets_in(error: BaseException, *secrets: str) -> list[str]:
    """Where a secret shows: in the texts, reprs and attributes of an error and all behind it."""
    found = []
    for each in chain(error):
        shown = f"{each} {each!r} {each.args!r} {vars(each)!r}"
        found += [shown for secret in secrets if secret in shown]
    trace = "".join(traceback.format_exception(error))
    return found + [trace for secret in secrets if secret in trace]


def chain(error: BaseException | None) -> Iterator[BaseException]:
    if error is not None:
        yield error
        yield from chain(error.__cause__)
        yield from chain(error.__context__)
