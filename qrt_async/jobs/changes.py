"""What listeners of a job hear: every change once, in order, and never more than they can hold."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime

import msgspec

from qrt_async.api.status import JobStatus

_HELD = 64
"""Changes that are kept for a listener who does not come for them."""


class JobUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a job, as seen at ``seen_at``.

    ``position_in_queue`` and the estimates are there where the service's API date sends them (up to
    2026-02-15); ``charged`` is seconds of QPU time, once the service says so. ``stalled`` says what outside
    of the job keeps it from moving on. ``skipped`` is above zero where the reader was so slow that so many
    changes before this one were let go.
    """

    job_id: str
    status: JobStatus
    status_text: str
    seen_at: datetime
    reason: str | None = None
    position_in_queue: int | None = None
    estimated_start_time: datetime | None = None
    estimated_completion_time: datetime | None = None
    charged: float | None = None
    stalled: str | None = None
    skipped: int = 0

    def same_as(self, other: JobUpdate | None) -> bool:
        """Does it say nothing new?"""
        return other is not None and msgspec.structs.replace(other, seen_at=self.seen_at) == self


class Listener:
    """Collects updates for one iterator: at most 64, then only the newest, which says how many it replaces."""

    @property
    def curious(self) -> bool:
        """Would it like to hear of the queue, which costs a question?"""
        return True

    def __init__(self) -> None:
        self.queue: deque[JobUpdate] = deque()
        self.ended = False
        self.error: BaseException | None = None
        self._wake: asyncio.Future[None] | None = None

    def put(self, update: JobUpdate) -> None:
        if len(self.queue) >= _HELD:
            skipped = sum(1 + left.skipped for left in self.queue)
            self.queue.clear()
            update = msgspec.structs.replace(update, skipped=skipped)
        self.queue.append(update)
        self.wake()

    def end(self, error: BaseException | None) -> None:
        self.ended, self.error = True, error
        self.wake()

    def wake(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def next(self) -> JobUpdate:
        """The next change; ``StopAsyncIteration`` after the last one, or the error that ended them."""
        while not self.queue:
            if self.ended:
                error, self.error = self.error, None
                raise StopAsyncIteration if error is None else error.with_traceback(None)
            if self._wake is None or self._wake.done():
                self._wake = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._wake)
        return self.queue.popleft()
