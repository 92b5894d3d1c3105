"""What is known of one job: one state, shared by all handles, waiters and listeners of that job."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any
from weakref import WeakSet

import msgspec

from qrt_async.api.models import JobMetrics, JobRecord
from qrt_async.api.status import JobStatus
from qrt_async.errors import QrtError


class JobUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a job, as seen at ``seen_at``.

    ``position_in_queue`` and the estimates are there where the service's API date sends them (up to
    2026-02-15); ``charged`` is seconds of QPU time, once the service says so.
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

    def same_as(self, other: JobUpdate | None) -> bool:
        """Does it say nothing new?"""
        return other is not None and msgspec.structs.replace(other, seen_at=self.seen_at) == self


class Listener:
    """Collects updates for one iterator."""

    def __init__(self) -> None:
        self.queue: deque[JobUpdate] = deque()
        self.ended = False
        self.error: BaseException | None = None
        self._wake: asyncio.Future[None] | None = None

    def put(self, update: JobUpdate) -> None:
        self.queue.append(update)
        self.wake()

    def end(self, error: BaseException | None) -> None:
        self.ended, self.error = True, error
        self.wake()

    def wake(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def change(self) -> None:
        """Return when there is something new in the queue, or the end."""
        if not self.queue and not self.ended:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """What the submitter of a job knows of it before the service was asked."""

    at: datetime
    program_id: str
    backend: str
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    private: bool = False


class Callback(msgspec.Struct, frozen=True):
    """What a user wants to have called, and how we call it."""

    given: Any
    run: Callable[[], None]


class Known:
    """State of one job. Changes only by ``learn``, ``hint``, ``lose`` and ``stop``."""

    def __init__(self, job_id: str, accepted: Acceptance | None = None) -> None:
        self.id = job_id
        self.accepted = accepted
        self.record: JobRecord | None = None
        self.seen_at: datetime | None = None
        self.lost: QrtError | None = None
        self.hintless = False
        self.update: JobUpdate | None = None
        self.callbacks: list[Callback] = []
        self._metrics: JobMetrics | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self._listeners: WeakSet[Listener] = WeakSet()

    @property
    def status(self) -> JobStatus | None:
        return None if self.record is None else self.record.state.status

    @property
    def final(self) -> bool:
        return self.status is not None and self.status.final

    @property
    def settled(self) -> bool:
        """Is there nothing more to wait for?"""
        return self.final or self.lost is not None

    @property
    def created(self) -> datetime | None:
        """By the service's clock, or by ours until the service said it."""
        if self.record is not None and self.record.created is not None:
            return self.record.created
        return None if self.accepted is None else self.accepted.at

    @property
    def backend(self) -> str | None:
        found: str | None = self._fact("backend")
        return found

    @property
    def session_id(self) -> str | None:
        found: str | None = self._fact("session_id")
        return found

    @property
    def tags(self) -> tuple[str, ...]:
        found: tuple[str, ...] | None = self._fact("tags")
        return found or ()

    @property
    def private(self) -> bool | None:
        """``None`` while it is not known."""
        found: bool | None = self._fact("private")
        return found

    @property
    def program_id(self) -> str | None:
        if self.record is not None and self.record.program is not None:
            return self.record.program.id
        return None if self.accepted is None else self.accepted.program_id

    def _fact(self, name: str) -> Any:
        """From the service's record, which may leave out what it need not say, or from the submission."""
        found = getattr(self.record, name, None) or getattr(self.accepted, name, None)
        return found if found is not None or self.record is None else getattr(self.record, name)

    @property
    def waited_for(self) -> bool:
        return bool(self._waiters or self._listeners or self.callbacks)

    @property
    def wants_hints(self) -> bool:
        """Would a listener like to hear of the queue?"""
        return bool(self._listeners) and not self.settled and not self.hintless

    def learn(self, record: JobRecord, at: datetime) -> bool:
        """Take in a sight of the job; ``True`` when its status changed.

        Once final, always final: a listing that lags may show an older row.
        """
        if self.settled and not record.state.status.final:
            return False
        moved = self.record is None or record.state != self.record.state
        self.record, self.seen_at = record, at
        self._tell()
        if self.final:
            self._settle(None)
        return moved

    def hint(self, metrics: JobMetrics, at: datetime) -> None:
        """Take in position and estimates."""
        told = (metrics.position_in_queue, metrics.estimated_start_time, metrics.estimated_completion_time)
        self.hintless = all(hint is None for hint in told)
        self._metrics = metrics
        self.seen_at = at
        self._tell()

    def lose(self, error: QrtError) -> None:
        """The service no longer knows the job, or will not tell: waiting ends with this error."""
        if not self.settled:
            self.lost = error
            self._settle(error)

    def stop(self, error: QrtError) -> None:
        """End every wait with an error, without a word about the job itself."""
        self._settle(error)

    async def wait(self) -> None:
        """Return once the job is settled. Being cancelled ends only this wait."""
        if self.settled:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def listen(self) -> Listener:
        """A listener, which is told the present state first."""
        listener = Listener()
        if self.update is not None:
            listener.put(self.update)
        if self.settled:
            listener.end(self.lost)
        else:
            self._listeners.add(listener)
        return listener

    def _tell(self) -> None:
        update = self._describe()
        if update is not None and not update.same_as(self.update):
            self.update = update
            for listener in list(self._listeners):
                listener.put(update)

    def _describe(self) -> JobUpdate | None:
        record, metrics = self.record, self._metrics
        if record is None or self.seen_at is None:
            return None
        hints: dict[str, Any] = {}
        if metrics is not None and not record.state.status.final:
            queued = record.state.status is JobStatus.QUEUED
            hints["position_in_queue"] = metrics.position_in_queue if queued else None
            hints["estimated_start_time"] = metrics.estimated_start_time
            hints["estimated_completion_time"] = metrics.estimated_completion_time
        return JobUpdate(
            job_id=self.id,
            status=record.state.status,
            status_text=record.state.status_text,
            seen_at=self.seen_at,
            reason=record.state.reason or None,
            charged=None if record.usage is None else record.usage.charged,
            **hints,
        )

    def _settle(self, error: QrtError | None) -> None:
        for waiter in list(self._waiters):
            if not waiter.done():
                if error is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(error)
        for listener in list(self._listeners):
            listener.end(error)
        self._listeners.clear()
        callbacks, self.callbacks = self.callbacks, []
        for callback in callbacks:
            asyncio.get_running_loop().call_soon(callback.run)
