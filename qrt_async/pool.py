"""``RuntimePool``: many accounts in one process, a service for each that is in use."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections import deque
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any, TypedDict, Unpack

from qrt_async.errors import InvalidInput, NoAccount, PoolFull, ServiceClosed
from qrt_async.events import Announcer, Observer
from qrt_async.jobs.cadence import PollPolicy
from qrt_async.roster import PooledService, Roster
from qrt_async.service import RuntimeService
from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.entrance import Entrance
from qrt_async.transport.account import Account, find_account
from qrt_async.transport.asked import LOCAL, TokenSource
from qrt_async.transport.connections import MOST, Connections
from qrt_async.transport.retry import RetryPolicy
from qrt_async.transport.tasks import Crew, Home
from qrt_async.transport.timeouts import Timeouts
from qrt_async.transport.whole import whole

_NOWHERE = Path("/")
"""A pool reads no account file."""
_LONGEST = 20.0
"""Seconds that closing takes at most; a service takes 10 by itself."""
_AGAIN = 5.0
"""After so many seconds somebody who found every service in use may try again."""


class Options(TypedDict, total=False):
    """What ``RuntimeService`` takes, besides credentials; the same for every service of a pool."""

    verify: bool | str
    proxy: str | None
    api_version: str | None
    rate_limit: RateLimit | None
    poll: PollPolicy
    retry: RetryPolicy
    timeouts: Timeouts
    keep_results: bool
    spool: str | Path | bool | None
    observers: Iterable[Observer]
    max_payload: int
    max_result: int


class RuntimePool:
    """Services of many accounts, for programs whose users bring credentials of their own.

        async with qrt.RuntimePool(50) as pool:
            async with pool.service(token=key, instance=crn) as service:
                job = await service.run(program, backend="ibm_fez")
            result = await job

    Borrowing the service of an account makes it, or gives the one that is there. At most ``size`` live at a time; for
    one more, the one that was borrowed least recently is closed among those that nobody uses. Where all are used, who
    borrows waits up to ``wait`` seconds (``None``: as long as it takes) and then gets ``PoolFull``, which a web handler
    answers with 503. All share at most ``connections`` sockets, of which one account takes no more than a fourth.
    What one user may submit in a minute is counted by user, with however many keys and services. ``options`` are those
    of ``RuntimeService``.

    **Inside the block** the service is the borrower's like any other, but for closing it. A ``Submitter`` or a session
    on it is to be left before the block is; one that is to live longer holds the block open, such as in an
    ``AsyncExitStack``. **After the block** nothing new is to be asked of the service. Its jobs go on: as long as
    somebody awaits one, follows its updates, collects it, has a callback on it, or just holds the handle of one whose
    end is not known, the service stays. The handle of a job that has ended keeps nothing open: once the service is gone
    it raises ``ServiceClosed``, and ``service.job(job.id)`` on a service borrowed anew makes another.

    Credentials are passed in each time and kept only in the service that uses them; the pool knows accounts by a
    digest with a key of its own. Neither the environment nor saved accounts are read, so that nobody ever acts with
    credentials of the program's. Wrong ones are ``NotAuthorized`` for who gave them. A service that somebody closed, or
    of which a task crashed, is replaced.

    A pool belongs to the event loop that uses it first. Closing it closes every service, within 20 s.
    """

    def __init__(
        self,
        size: int = 50,
        *,
        wait: float | None = 10.0,
        connections: int = MOST,
        **options: Unpack[Options],
    ) -> None:
        if wait is not None and not wait >= 0:
            raise InvalidInput(f"wait is {wait!r}; it must be seconds, 0 or more, or None for any time.")
        observers = tuple(options.get("observers", ()))
        self._size, self._wait = whole("size", size), wait
        self._options: dict[str, Any] = {**options, "observers": observers}
        # Made for its checks alone: what is wrong with the options is said here, and not to the first user.
        RuntimeService(account=Account(channel="ibm_quantum_platform"), **self._options)
        self._connections = Connections(whole("connections", connections))
        self._home = Home("RuntimePool")
        self._crew = Crew(Announcer(observers))
        self._roster = Roster(size, self._retire)
        self._secret = secrets.token_bytes(32)
        self._remembered: deque[tuple[float, Entrance]] = deque()
        self._closing: asyncio.Task[None] | None = None

    def service(
        self,
        account: Account | None = None,
        *,
        token: str | TokenSource | None = None,
        instance: str | None = None,
        url: str | None = None,
        channel: str | None = None,
    ) -> Lease:
        """The service of this account, for ``async with``; an ``account``, or what makes one, as in ``RuntimeService``.

        A ``token`` that is an async callable has to be the same object each time, as it tells accounts apart.
        Entering raises ``PoolFull``, and ``ServiceClosed`` once the pool is closed; it makes no request.
        """
        if account is None and token is None and channel != LOCAL:
            raise NoAccount(
                "A RuntimePool needs the credentials of whoever asks: give token= and instance=, or account=. It reads"
                " neither the environment nor saved accounts."
            )
        found = find_account(
            channel=channel,
            token=token,
            instance=instance,
            url=url,
            account=account,
            environ={},
            path=_NOWHERE,
        )
        return Lease(self, found)

    async def close(self) -> None:
        """Close every service: pending waits end with ``ServiceClosed``, jobs at IBM run on.

        May be called more than once. Takes 20 s at most.
        """
        if not self._home.entered:
            self._home.closed = True
        elif self._closing is not None or not self._home.closed:
            if self._closing is None:
                self._home.enter()
                self._closing = asyncio.get_running_loop().create_task(
                    self._shut(), name="qrt closing of a pool"
                )
            await asyncio.shield(self._closing)

    async def __aenter__(self) -> RuntimePool:
        self._enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __len__(self) -> int:
        """How many services there are."""
        return len(self._roster)

    def __repr__(self) -> str:
        return f"<RuntimePool {len(self)} of {self._size} services, {self._roster.waiting} waiting>"

    def _enter(self) -> None:
        if self._closing is not None:
            raise ServiceClosed("This RuntimePool was closed; make a new one.")
        self._home.enter()

    async def borrow(self, account: Account) -> PooledService:
        """For ``Lease``: the service, which is not closed until it is given back."""
        self._enter()
        key = self._key(account)
        service = self._roster.find(key)
        while service is None:
            kept = await self._place(key)
            service = self._roster.find(key)
            if kept and service is not None:
                self._roster.refuse()
            elif kept:
                service = self._made(key, account)
        service.borrow()
        return service

    async def _place(self, key: Hashable) -> bool:
        try:
            return await self._roster.place(key, self._wait)
        except TimeoutError:
            raise PoolFull(
                f"All {self._size} services of this RuntimePool are in use, and none became idle within"
                f" {self._wait:g} s. Nothing was sent.",
                retry_after=_AGAIN,
            ) from None

    def _made(self, key: Hashable, account: Account) -> PooledService:
        try:
            self._enter()
            service = PooledService(self._connections, account=account, **self._options)
        except BaseException:
            self._roster.refuse()
            raise
        self._roster.add(key, service)
        return service

    def _key(self, account: Account) -> Hashable:
        """Tells accounts apart and tells nothing of them."""
        source = account.token if callable(account.token) else None
        told = [
            account.channel,
            "" if callable(account.token) else account.token,
            account.instance,
            account.url,
            account.iam_url,
            account.verify,
            sorted(account.proxies.items()),
        ]
        digest = hashlib.blake2b(json.dumps(told).encode(), key=self._secret).digest()
        return digest, source

    def _retire(self, service: PooledService) -> None:
        """Closed in a task of the pool's."""
        self._crew.start(self._close(service), "closing of a service", precious=True)

    async def _close(self, service: PooledService) -> None:
        try:
            await service.close()
        finally:
            self._remember(service.counter.sender.entered)
            self._roster.left(service)

    def _remember(self, entrance: Entrance | None) -> None:
        """What a user has submitted of late counts, though the service is gone that they did it with."""
        now = asyncio.get_running_loop().time()
        while self._remembered and self._remembered[0][0] <= now:
            self._remembered.popleft()
        limit = None if entrance is None else entrance.permits.limit
        if entrance is not None and limit is not None:
            self._remembered.append((now + limit.hold, entrance))

    async def _shut(self) -> None:
        self._roster.dismiss(ServiceClosed("This RuntimePool was closed before a service was free."))
        try:
            await self._crew.finish(_LONGEST)
        finally:  # also where the loop ends and cancels all that is left
            self._home.closed = True
            await self._connections.close()
            self._remembered.clear()


class Lease:
    """A service of a pool, borrowed for the time of an ``async with``. It may be used again, and by several tasks at
    once: each gives back what it has borrowed itself."""

    def __init__(self, pool: RuntimePool, account: Account) -> None:
        self._pool = pool
        self._account = account
        self._borrowed: list[tuple[asyncio.Task[Any] | None, PooledService]] = []

    async def __aenter__(self) -> RuntimeService:
        service = await self._pool.borrow(self._account)
        self._borrowed.append((asyncio.current_task(), service))
        return service

    async def __aexit__(self, *_: object) -> None:
        task = asyncio.current_task()
        mine = [at for at, borrowed in enumerate(self._borrowed) if borrowed[0] is task]
        self._borrowed.pop(mine[-1] if mine else -1)[1].give_back()  # none: entered in another task

    def __repr__(self) -> str:
        return f"<Lease of a service of {self._pool!r}>"
