"""Keeps one bearer token for all tasks of a service: one exchange in flight, renewed ahead of time."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import time
from collections.abc import Awaitable, Callable

from qrt_async.errors import InvalidInput
from qrt_async.events import Event, TokenRenewed
from qrt_async.transport.account import Account
from qrt_async.transport.auth import Clocks, Token, exchange, given_token, read_token
from qrt_async.transport.flight import Flight
from qrt_async.transport.tasks import Crew
from qrt_async.transport.wire import Reply, Request


class TokenKeeper:
    """``send`` carries out the exchange with IAM, retries included."""

    def __init__(
        self,
        account: Account,
        send: Callable[[Request], Awaitable[Reply]],
        crew: Crew,
        announce: Callable[[Event], None],
    ) -> None:
        self._account = account
        self._send = send
        self._announce = announce
        self._flight: Flight[Token] = Flight(crew, "token renewal")
        self._token: Token | None = None
        self._worn: Token | None = None
        """The one before: a request that is still under way may carry it."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any error text."""
        key = self._account.token
        tokens = [token.text for token in (self._token, self._worn) if token is not None]
        return (key if isinstance(key, str) else "", *tokens)

    @property
    def fingerprint(self) -> str:
        """Tells this key from others and does not tell the key."""
        key = self._account.token
        told = key if isinstance(key, str) else f"a token source {id(key)}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def at_hand(self) -> Token | None:
        """The token, if it still serves. An ageing one serves while the next is fetched."""
        if self._token is None:
            return None
        state = self._token.freshness(clocks())
        if state == "ageing":
            self._flight.begin(self._renew)
        return None if state == "dead" else self._token

    async def renewed(self, worn: Token | None) -> Token:
        """A token other than ``worn``; the one that another task fetched meanwhile will do."""
        current = self.at_hand()
        if current is not None and current is not worn:
            return current
        return await self._flight.join(self._renew)

    async def _renew(self) -> Token:
        source = self._account.token
        if callable(source):
            token = given_token(await _awaitable(source()), clocks())
        else:
            reply = await self._send(exchange(self._account.iam_url, source or ""))
            token = read_token(reply, clocks())
        self._token, self._worn = token, self._token
        self._announce(TokenRenewed(seconds=token.life))
        return token


def _awaitable(found: Awaitable[str]) -> Awaitable[str]:
    if not inspect.isawaitable(found):
        raise InvalidInput("token= is a plain function; it must be async and return a bearer token.")
    return found


def clocks() -> Clocks:
    """Now, by both clocks."""
    return Clocks(asyncio.get_running_loop().time(), time.time())
