"""What there is to tell of a job, a submission or a sweep, and when to look again. Telling is ``stream``'s."""

from __future__ import annotations

import asyncio
import hashlib
import math
from typing import Any, Protocol

import msgspec

from qrt_async.errors import QrtError, ServiceClosed
from qrt_async.integrations.problems import problem
from qrt_async.jobs.changes import JobUpdate
from qrt_async.jobs.job import AsyncJob
from qrt_async.submit.submission import Submission
from qrt_async.sweep.run import SweepRun

_LOOK = 2.0
"""Seconds after which places in line are looked at again: nobody is told of each step forward."""
_END = "end-"


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One event. ``due`` is when, by the loop's clock, something is expected; it moves without being another event."""

    name: str
    data: dict[str, Any]
    due: float | None = None
    passing: dict[str, Any] = {}
    """What is told, too, but makes no other event."""

    @property
    def id(self) -> str:
        """The same for the same news in every process."""
        told = msgspec.json.encode([self.name, self.data], order="sorted")
        mark = hashlib.blake2s(told, digest_size=9).hexdigest()
        return f"{_END}{mark}" if self.last else mark

    @property
    def last(self) -> bool:
        """Does nothing come after it?"""
        return self.name == "end"

    def frame(self) -> bytes:
        """As server-sent events have it."""
        data = msgspec.json.encode({**self.data, **self.passing})
        return b"id: %s\nevent: %s\ndata: %s\n\n" % (self.id.encode(), self.name.encode(), data)


class Source(Protocol):
    """``look`` is the newest there is to tell; ``wait`` returns when that may have changed, and may be cancelled."""

    def look(self) -> Happening | None: ...

    async def wait(self) -> None: ...

    async def resume(self, told: str) -> None:
        """Somebody was told of it before, elsewhere perhaps: see that ``look`` is no older than that."""

    def over(self, told: str) -> bool:
        """Was the event with this id the last one?"""

    @property
    def patience(self) -> float:
        """Seconds after which to look again in any case."""


class Closed(Exception):
    """There will be no more news here: the service was closed. The client may ask another process."""


class JobSource:
    """An ``AsyncJob``; ``submission`` is the id of the submission it is of."""

    patience = math.inf

    def __init__(self, job: AsyncJob[Any], submission: str | None = None) -> None:
        self._job = job
        self._submission = submission
        self._updates = job.updates()
        self._update: JobUpdate | None = None
        self._over = job.done()
        self._error: QrtError | None = None

    def look(self) -> Happening:
        return self._end() if self._over else Happening(name="job", **self._facts())

    async def wait(self) -> None:
        try:
            self._update = await self._updates.newest()
        except StopAsyncIteration:
            self._over = True
        except ServiceClosed as error:
            raise Closed from error
        except QrtError as error:
            self._over, self._error = True, error

    async def resume(self, told: str) -> None:
        """What was told may come from the queue, which is not looked at before somebody listens."""
        try:
            if self._job.record is None:
                await self._job.refresh()
            await self.wait()
            if not self._over and self.look().id != told:
                await self._job.metrics()
        except QrtError:
            return  # whoever watches it will see
        if self._updates.behind:
            await self.wait()

    def over(self, told: str) -> bool:
        return told.startswith(_END)

    def _facts(self) -> dict[str, Any]:
        """What is told of the job itself; nothing of it before the first sight but its id."""
        update = self._update
        known = {name: getattr(update, name, None) for name in _TOLD}
        data = {
            "id": self._job.id,
            "submission": self._submission,
            "backend": self._job.backend,
            "status": None if update is None else update.status_text,
            **known,
        }
        return {"data": data, "passing": {} if update is None else {"seen_at": update.seen_at}}

    def _end(self) -> Happening:
        error = self._error
        if error is None:
            error = self._job.exception()
        record, status = self._job.record, self._job.status
        charged = None if record is None or record.usage is None else record.usage.charged
        job = {"id": self._job.id, "backend": self._job.backend}
        state, word = "ended", None if status is None else status.value
        said = _said(error)
        ended = {"submission": self._submission, "job": job, "state": state, "status": word, "problem": said}
        return Happening(name="end", data=ended, passing={"charged": charged})


