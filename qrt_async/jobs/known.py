"""What is known of one job: one state, shared by all handles, waiters and listeners of that job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any
from weakref import WeakSet

import msgspec

from qrt_async.api.models import JobMetrics, JobRecord
from qrt_async.api.status import JobStatus
from qrt_async.errors import QrtError
from qrt_async.jobs.changes import JobUpdate, Listener


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
    """State of one job. Changes only by ``learn``, ``hint``, ``stall``, ``lose``, ``find`` and ``stop``.

    ``kind`` is backend and program, as far as they are known, ``created`` by the service's clock, or by ours until
    the service said it, ``private`` ``None`` while that is not known; ``settled``: there is nothing more to wait for.
    All that is worked out when something is learned, as every look asks every job for it. ``wanted`` counts those who
    wait for the result itself, ``body`` is the result where reading it was how the end was learned; whoever decodes
    it takes it away.
    """

    __slots__ = (
        "__weakref__",
        "_listeners",
        "_metrics",
        "_waiters",
        "accepted",
        "backend",
        "body",
        "callbacks",
        "created",
        "final",
        "hintless",
        "id",
        "kind",
        "lost",
        "private",
        "program_id",
        "record",
        "seen_at",
        "session_id",
        "settled",
        "stalled",
        "status",
        "tags",
        "update",
        "wanted",
    )

    def __init__(self, job_id: str, accepted: Acceptance | None = None) -> None:
        self.id = job_id
        self.accepted = accepted
        self.record: JobRecord | None = None
        self.status: JobStatus | None = None
        self.seen_at: datetime | None = None
        self.lost: QrtError | None = None
        self.hintless = False
        self.stalled: str | None = None
        self.update: JobUpdate | None = None
        self.callbacks: list[Callback] = []
        self.wanted = 0
        self.body: bytes | None = None
        self._metrics: JobMetrics | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self._listeners: WeakSet[Listener] | None = None
        self._gather()
        self._judge()

    def _gather(self) -> None:
        """From the service's record, which may leave out what it need not say, or from the submission."""
        record, accepted = self.record, self.accepted
        self.backend: str | None = self._fact("backend")
        self.session_id: str | None = self._fact("session_id")
        self.tags: tuple[str, ...] = self._fact("tags") or ()
        self.private: bool | None = self._fact("private")
        self.created = None if accepted is None else accepted.at
        self.program_id = None if accepted is None else accepted.program_id
        if record is not None:
            self.created = record.created or self.created
            self.program_id = self.program_id if record.program is None else record.program.id
        self.kind = (self.backend, self.program_id)

    def _fact(self, name: str) -> Any:
        found = getattr(self.record, name, None) or getattr(self.accepted, name, None)
        return found if found is not None or self.record is None else getattr(self.record, name)

    def _judge(self) -> None:
        self.final = self.status is not None and self.status.final
        self.settled = self.final or self.lost is not None

    @property
    def estimated_end(self) -> datetime | None:
        """When the service last thought the job would be done."""
        return None if self._metrics is None else self._metrics.estimated_completion_time

    @property
    def wants_hints(self) -> bool:
        """Would a listener like to hear of the queue?"""
        if self.settled or self.hintless:
            return False
        return self.is_followed

    @property
    def is_followed(self) -> bool:
        """Does somebody listen who wants to hear of the queue?"""
        return any(listener.curious for listener in self._listeners or ())

    def learn(self, record: JobRecord, at: datetime) -> bool:
        """Take in a sight of the job; ``True`` when its status changed.

        Once final, always final: a listing that lags may show an older row.
        """
        status = record.state.status
        if self.settled and not status.final:
            return False
        moved = self.record is None or record.state != self.record.state
        if moved:
            self.stalled = None
        self.record, self.status, self.seen_at = record, status, at
        self._gather()
        self._judge()
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

    def stall(self, why: str | None, at: datetime) -> bool:
        """Something outside of the job keeps it from moving on, or no longer; ``True`` where that is news."""
        if self.settled or self.stalled == why:
            return False
        self.stalled, self.seen_at = why, at
        self._tell()
        return True

    def take_body(self) -> bytes | None:
        """The result, if reading it was how the end was learned: once."""
        body, self.body = self.body, None
        return body

    def lose(self, error: QrtError) -> None:
        """The service no longer knows the job, or will not tell: waiting ends with this error."""
        if not self.settled:
            self.lost = error
            self._judge()
            self._settle(error)

    def find(self) -> None:
        """The service knows the job after all."""
        self.lost = None
        self._judge()

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

    def listen(self, listener: Listener | None = None) -> Listener:
        """A listener, which is told the present state first."""
        listener = listener or Listener()
        if self.update is not None:
            listener.put(self.update)
        if self.settled:
            listener.end(self.lost)
        else:
            if self._listeners is None:
                self._listeners = WeakSet()
            self._listeners.add(listener)
        return listener

    def _tell(self) -> None:
        update = self._describe()
        if update is not None and not update.same_as(self.update):
            self.update = update
            for listener in list(self._listeners or ()):
                listener.put(update)

    def _describe(self) -> JobUpdate | None:
        record, metrics = self.record, self._metrics
        if record is None or self.status is None or self.seen_at is None:
            return None
        hints: dict[str, Any] = {}
        if metrics is not None and not self.status.final:
            queued = self.status is JobStatus.QUEUED
            hints["position_in_queue"] = metrics.position_in_queue if queued else None
            hints["estimated_start_time"] = metrics.estimated_start_time
            hints["estimated_completion_time"] = metrics.estimated_completion_time
        return JobUpdate(
            job_id=self.id,
            status=self.status,
            status_text=record.state.status_text,
            seen_at=self.seen_at,
            reason=record.state.reason or None,
            charged=None if record.usage is None else record.usage.charged,
            stalled=self.stalled,
            **hints,
        )

    def _settle(self, error: QrtError | None) -> None:
        for waiter in list(self._waiters):
            if not waiter.done():
                if error is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(error)
        for listener in list(self._listeners or ()):
            listener.end(error)
        self._listeners = None
        callbacks, self.callbacks = self.callbacks, []
        for callback in callbacks:
            asyncio.get_running_loop().call_soon(callback.run)
