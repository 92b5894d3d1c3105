"""Sends requests: leads authorization and retry, and turns aiohttp's trouble into ours.

With ``connections``, which holds the sockets, the only file of the client that imports aiohttp.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from qrt_async.errors import Answer, ServiceClosed
from qrt_async.events import Event, RequestDone, RetryPlanned
from qrt_async.transport.account import Account
from qrt_async.transport.auth import Renew, conversation, subject
from qrt_async.transport.bodies import MAX_RESULT, body_of
from qrt_async.transport.connections import Connections
from qrt_async.transport.failures import error_for
from qrt_async.transport.flight import Flight
from qrt_async.transport.outgoing import data_of, headers_of, query_of
from qrt_async.transport.proxies import Proxies
from qrt_async.transport.redirects import MOST, REDIRECTS, follow
from qrt_async.transport.retry import PASSING, RetryPolicy, Trouble, pause
from qrt_async.transport.tasks import Crew, Home, heard
from qrt_async.transport.timeouts import Timeouts
from qrt_async.transport.tokens import TokenKeeper
from qrt_async.transport.trouble import error_from, origin, understand
from qrt_async.transport.wire import Reply, Request, retry_after

_ACCEPT = "application/json, */*;q=0.5"
"""Logs are plain text, and so are the results of old jobs."""


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """What an open transport holds."""

    account: Account
    session: aiohttp.ClientSession
    trust: bool | ssl.SSLContext
    tokens: TokenKeeper
    proxies: Proxies


class HttpTransport:
    """The way to one account's service. Opens at the first request, inside the loop that makes it.

    ``lent`` are connections that it shares with others: it takes at most a fourth of them, and leaves them open.
    """

    def __init__(
        self,
        locate: Callable[[], Awaitable[Account]],
        *,
        home: Home,
        crew: Crew,
        announce: Callable[[Event], None],
        retry: RetryPolicy,
        timeouts: Timeouts,
        api_date: str,
        max_reply: int = MAX_RESULT,
        lent: Connections | None = None,
    ) -> None:
        self._locate = locate
        self._home = home
        self._crew = crew
        self._announce = announce
        self._retry = retry
        self._timeouts = timeouts
        self._opening: Flight[_Line] = Flight(crew, "opening")
        self._line: _Line | None = None
        self._max_reply = max_reply
        self._lent = lent is not None
        self._connections = lent or Connections()
        self._share = asyncio.Semaphore(self._connections.most if lent is None else max(1, lent.most // 4))
        self._under_way: dict[asyncio.Task[Any], int] = {}
        """Who waits for an answer, and how often they were cancelled before."""
        self._cut: set[asyncio.Task[Any]] = set()
        self._quiet, self._over = asyncio.Event(), asyncio.Event()
        self.api_date = api_date

    async def send(self, request: Request) -> Reply:
        """The reply, if it is a success; its error otherwise. Repeats what may be repeated."""
        with self._home:
            line = await self._entered()
            return _success(line, request, await self._converse(line, request))

    async def ready(self) -> str:
        """Be open, with a token at hand, so that the next request leaves without further ado; returns whose it is."""
        with self._home:
            line = await self._entered()
            token = line.tokens.at_hand() or await line.tokens.renewed(None)
            return f"{line.account.iam_url} {subject(token) or line.tokens.fingerprint}"

    async def close(self) -> None:
        """Close the connections, or, where they are lent, end what goes on over them."""
        line, self._line = self._line, None
        self._over.set()
        await self._end_exchanges()
        if line is not None:
            await line.session.close()
        if not self._lent:
            await self._connections.close()

    async def _end_exchanges(self) -> None:
        """Those of callers who were not told yet. They unwind by themselves, within a few turns of the loop."""
        for task in self._under_way:
            self._cut.add(task)
            task.cancel()
        while self._under_way:
            self._quiet.clear()
            await self._quiet.wait()

    async def _entered(self) -> _Line:
        self._home.enter()
        return self._line or await self._opening.join(self._open)

    async def _open(self) -> _Line:
        account = await self._locate()
        trust = await self._connections.trust(account.verify)
        tokens = TokenKeeper(account, self._ask_iam, self._crew, self._announce)
        self._line = _Line(
            account=account,
            session=self._connections.session(),
            trust=trust,
            tokens=tokens,
            proxies=Proxies(account.proxies),
        )
        return self._line

    async def _converse(self, line: _Line, request: Request) -> Reply:
        token = line.tokens.at_hand() if request.authorize else None
        talk = conversation(self._dressed(line.account, request), token)
        try:
            wish = next(talk)
            while True:
                if isinstance(wish, Renew):
                    wish = talk.send(await line.tokens.renewed(wish.worn))
                else:
                    wish = talk.send(await self._persist(line, wish))
        except StopIteration as end:
            reply: Reply = end.value
            return reply

    def _dressed(self, account: Account, request: Request) -> Request:
        headers = [("Accept", _ACCEPT), ("IBM-API-Version", self.api_date)]
        if request.authorize and account.instance is not None:
            headers.append(("Service-CRN", account.instance))
        return request.with_headers(*headers)

    async def _ask_iam(self, request: Request) -> Reply:
        assert self._line is not None  # noqa: S101 - a token keeper exists only on an open line
        return _success(self._line, request, await self._persist(self._line, request))

    async def _persist(self, line: _Line, request: Request) -> Reply:
        """Try, and try again as the policy says."""
        tried = 0
        while True:
            tried += 1
            if self._home.closed:
                raise _closed()
            outcome = await self._once(line, request)
            trouble = _trouble(outcome)
            if trouble is None:
                assert isinstance(outcome, Reply)  # noqa: S101 - an exception is always a trouble
                return outcome
            wait = pause(self._retry, request.repeat, trouble, tried, random.random())  # noqa: S311
            if wait is None or self._home.closed:
                return self._ended(request, outcome, trouble)
            why = str(trouble.code or trouble.kind)
            self._announce(
                RetryPlanned(method=request.method, template=request.template, why=why, after=wait)
            )
            await heard(self._over, wait)  # closing cuts it short: nothing is sent afterwards

    def _ended(self, request: Request, outcome: Reply | Exception, trouble: Trouble) -> Reply:
        if isinstance(outcome, Reply):
            return outcome
        error = error_from(request, trouble, outcome)
        raise _closed(error.submitted) if self._home.closed else error from origin(outcome)

    async def _once(self, line: _Line, request: Request) -> Reply | Exception:
        """One try, redirects followed. Network trouble is returned, everything else flies."""
        url = request.path if "://" in request.path else line.account.url + request.path
        for _ in range(MOST):
            try:
                reply = await self._exchange(line, request, url)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                return error
            if reply.code not in REDIRECTS:
                return reply
            onward = follow(request, url, reply)
            if onward is None:
                return reply
            request, url = onward, onward.path
        return reply

    async def _exchange(self, line: _Line, request: Request, url: str) -> Reply:
        """Ended by closing: the task is cancelled, and told so in our words. The sockets may be others' too."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this is a coroutine
        left = False
        self._under_way[task] = task.cancelling()
        try:
            async with self._share:
                left = True
                return await self._exchanged(line, request, url)
        except asyncio.CancelledError:
            if task not in self._cut or task.cancelling() - 1 > self._under_way[task]:
                raise
            raise (TimeoutError() if left else _closed()) from None
        finally:
            if task in self._cut:
                self._cut.discard(task)
                task.uncancel()
            del self._under_way[task]
            self._quiet.set()

    async def _exchanged(self, line: _Line, request: Request, url: str) -> Reply:
        started = asyncio.get_running_loop().time()
        code: int | None = None
        received = 0
        where = URL(url + query_of(request), encoded=True)
        try:
            async with line.session.request(
                request.method,
                where,
                data=data_of(request.body),
                headers=headers_of(request),
                proxy=line.proxies.to(url),
                ssl=line.trust,
                timeout=self._patience(request),
                allow_redirects=False,
            ) as response:
                code = response.status
                body = await body_of(response, request, self._max_reply)
                received = len(body)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(code=code, headers=headers, body=body)
        finally:
            self._announce(
                RequestDone(
                    method=request.method,
                    template=request.template,
                    code=code,
                    seconds=asyncio.get_running_loop().time() - started,
                    sent=len(request.body or b""),
                    received=received,
                    host=where.host or "",
                    port=where.port,
                )
            )

    def _patience(self, request: Request) -> aiohttp.ClientTimeout:
        limits = self._timeouts
        if request.submits:
            return aiohttp.ClientTimeout(total=limits.submit, sock_connect=limits.connect)
        total = None if request.keep is not None or request.once else limits.total
        return aiohttp.ClientTimeout(total=total, sock_connect=limits.connect, sock_read=limits.read)


def _trouble(outcome: Reply | Exception) -> Trouble | None:
    if isinstance(outcome, Reply):
        if outcome.code not in PASSING:
            return None
        wait = retry_after(outcome.headers, datetime.now(UTC))
        return Trouble(kind="reply", code=outcome.code, retry_after=wait)
    return understand(outcome)


def _success(line: _Line, request: Request, reply: Reply) -> Reply:
    if not reply.ok:
        raise error_for(request, reply, datetime.now(UTC), line.tokens.secrets)
    return reply


def _closed(submitted: Answer = "no") -> ServiceClosed:
    error = ServiceClosed("The service was closed while this request was under way.")
    error.submitted = error.billed = submitted
    return error
