"""``AsyncJob``: an id and a connection, awaitable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, NoReturn

import msgspec

from qrt_async.api.models import JobMetrics, JobRecord
from qrt_async.api.status import JobStatus
from qrt_async.errors import Conflict, NotFound, QrtError, WaitTimedOut
from qrt_async.jobs.delivery import Delivery
from qrt_async.jobs.desk import Desk
from qrt_async.jobs.known import Callback, Known
from qrt_async.jobs.outcome import error_of
from qrt_async.jobs.tags import flat, merged, of_users
from qrt_async.jobs.updates import JobUpdates
from qrt_async.transport.tasks import Home

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    R_co = TypeVar("R_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    R_co = TypeVar("R_co", covariant=True)

_JOB_UNKNOWN = 1291


class AsyncJob(Generic[R_co]):
    """A job on the service. ``await job`` gives its result; ``service.job(id)`` makes a handle anywhere.

    Awaitable, but no ``asyncio.Future``: hand it to ``gather``, ``wait_for``, ``shield`` and
    ``as_completed``, and write ``tg.create_task(job.result())`` in a task group. Any number of tasks may
    await it; cancelling or timing out one of them ends that wait only. Nothing but ``cancel()`` touches
    the job itself.
    """

    def __init__(self, known: Known, desk: Desk) -> None:
        self._known = known
        self._desk = desk
        self._held: tuple[Any, QrtError | None] | None = None

    def __await__(self) -> Generator[Any, None, R_co]:
        return self.result().__await__()

    @property
    def id(self) -> str:
        """The service's id."""
        return self._known.id

    @property
    def backend(self) -> str | None:
        """The backend's name; ``None`` while it is not known."""
        return self._known.backend

    @property
    def tags(self) -> tuple[str, ...]:
        """The job's tags, as last seen, without those that this package reserves (``qrt:…``)."""
        return of_users(self._known.tags)

    @property
    def session_id(self) -> str | None:
        """The session or batch it belongs to."""
        return self._known.session_id

    @property
    def private(self) -> bool | None:
        """Can its result be read only once? ``None`` while it is not known."""
        return self._known.private

    @property
    def status(self) -> JobStatus | None:
        """The last known status; makes no request. ``None`` before the first sight of the job."""
        return self._known.status

    @property
    def record(self) -> JobRecord | None:
        """All of what the service said when the job was last seen; makes no request."""
        return self._known.record

    @property
    def seen_at(self) -> datetime | None:
        """When the job was last seen, by this machine's clock."""
        return self._known.seen_at

    async def result(self, timeout: float | None = None) -> R_co:
        """Wait for the end and return the decoded result: the same object each time.

        Raises ``JobFailed``, ``JobCancelled`` or ``JobRanTooLong``; ``ResultError`` for a result that cannot
        be read, ``ResultGone`` for a private one that was read elsewhere; ``WaitTimedOut`` (a
        ``TimeoutError``) after ``timeout`` seconds, which leaves the job alone.
        """
        if self._held is not None:
            held: R_co = self._held[0]
            if self._held[1] is not None:
                raise self._held[1].with_traceback(None)
            return held
        async with self._patience(timeout):
            with self.home:
                self.want(1)
                try:
                    await self._settled()
                finally:
                    self.want(-1)
                error = await self._delivery.error(self._known)
                if error is not None:
                    raise error
                value: R_co = await self._delivery.result(self._known)
                return value

    async def wait(self, timeout: float | None = None) -> JobStatus:
        """Wait for the end and return the final status, however the job ended.

        Raises ``WaitTimedOut`` after ``timeout`` seconds, ``NotFound`` if the service does not know the job.
        """
        async with self._patience(timeout):
            with self.home:
                await self._settled()
        status = self._known.status
        assert status is not None  # noqa: S101 - only a record settles a job
        return status

    def updates(self) -> JobUpdates:
        """Iterate over the job's changes, the present state first, until the final one."""
        self._desk.enter()
        return JobUpdates(self._known, self._watch)

    async def refresh(self) -> JobRecord:
        """Ask the service for the job's record now. One that was not found, and is found now, can be awaited again."""
        record = await self._desk.jobs.get(self.id, exclude_params=True)
        self._known.find()
        self._desk.watcher.learn(self._known, record)
        return record

    async def metrics(self) -> JobMetrics:
        """Ask for timestamps, usage and, where the API date has them, position and estimates."""
        found = await self._desk.jobs.metrics(self.id)
        self._known.hint(found, datetime.now(UTC))
        return found

    async def logs(self) -> str:
        """The job's log: empty before the end and for a job that wrote none."""
        try:
            return await self._desk.jobs.logs(self.id)
        except NotFound as error:
            if error.code == _JOB_UNKNOWN:
                raise
            return ""

    async def raw_results(self) -> bytes | None:
        """The result as the service sends it, undecoded; ``None`` where it has none.

        Of a private job from the spool; if it is not there yet, this is the one read. What was read and could not be
        kept elsewhere is given also when the service is closed.
        """
        if (held := self._delivery.held) is not None:
            return held
        with self.home:
            return await self._delivery.body(self._known)

    async def cancel(self) -> bool:
        """Ask the service to cancel: ``True`` when it accepted, ``False`` when the job had ended."""
        if self._known.final:
            return False
        try:
            await self._desk.jobs.cancel(self.id)
        except Conflict:
            return False
        self._desk.watcher.hurry(self._known)
        return True

    async def delete(self) -> None:
        """Delete the job from the service, its result included. Only a job that has ended can be."""
        await self._desk.jobs.delete(self.id)

    async def replace_tags(self, *tags: str | Iterable[str]) -> None:
        """Make these the job's tags. Reserved ones stay."""
        await self._retag(lambda _current: flat(tags))

    async def add_tags(self, *tags: str | Iterable[str]) -> None:
        """Add to the job's tags."""
        await self._retag(lambda current: (*current, *flat(tags)))

    async def remove_tags(self, *tags: str | Iterable[str]) -> None:
        """Take away from the job's tags; those it does not have are no error, reserved ones stay."""
        gone = set(flat(tags))
        await self._retag(lambda current: tuple(tag for tag in current if tag not in gone))

    def done(self) -> bool:
        """Is the end known? Makes no request."""
        return self._known.settled

    def exception(self) -> QrtError | None:
        """How the job went wrong, ``None`` if it completed. ``InvalidStateError`` before the end."""
        if self._known.lost is not None:
            return self._known.lost
        if self._known.record is None or not self._known.final:
            raise asyncio.InvalidStateError(f"Job {self.id} has not ended, as far as is known.")
        return error_of(self._known.record)

    def add_done_callback(self, callback: Callable[[AsyncJob[R_co]], object]) -> None:
        """Have ``callback(job)`` called in the loop once the job has ended; soon, if it has already."""
        loop = self._desk.enter()

        def run() -> None:
            self._desk.call_back(self.id, lambda: callback(self))

        if self._known.settled:
            loop.call_soon(run)
        else:
            self._desk.watcher.keep(self._known)
            self._known.callbacks.append(Callback(callback, run))

    def remove_done_callback(self, callback: Callable[[AsyncJob[R_co]], object]) -> int:
        """Take a callback back; returns how often it had been added."""
        before = len(self._known.callbacks)
        self._known.callbacks = [kept for kept in self._known.callbacks if kept.given != callback]
        if not self._known.callbacks:
            self._desk.watcher.let_go(self._known)
        return before - len(self._known.callbacks)

    @property
    def home(self) -> Home:
        """For those who collect: inside of it, the service is in use."""
        return self._desk.home

    def want(self, more: int) -> None:
        """For those who collect: ``more`` or fewer wait for the result itself, not only for the end."""
        self._known.wanted += more

    def hold(self, outcome: tuple[Any, QrtError | None] | None) -> None:
        """For those who collect: what awaiting this handle brings while they hold it."""
        self._held = outcome

    def __repr__(self) -> str:
        status = self._known.record.state.status_text if self._known.record is not None else "not seen yet"
        where = f" on {self.backend}" if self.backend else ""
        return f"<{type(self).__name__} {self.id!r}{where}: {status}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "An AsyncJob belongs to its service and cannot be pickled or copied. Pass job.id on, and build a"
            " handle with service.job(job_id) on the other side."
        )

    @property
    def _delivery(self) -> Delivery:
        return self._desk.delivery(self._known)

    def _watch(self) -> None:
        self._desk.watcher.watch(self._known)

    async def _settled(self) -> None:
        if not self._known.settled:
            self._watch()
            await self._known.wait()
        if self._known.lost is not None:
            # Raised as it is, again and again, it would grow by a traceback and keep alive who heard it before.
            raise self._known.lost.with_traceback(None)

    def _patience(self, timeout: float | None) -> _Patience:
        return _Patience(self.id, timeout)

    async def _retag(self, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
        """Read, change, write: the service itself only knows replacing."""
        with self.home:
            record = await self._desk.jobs.get(self.id, exclude_params=True)
            current = record.tags or ()
            tags = merged(current, change(of_users(current)))
            await self._desk.jobs.replace_tags(self.id, tags)
        self._desk.watcher.learn(self._known, msgspec.structs.replace(record, tags=tags))


class _Patience:
    """``asyncio.timeout`` whose end is our error, and that leaves other timeouts alone."""

    def __init__(self, job_id: str, seconds: float | None) -> None:
        self._job_id = job_id
        self._seconds = seconds
        self._limit = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError as passed:
            if not self._limit.expired():
                raise
            raise WaitTimedOut(
                f"Job {self._job_id} has not ended within {self._seconds:g} s."
                " Only the wait ended: the job goes on."
            ) from passed
