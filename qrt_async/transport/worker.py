"""The thread in which a service does its longer work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """One thread, there only while there is work, whose pieces are done in the order they came in.

    Not asyncio's own pool of threads, which belongs to the application: it may be full of work that waits,
    and a thread once started there stays until the loop ends.
    """

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._waiting = 0

    async def do(self, work: Callable[P, T], *args: P.args, **how: P.kwargs) -> T:
        """What ``work`` returns or raises. Who is cancelled leaves what has begun to its end."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="qrt worker")
        self._waiting += 1
        try:
            inside = partial(copy_context().run, work, *args, **how)
            return await asyncio.get_running_loop().run_in_executor(self._thread, inside)
        finally:
            self._waiting -= 1
            if self._waiting == 0:
                self._thread.shutdown(wait=False)
                self._thread = None
