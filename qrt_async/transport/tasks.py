"""The plain tasks of one service: owned, supervised, ended with it."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable, Coroutine, Set
from contextlib import suppress
from typing import Any, TypeVar

from qrt_async.errors import ServiceClosed
from qrt_async.events import Event, TaskCrashed

T = TypeVar("T")

_CLOSED = "This {} was closed; make a new one."


async def heard(news: asyncio.Event, seconds: float) -> None:
    """Wait for the event, and no longer than so many seconds; ``inf``: as long as it takes."""
    with suppress(TimeoutError):
        async with asyncio.timeout(None if math.isinf(seconds) else seconds):
            await news.wait()


class Home:
    """Where a service lives: the event loop and the process that used it first.

    ``with home:`` says that somebody is inside, whom closing should wait for if it can. ``emptied`` is called when the
    last of them has left; who waits has its turn after that, so look again then.
    """

    def __init__(self, what: str = "RuntimeService") -> None:
        self._what = what
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0
        self.closed = False
        self.guests = 0
        self.emptied = _nobody_cares

    def __enter__(self) -> None:
        self.enter()
        self.guests += 1

    def __exit__(self, *_: object) -> None:
        self.guests -= 1
        if not self.guests:
            self.emptied()

    @property
    def entered(self) -> bool:
        return self._loop is not None

    def enter(self) -> asyncio.AbstractEventLoop:
        """The running loop, which is the service's from its first use to its end."""
        if self.closed:
            raise ServiceClosed(_CLOSED.format(self._what))
        if self._loop is not None and self._pid != os.getpid():
            raise ServiceClosed(
                f"This {self._what} was used before the process was forked. Its connections belong"
                f" to the parent: make a new {self._what} in the child."
            )
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop, self._pid = loop, os.getpid()
        if self._loop is not loop:
            raise ServiceClosed(
                f"This {self._what} belongs to another event loop, the one of its first use (a second"
                f" asyncio.run() or another thread?). Make one {self._what} for each loop."
            )
        return loop


class Crew:
    """Starts tasks and keeps hold of them; one that crashes is announced, never silent."""

    def __init__(self, announce: Callable[[Event], None]) -> None:
        self._announce = announce
        self._tasks: set[asyncio.Task[Any]] = set()
        self._precious: set[asyncio.Task[Any]] = set()
        self._over = False
        self.emptied = _nobody_cares
        """Called when the last task has ended."""

    @property
    def tasks(self) -> Set[asyncio.Task[Any]]:
        """Those that have not ended."""
        return self._tasks

    def start(
        self, work: Coroutine[Any, Any, T], name: str, *, precious: bool = False, expected: bool = False
    ) -> asyncio.Task[T]:
        """A task of ours. ``precious`` work is given time to finish when the service closes; an error of
        ``expected`` work is its waiter's to hear, and no crash. Raises ``ServiceClosed`` after the end."""
        if self._over:
            work.close()
            raise ServiceClosed(_CLOSED.format("RuntimeService"))
        task = asyncio.get_running_loop().create_task(work, name=f"qrt {name}")
        self._tasks.add(task)
        if precious:
            self._precious.add(task)
        task.add_done_callback(self._forget if expected else self._ended)
        return task

    async def finish(self, grace: float) -> None:
        """Cancel what can be begun again, give precious work ``grace`` seconds, then cancel that too.

        Until then new tasks may start: precious work may need a token. Afterwards none is left.
        """
        await self._cancel(self._tasks - self._precious)
        now = asyncio.get_running_loop().time
        until = now() + grace
        while self._precious and (left := until - now()) > 0:  # others may begin meanwhile
            await asyncio.wait(self._precious, timeout=left)
        self._over = True
        await self._cancel(self._tasks)

    @staticmethod
    async def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
        left = list(tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._precious.discard(task)
        if not self._tasks:
            self.emptied()
        if not task.cancelled():
            task.exception()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._forget(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._announce(TaskCrashed(task=task.get_name(), error=f"{type(error).__name__}: {error}"))


def _nobody_cares() -> None:
    """Nothing depends on it."""
