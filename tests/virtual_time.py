"""An event loop whose time is simulated: a test that waits two hours takes milliseconds.

Mark a test ``virtual_clock`` and it runs on a ``VirtualLoop``. Its clock starts at 0.0 and moves only
when nothing is ready to run and no socket has news: then it jumps to the next timer. Sockets between
client and server on the same loop work, because loopback delivers before ``send`` returns.

What happens outside the loop is invisible to it. Threads of ``run_in_executor`` and
``asyncio.to_thread`` are counted by themselves; around anything else that really takes time (a thread of
one's own, a subprocess, a server in another process) the clock must be held::

    with loop.held():
        await process.wait()
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import selectors
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVarTuple

Ts = TypeVarTuple("Ts")
Events = list[tuple[selectors.SelectorKey, int]]

REAL_PAUSE = 0.005
"""Seconds of real waiting at a time while work goes on elsewhere."""

RESOLUTION = 1e-6
"""Timers closer than this are due together; a float of many days resolves no finer than about 1e-9."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """A selector loop that lets simulated time pass instead of waiting.

    ``busy`` counts the work that goes on outside the loop; while it is above zero the clock stands.
    ``jumps`` counts how often the clock moved.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.busy = 0
        self.jumps = 0
        self._idlers: list[asyncio.Future[None]] = []
        super().__init__(_Selector(self))
        # The loop compares timers with this; left at 1e-9 it would spin for ever from day 97 on.
        self._clock_resolution = RESOLUTION

    def time(self) -> float:
        """Seconds since the loop was made, as everything on it sees them."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Moves the clock at once; timers that this makes due run in the next turn."""
        self.now += seconds
        self.jumps += 1

    @contextmanager
    def held(self) -> Iterator[None]:
        """The clock stands inside this block, which may do real work outside the loop."""
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1

    async def idle(self) -> None:
        """Returns when all that can run without the clock moving has run, to the end."""
        idler = self.create_future()
        self._idlers.append(idler)
        await idler

    def wake_idlers(self) -> bool:
        """For the selector: lets those in ``idle()`` go on, and says whether there were any."""
        waiting = [idler for idler in self._idlers if not idler.done()]
        self._idlers.clear()
        for idler in waiting:
            idler.set_result(None)
        return bool(waiting)

    def run_in_executor(
        self,
        executor: concurrent.futures.Executor | None,
        func: Callable[[*Ts], Any],
        *args: *Ts,
    ) -> asyncio.Future[Any]:
        future = super().run_in_executor(executor, func, *args)
        self.busy += 1
        future.add_done_callback(self._returned)
        return future

    def _returned(self, _: asyncio.Future[Any]) -> None:
        self.busy -= 1

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        # From 3.12 on the threads are joined under a timeout, and that would be simulated too.
        with self.held():
            await super().shutdown_default_executor()


class _Selector(selectors.DefaultSelector):
    """Where a loop waits, and so where time can be let pass instead."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Events:
        events = super().select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        if self._loop.busy:
            return super().select(REAL_PAUSE)
        if self._loop.wake_idlers():
            return []
        if timeout is None:  # no timer at all: only a thread or a socket can go on
            return super().select(None)
        self._loop.advance(timeout)
        return []
