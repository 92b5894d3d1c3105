"""The handle on a share in a job: like one on a job of one's own, and without anything of the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from weakref import WeakSet

from qrt_async.api.models import JobMetrics, JobRecord
from qrt_async.coalesce.portions import Portion, ended_record, own_metrics, own_record, unseen_record
from qrt_async.errors import InvalidInput, JobError, QrtError
from qrt_async.jobs.changes import JobUpdate, Listener
from qrt_async.jobs.delivery import Delivery
from qrt_async.jobs.desk import Desk
from qrt_async.jobs.job import AsyncJob
from qrt_async.jobs.known import Acceptance, Known
from qrt_async.transport.wire import Keep

R = TypeVar("R")


class Lot:
    """What is known of a share: of its owner's job, as far as anybody can see. ``give_up`` is what cancelling does,
    ``bring`` what fetches its result, once there is one."""

    def __init__(self, job: AsyncJob[Any], accepted: Acceptance) -> None:
        self.known = Known(job.id, accepted)
        self.job = job
        """The one it rides in, with everybody's."""
        self.portion = Portion(span=(0, 1), pubs=1, executions=1, part=1.0)
        self.bring: Callable[[], Awaitable[bytes]] | None = None
        self.give_up: Callable[[], Awaitable[bool]]
        self.mirror: Mirror | None = None
        """For one whose job is looked after elsewhere."""
        self.paid = 0.0
        """Its part of jobs that came to nothing, in seconds of QPU time."""

    def ride(self, job: AsyncJob[Any], portion: Portion, give_up: Callable[[], Awaitable[bool]]) -> None:
        """From now on it is in this job."""
        self.job, self.portion, self.give_up = job, portion, give_up
        self.known.id = job.id

    def follow(self, update: JobUpdate) -> None:
        """The job moved. Its end is not yet that of the share: another job may follow."""
        if self.known.settled or update.status.final:
            return
        self._learn(self._record(), update.seen_at)
        hints = JobMetrics(
            position_in_queue=update.position_in_queue,
            estimated_start_time=update.estimated_start_time,
            estimated_completion_time=update.estimated_completion_time,
        )
        if any(getattr(hints, name) is not None for name in hints.__struct_fields__):
            self.known.hint(hints, update.seen_at)
        self.known.stall(update.stalled, update.seen_at)

    def end(self, error: QrtError | None, bring: Callable[[], Awaitable[bytes]] | None = None) -> None:
        """With its slice of the result, or an error of its own."""
        if self.known.settled:
            return
        self.bring = bring
        if error is None or isinstance(error, JobError):
            self._learn(ended_record(self._record(), error), datetime.now(UTC))
        else:
            self.known.lose(error)

    def _learn(self, record: JobRecord, at: datetime) -> None:
        self.known.learn(record, at)

    def _record(self) -> JobRecord:
        accepted, record = self.known.accepted, self.job.record
        assert accepted is not None  # noqa: S101 - given where it is made
        if record is None:
            record = unseen_record(self.job.id, accepted.program_id, accepted.backend)
        return own_record(record, self.portion, accepted.tags)


class Mirror(Listener):
    """Tells those who share a job how it moves, as it is told: no request is made for that unless one of them follows
    its share."""

    def __init__(self, lots: list[Lot]) -> None:
        super().__init__()
        self._lots = WeakSet(lots)

    @property
    def curious(self) -> bool:
        return any(lot.known.is_followed for lot in self._lots)

    def put(self, update: JobUpdate) -> None:
        for lot in list(self._lots):
            lot.follow(update)


class SharedDelivery(Delivery):
    """Its bytes are a slice of those of the job."""

    lot: Lot

    async def body(self, known: Known, keep: Keep | None = None) -> bytes | None:
        return None if self.lot.bring is None else await self.lot.bring()


class SharedJob(AsyncJob[R]):
    """A share in a job that several submissions are in (``submit(..., share=True)``).

    Awaited it gives the result of its own PUBs, and ``raw_results()`` a result with nothing else in it. Status,
    position and estimates are those of the job, usage and charge its own part, by executions. Should a bad program of
    somebody else make the job fail, it goes on in another one: ``id`` is that of the job it is in now, or was in last.

    ``cancel()`` gives up the share, at once and for good; the job itself is cancelled when nobody wants it any more.
    ``logs()`` are empty where others are in the job, whom they speak of. Deleting the job and changing its tags is
    ``InvalidInput``: both are everybody's. Who shares it cannot be seen here; ``service.job(id)`` shows all of the job
    to those who have the service.
    """

    def __init__(self, lot: Lot, desk: Desk) -> None:
        super().__init__(lot.known, desk)
        self._lot = lot
        self._slice = desk.new_delivery(SharedDelivery)
        self._slice.lot = lot

    async def refresh(self) -> JobRecord:
        """Ask the service for the job's record now; what of it is this one's."""
        record = await self._lot.job.refresh()
        return self.record if self.record is not None and self.done() else self._own(record)

    async def metrics(self) -> JobMetrics:
        """Ask for timestamps, usage and, where the API date has them, position and estimates."""
        return own_metrics(await self._lot.job.metrics(), self._lot.portion)

    async def logs(self) -> str:
        """The job's log where it is in no one else's job."""
        return await self._lot.job.logs() if self._lot.portion.alone else ""

    async def cancel(self) -> bool:
        """Give up the share: ``False`` when it had ended. Its part of the charge stays, if the job goes on."""
        return False if self.done() else await self._lot.give_up()

    async def delete(self) -> None:
        raise self._everybodys("Deleting it would take the results of others.")

    async def _retag(self, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
        raise self._everybodys("Its tags are everybody's.")

    def _own(self, record: JobRecord) -> JobRecord:
        accepted = self._lot.known.accepted
        return own_record(record, self._lot.portion, () if accepted is None else accepted.tags)

    def _watch(self) -> None:
        """Those who share it look after the job together."""

    def _everybodys(self, why: str) -> InvalidInput:
        return InvalidInput(f"Job {self.id} is shared with others. {why} Nothing was changed.")

    @property
    def _delivery(self) -> Delivery:
        return self._slice
