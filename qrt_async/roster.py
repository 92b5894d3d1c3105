"""Which accounts of a pool have a service, who has borrowed it, and who waits for one. Makes no request."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable

from qrt_async.errors import QrtError
from qrt_async.events import Event, TaskCrashed
from qrt_async.service import RuntimeService
from qrt_async.transport.connections import Connections

Key = Hashable


class PooledService(RuntimeService):
    """A service over lent connections, which tells when nobody uses it any more."""

    def __init__(self, lent: Connections, **how: object) -> None:
        self._lent = lent
        self.spent = False
        """One of its tasks crashed: it serves those who have it and is not lent again."""
        observers = (*how.pop("observers", ()), self._hear)  # type: ignore[misc] # checked by the pool
        super().__init__(observers=observers, **how)  # type: ignore[arg-type] # likewise

    @property
    def over(self) -> bool:
        """Was it closed, by whomever?"""
        return self._closing is not None or self._home.closed

    @property
    def in_use(self) -> bool:
        """Has somebody borrowed it, does somebody wait in it, or hold a job that is watched?"""
        idlers = {self._watcher.task}
        return bool(self._home.guests) or self._watcher.watching or bool(self._crew.tasks - idlers)

    def borrow(self) -> None:
        """One more has it."""
        self._home.__enter__()

    def give_back(self) -> None:
        """One fewer has it."""
        self._home.__exit__()

    def when_emptied(self, call: Callable[[], None]) -> None:
        """Have it called whenever it may have become idle."""
        self._home.emptied = self._crew.emptied = call

    def _hear(self, event: Event) -> None:
        if isinstance(event, TaskCrashed):
            self.spent = True


class Roster:
    """At most ``size`` services, of as many accounts. ``close`` is to close one and then to call ``left``."""

    def __init__(self, size: int, close: Callable[[PooledService], None]) -> None:
        self._size = size
        self._close = close
        self._lent: OrderedDict[Key, PooledService] = OrderedDict()
        """By account, those borrowed last at the end."""
        self._spent: set[PooledService] = set()
        self._leaving: set[PooledService] = set()
        self._granted = 0
        self._waiting: OrderedDict[Key, list[asyncio.Future[bool]]] = OrderedDict()
        self._stirred = False

    def __len__(self) -> int:
        return len(self._lent) + len(self._spent) + len(self._leaving)

    @property
    def waiting(self) -> int:
        """How many wait for a service of their account to be made."""
        return sum(len(turns) for turns in self._waiting.values())

    def find(self, key: Key) -> PooledService | None:
        """The service of this account, used last from now on."""
        service = self._lent.get(key)
        if service is None or not (service.over or service.spent):
            if service is not None:
                self._lent.move_to_end(key)
            return service
        del self._lent[key]
        if service.over:
            self._leave(service)
        else:
            self._spent.add(service)
            self.stir()
        return None

    async def place(self, key: Key, seconds: float | None) -> bool:
        """``True``: there is room for a service of this account, kept until ``add`` or ``refuse``. ``False``: look
        again, for somebody else is making it. Raises ``TimeoutError``."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(turn)
        self._settle()
        try:
            await self._turn(turn, seconds)
        except BaseException:
            if not turn.done():
                self._forget(key, turn)
            elif turn.exception() is None and turn.result():
                self.refuse()
            raise
        return turn.result()

    def _forget(self, key: Key, turn: asyncio.Future[bool]) -> None:
        turns = self._waiting[key]
        turns.remove(turn)
        if not turns:
            del self._waiting[key]

    async def _turn(self, turn: asyncio.Future[bool], seconds: float | None) -> None:
        """Nobody tells of a handle that is dropped, so that who waits looks now and then."""
        loop = asyncio.get_running_loop()
        until = None if seconds is None else loop.time() + seconds
        while not turn.done():
            left = 1.0 if until is None else min(1.0, until - loop.time())
            if left <= 0 and not self._leaving:  # what is being closed already takes no time that counts
                raise TimeoutError
            await asyncio.wait([turn], timeout=max(left, 0.1))
            self._settle()

    def add(self, key: Key, service: PooledService) -> None:
        """In the place that was kept for it."""
        self._granted -= 1
        self._lent[key] = service
        service.when_emptied(self.stir)
        for turn in self._waiting.pop(key, ()):
            turn.set_result(False)

    def refuse(self) -> None:
        """The place is not wanted."""
        self._granted -= 1
        self.stir()

    def left(self, service: PooledService) -> None:
        """It is closed."""
        self._leaving.discard(service)
        self.stir()

    def stir(self) -> None:
        """A service may have become idle, or there may be room. Whoever was woken by the same has the first go."""
        if (self._waiting or self._spent) and not self._stirred:
            self._stirred = True
            asyncio.get_running_loop().call_soon(self._settle)

    def dismiss(self, error: QrtError) -> None:
        """Nobody waits any more, and every service is closed."""
        for turn in [turn for turns in self._waiting.values() for turn in turns]:
            turn.set_exception(error)
        self._waiting.clear()
        services = [*self._lent.values(), *self._spent]
        self._lent.clear()
        self._spent.clear()
        for service in services:
            self._leave(service)

    def _settle(self) -> None:
        self._stirred = False
        for service in [service for service in self._spent if service.over or not service.in_use]:
            self._spent.discard(service)
            self._leave(service)
        self._make_room()
        while self._waiting and self._free > 0:
            self._granted += 1
            first, *others = self._waiting.popitem(last=False)[1]
            first.set_result(True)
            for other in others:  # their turn comes after the first has made it
                other.set_result(False)

    @property
    def _free(self) -> int:
        return self._size - len(self) - self._granted

    def _make_room(self) -> None:
        """Close as many as are waited for, those first that nobody has used for longest."""
        wanted = len(self._waiting) - self._free - len(self._leaving)
        for key, service in list(self._lent.items()):
            if wanted <= 0:
                return
            if service.over or not service.in_use:
                del self._lent[key]
                self._leave(service)
                wanted -= 1

    def _leave(self, service: PooledService) -> None:
        self._leaving.add(service)
        self._close(service)
