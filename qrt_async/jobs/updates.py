"""The stream of a job's changes."""

from __future__ import annotations

from collections.abc import Callable

from qrt_async.jobs.changes import JobUpdate, Listener
from qrt_async.jobs.known import Known


class JobUpdates:
    """Iterates over the changes of one job, the present state first, and ends with the final one.

    An iterator object without a task behind it: ``break`` out of the loop at any time. Any number of
    them can follow one job; each gets every change once, in order. Who comes for them so rarely that 64
    wait gets only the newest instead, whose ``skipped`` says how many it replaces.
    """

    def __init__(self, known: Known, watch: Callable[[], None]) -> None:
        self._known = known
        self._watch = watch
        self._listener: Listener | None = None

    def __aiter__(self) -> JobUpdates:
        return self

    async def __anext__(self) -> JobUpdate:
        if self._listener is None:
            self._watch()
            self._listener = self._known.listen()
        return await self._listener.next()

    @property
    def behind(self) -> int:
        """How many changes wait to be yielded."""
        return 0 if self._listener is None else len(self._listener.queue)

    async def newest(self) -> JobUpdate:
        """The next change, or the newest of those that wait: for who wants to know how it stands, and not how it came
        to that. ``StopAsyncIteration`` after the last."""
        update = await anext(self)
        while self._listener is not None and self._listener.queue:
            update = self._listener.queue.popleft()
        return update

    async def aclose(self) -> None:
        """Stop listening."""
        self._listener = Listener()
        self._listener.end(None)
