"""One task that makes the looks for all jobs of a service, and wakes exactly those that moved."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

from qrt_async.api.call import Ask
from qrt_async.api.models import JobRecord
from qrt_async.api.status import JobStatus
from qrt_async.errors import QrtError, ServiceClosed
from qrt_async.events import Event, JobFollowed, JobLeft, JobMoved, JobStalled, LookMade, wanted
from qrt_async.jobs.cadence import PollPolicy
from qrt_async.jobs.cover import Cover
from qrt_async.jobs.decider import Decider, Step
from qrt_async.jobs.known import Acceptance, Known
from qrt_async.jobs.lookout import Failed, Lookout
from qrt_async.jobs.times import Times
from qrt_async.jobs.tracks import Moment
from qrt_async.transport.tasks import Crew, heard


class Watcher:
    """Watches jobs that somebody holds or waits for. Idle, it has no task and makes no request."""

    def __init__(
        self,
        ask: Ask,
        crew: Crew,
        announce: Callable[[Event], None],
        policy: PollPolicy,
        before_first_look: Callable[[], Awaitable[None]],
    ) -> None:
        self._crew = crew
        self._announce = announce
        self._before_first_look = before_first_look
        self._jobs: WeakValueDictionary[str, Known] = WeakValueDictionary()
        self._kept: dict[str, Known] = {}
        self._decider = Decider(policy, self._jobs, random.random)
        self._lookout = Lookout(
            ask,
            self._decider,
            self._jobs.get,
            self.learn,
            self.lose,
            self._stalled,
            announce,
            self.stop,
            self._moment,
        )
        self._times = Times(ask, crew, announce)
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._looked = False
        self._anchor: Moment | None = None
        self._over: ServiceClosed | None = None

    @property
    def watching(self) -> bool:
        """Is there a job that somebody holds, and whose end is not known?"""
        return any(job_id in self._jobs for job_id in self._decider.tracks)

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The one that looks. It may sleep for a while after the last handle was dropped."""
        return self._task

    def know(self, job_id: str, accepted: Acceptance | None = None) -> Known:
        """The one state of this job, made if nobody holds one."""
        known = self._jobs.get(job_id)
        if known is None:
            known = self._jobs[job_id] = Known(job_id, accepted)
        return known

    def watch(self, known: Known) -> None:
        """Look after this job until it is settled or nobody holds it any more.

        Raises ``ServiceClosed`` where there will be no more looks.
        """
        if self._over is not None:
            raise self._over
        if not known.settled:
            if known.id not in self._decider.tracks and wanted(self._announce, JobFollowed):
                self._announce(JobFollowed(job_id=known.id))
            if self._decider.add(known, self._moment()):
                self._wake.set()
            if self._task is None or self._task.done():
                self._task = self._crew.start(self._run(), "watcher")

    def keep(self, known: Known) -> None:
        """Hold on to a job that has callbacks, though its last handle may be dropped."""
        self._kept[known.id] = known
        self.watch(known)

    def let_go(self, known: Known) -> None:
        """The last callback was taken back."""
        self._kept.pop(known.id, None)

    def hurry(self, known: Known) -> None:
        """Something is about to change: look at once, if the job is watched."""
        self._decider.hurry(known.id, self._moment().now)
        self._wake.set()

    def stop(self, error: QrtError) -> None:
        """End every wait with ``error``; ``ServiceClosed`` those to come, too."""
        if isinstance(error, ServiceClosed):
            self._over = error
        if wanted(self._announce, JobLeft):
            for job_id in self._decider.tracks:
                self._announce(JobLeft(job_id=job_id))
        for known in list(self._jobs.values()):
            known.stop(error)
        self._decider.tracks.clear()
        self._kept.clear()

    def learn(self, known: Known, record: JobRecord, listed: bool = False) -> None:
        """Take in a sight of a job, from wherever it came."""
        before, settled = known.record, known.settled
        moved = known.learn(record, datetime.now(UTC))
        self._decider.saw(known, self._moment(), listed=listed)
        if known.settled:
            self._forget(known.id)
            if not settled:
                self._times.ended(known)
        if known.status is JobStatus.UNKNOWN:
            self._stalled(known, f"its status is {record.state.status_text!r}, a word that is not known")
        if moved:
            self._announce(
                JobMoved(
                    job_id=known.id,
                    status=record.state.status_text,
                    previous=None if before is None else before.state.status_text,
                    reason=record.state.reason or None,
                )
            )

    def lose(self, known: Known, error: QrtError) -> None:
        """The job is gone from the service."""
        settled = known.settled
        known.lose(error)
        self._forget(known.id)
        if not settled:
            self._times.ended(known)

    def _stalled(self, known: Known, why: str | None) -> None:
        if known.stall(why, datetime.now(UTC)) and why is not None:
            self._announce(JobStalled(job_id=known.id, why=why))

    def _forget(self, job_id: str) -> None:
        self._decider.drop(job_id)
        self._kept.pop(job_id, None)

    async def _run(self) -> None:
        try:
            while (step := self._decider.step(self._moment())) is not None:
                self._wake.clear()
                await self._take(step)
        except Exception as error:
            self._crash(error)
            raise

    async def _take(self, step: Step) -> None:
        try:
            if step.look is not None:
                await self._prepare()
                await self._look(step.look)
                await self._lookout.estimate()
                await self._lookout.seek_reasons()
            elif step.peek:
                await self._lookout.peek(step.peek)
            else:
                await heard(self._wake, step.wait)
        except Failed:
            pass

    async def _look(self, cover: Cover) -> None:
        watched, started = len(self._decider.tracks), self._moment().now
        await self._lookout.look(cover)
        if wanted(self._announce, LookMade):
            self._announce(LookMade(watched=watched, seconds=self._moment().now - started))

    async def _prepare(self) -> None:
        if not self._looked:
            self._looked = True
            await self._before_first_look()

    def _crash(self, error: Exception) -> None:
        """A mistake of ours must not leave anybody waiting for ever."""
        what = f"{type(error).__name__}: {error}"
        said = QrtError(f"The watcher of this service crashed ({what}). The job itself runs on.")
        said.__cause__ = error
        self.stop(said)

    def _moment(self) -> Moment:
        """Now. The wall's time follows the loop's clock, so that both tell the same ages."""
        now = asyncio.get_running_loop().time()
        if self._anchor is None:
            self._anchor = Moment(now, datetime.now(UTC))
        return Moment(now, self._anchor.wall + timedelta(seconds=now - self._anchor.now))