_TOLD = (
    "reason",
    "position_in_queue",
    "estimated_start_time",
    "estimated_completion_time",
    "charged",
    "stalled",
)


class SubmissionSource:
    """A ``Submission``: first its way through the line, then its job."""

    def __init__(self, submission: Submission[Any]) -> None:
        self._submission = submission
        self._job: JobSource | None = None
        self._error: QrtError | None = None
        self._told: str | None = None

    @property
    def patience(self) -> float:
        return _LOOK if self._waits else math.inf

    def look(self) -> Happening | None:
        if self._job is not None:
            return self._job.look()
        if self._error is not None:
            return self._end(self._error)
        return self._waiting() if self._waits else None

    async def wait(self) -> None:
        if self._job is not None:
            await self._job.wait()
        elif self._waits:
            await self._submission.changed()
        else:
            await self._settle()

    async def resume(self, told: str) -> None:
        self._told = told
        if not self._waits:
            await self._settle()

    def over(self, told: str) -> bool:
        return told.startswith(_END)

    @property
    def _waits(self) -> bool:
        return self._job is None and self._submission.state in {"waiting", "sending"}

    async def _settle(self) -> None:
        """It has become a job, or never will be."""
        try:
            source = JobSource(await self._submission.job(), self._submission.id)
        except ServiceClosed as error:
            raise Closed from error
        except QrtError as error:
            self._error = error
            return
        if self._told is not None:
            await source.resume(self._told)
        self._job = source

    def _waiting(self) -> Happening:
        submission, eta = self._submission, self._submission.eta
        ahead = submission.ahead
        data = {
            "submission": submission.id,
            "state": submission.state,
            "position_in_line": None if ahead is None else ahead + 1,
            "why_waiting": submission.why_waiting,
        }
        return Happening(name="waiting", data=data, due=_due(eta), passing={"eta": eta})

    def _end(self, error: QrtError) -> Happening:
        data = {
            "submission": self._submission.id,
            "job": None,
            "state": self._submission.state,
            "status": None,
            "problem": _said(error),
        }
        return Happening(name="end", data=data)


class SweepSource:
    """A ``SweepRun``, which is not started by being listened to."""

    def __init__(self, run: SweepRun) -> None:
        self._run = run

    @property
    def patience(self) -> float:
        return _LOOK if self._run.progress.why_waiting is not None else math.inf

    def look(self) -> Happening | None:
        told = msgspec.to_builtins(self._run.progress)
        eta = told.pop("eta")
        passing = {"eta": eta, "text": str(self._run.progress)}
        if not self._run.done:
            data = {"name": self._run.name, **told}
            return Happening(name="progress", data=data, due=_due(eta), passing=passing)
        error = self._run.error
        if isinstance(error, ServiceClosed):
            raise Closed from error
        said = _said(error) if isinstance(error, QrtError) else None
        state = "ended" if error is None else "failed"
        end = {"name": self._run.name, "state": state, "progress": told, "problem": said}
        return Happening(name="end", data=end)

    async def wait(self) -> None:
        await self._run.changed()

    async def resume(self, told: str) -> None:
        """What is known is as it is."""

    def over(self, told: str) -> bool:
        try:
            happening = self.look()
        except Closed:
            return False
        return happening is not None and happening.last and happening.id == told


def source_of(source: AsyncJob[Any] | Submission[Any] | SweepRun) -> Source:
    """How to follow it."""
    if isinstance(source, AsyncJob):
        return JobSource(source)
    if isinstance(source, Submission):
        return SubmissionSource(source)
    return SweepSource(source)


def _said(error: QrtError | None) -> dict[str, Any] | None:
    return None if error is None else problem(error).to_dict()


def _due(eta: float | None) -> float | None:
    return None if eta is None else asyncio.get_running_loop().time() + eta
