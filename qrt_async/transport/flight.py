"""One piece of work, shared by everyone who wants its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from qrt_async.errors import ServiceClosed
from qrt_async.transport.tasks import Crew

T = TypeVar("T")


class Flight(Generic[T]):
    """At most one run of the work at a time. Who is cancelled ends only their own wait.

    The outcome is a future of its own and not the task: a task that closing cancels would hand
    ``CancelledError`` to waiters whom nobody cancelled.
    """

    def __init__(self, crew: Crew, name: str, *, precious: bool = False) -> None:
        self._crew = crew
        self._precious = precious
        self._name = name
        self._outcome: asyncio.Future[T] | None = None

    def begin(self, work: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Future[T]:
        """Start the work, unless it is under way. The future is everyone's: look at it, never cancel it."""
        if self._outcome is not None:
            return self._outcome
        task = self._crew.start(work(), self._name, precious=self._precious, expected=True)
        self._outcome = outcome = asyncio.get_running_loop().create_future()
        # By callback, because a task that is cancelled before its first step runs no `finally` of its own.
        task.add_done_callback(self._land)
        return outcome

    async def join(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Wait for the outcome of the run under way, or of a new one.

        Raises what the work raises, and ``ServiceClosed`` where closing ended it.
        """
        outcome = self.begin(work)
        await asyncio.wait([outcome])
        return outcome.result()

    def _land(self, task: asyncio.Task[T]) -> None:
        outcome, self._outcome = self._outcome, None
        assert outcome is not None  # noqa: S101 - one task lands once
        if task.cancelled():
            outcome.set_exception(ServiceClosed("The service was closed while this was under way."))
        elif (error := task.exception()) is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(task.result())
        outcome.exception()  # Perhaps nobody waits; that is no reason for asyncio to complain.
