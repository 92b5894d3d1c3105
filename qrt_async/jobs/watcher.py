"""One task that makes the looks for all jobs of a service, and wakes exactly those that moved."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar
from weakref import WeakValueDictionary

import msgspec

from qrt_async.api.call import Ask, Call
from qrt_async.api.job_calls import get_job, get_metrics
from qrt_async.api.models import JobRecord
from qrt_async.errors import InvalidInput, NotAuthorized, NotFound, QrtError, ServiceError
from qrt_async.events import Event, JobMoved, LookFailed
from qrt_async.jobs.cadence import Allowance, PollPolicy, pause, pause_after_failure
from qrt_async.jobs.known import Acceptance, Known
from qrt_async.jobs.looks import Sight, Window, cover, read_window
from qrt_async.transport.tasks import Crew

T = TypeVar("T")

_HOPELESS = 3
"""So many looks refused in a row for want of a right or a valid key end the waiting with that error."""


class _Track(msgspec.Struct):
    """The watcher's own notes on one job, by the loop's clock."""

    since: float
    due: float
    missing_since: float | None = None


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
        self._ask = ask
        self._crew = crew
        self._announce = announce
        self._policy = policy
        self._before_first_look = before_first_look
        self._allowance = Allowance(policy)
        self._jobs: WeakValueDictionary[str, Known] = WeakValueDictionary()
        self._tracks: dict[str, _Track] = {}
        self._kept: dict[str, Known] = {}
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._failures = 0
        self._rows_seen = 0
        self._looked = False

    def know(self, job_id: str, accepted: Acceptance | None = None) -> Known:
        """The one state of this job, made if nobody holds one."""
        known = self._jobs.get(job_id)
        if known is None:
            known = self._jobs[job_id] = Known(job_id, accepted)
        return known

    def watch(self, known: Known) -> None:
        """Look after this job until it is settled or nobody holds it any more."""
        if known.settled or known.id in self._tracks:
            return
        now = asyncio.get_running_loop().time()
        first = 0.0 if known.record is None and known.accepted is None else self._pause(0.0)
        self._tracks[known.id] = _Track(since=now, due=now + first)
        self._start()

    def keep(self, known: Known) -> None:
        """Hold on to a job that has callbacks, though its last handle may be dropped."""
        self._kept[known.id] = known
        self.watch(known)

    def let_go(self, known: Known) -> None:
        """The last callback was taken back."""
        self._kept.pop(known.id, None)

    def hurry(self, known: Known) -> None:
        """Something is about to change: look at once, if the job is watched."""
        track = self._tracks.get(known.id)
        if track is not None:
            now = asyncio.get_running_loop().time()
            track.since = track.due = now
            self._wake.set()

    def stop(self, error: QrtError) -> None:
        """End every wait with ``error``."""
        for known in list(self._jobs.values()):
            known.stop(error)
        self._tracks.clear()
        self._kept.clear()

    def learn(self, known: Known, record: JobRecord) -> None:
        """Take in a sight of a job, from wherever it came."""
        before = known.record
        if known.learn(record, datetime.now(UTC)):
            self._announce(
                JobMoved(
                    job_id=known.id,
                    status=record.state.status_text,
                    previous=None if before is None else before.state.status_text,
                    reason=record.state.reason or None,
                )
            )
        if known.settled:
            self._forget(known.id)

    def lose(self, known: Known, error: QrtError) -> None:
        """The job is gone from the service."""
        known.lose(error)
        self._forget(known.id)

    def _forget(self, job_id: str) -> None:
        self._tracks.pop(job_id, None)
        self._kept.pop(job_id, None)

    def _start(self) -> None:
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = self._crew.start(self._run(), "watcher")

    async def _run(self) -> None:
        try:
            while (wait := self._next_due()) is not None:
                self._wake.clear()
                if wait > 0:
                    await self._sleep(wait)
                else:
                    await self._look_safely()
        except Exception as error:
            self._crash(error)
            raise

    def _crash(self, error: Exception) -> None:
        """A mistake of ours must not leave anybody waiting for ever."""
        what = f"{type(error).__name__}: {error}"
        said = QrtError(f"The watcher of this service crashed ({what}). The job itself runs on.")
        said.__cause__ = error
        self.stop(said)

    def _next_due(self) -> float | None:
        """Seconds until the next look, ``None`` when nothing is watched."""
        for job_id in [job_id for job_id in self._tracks if job_id not in self._jobs]:
            self._forget(job_id)
        if not self._tracks:
            return None
        now = asyncio.get_running_loop().time()
        due = min(track.due for track in self._tracks.values()) - now
        return max(due, self._allowance.wait(now), 0.0)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _look_safely(self) -> None:
        """A failed look is never a failed job: wait, and look again."""
        try:
            await self._look()
        except InvalidInput:
            raise
        except ServiceError as error:
            self._failures += 1
            self._put_off(error)
        else:
            self._failures = 0

    def _put_off(self, error: ServiceError) -> None:
        if _lasting(error) and self._failures >= _HOPELESS:
            self.stop(error)
            return
        wait = pause_after_failure(self._policy, self._failures, error.retry_after, random.random())  # noqa: S311
        now = asyncio.get_running_loop().time()
        for track in self._tracks.values():
            track.due = max(track.due, now + wait)
        self._announce(LookFailed(why=str(error), again_in=wait))

    async def _look(self) -> None:
        if not self._looked:
            self._looked = True
            await self._before_first_look()
        now = asyncio.get_running_loop().time()
        sights = [Sight(k.id, k.created) for k in self._watched()]
        plan = cover(sights, self._overdue(now), datetime.now(UTC), self._rows_seen)
        if plan.window is not None:
            await self._read_window(plan.window)
        for job_id in plan.singles:
            if self._is_due(job_id):
                await self._read_single(job_id)
        await self._read_hints()

    def _watched(self) -> list[Known]:
        return [known for job_id in list(self._tracks) if (known := self._jobs.get(job_id)) is not None]

    def _overdue(self, now: float) -> list[str]:
        """Jobs that listings did not show for longer than a lag explains."""
        lag = self._policy.lag
        return [
            job_id
            for job_id, track in self._tracks.items()
            if track.missing_since is not None and now - track.missing_since > lag
        ]

    def _is_due(self, job_id: str) -> bool:
        track = self._tracks.get(job_id)
        return track is not None and track.due <= asyncio.get_running_loop().time()

    async def _read_window(self, window: Window) -> None:
        left, offset = set(window.ids), 0
        while left:
            rows = await self._spend(read_window(window, offset, frozenset(left)))
            for record in rows.found:
                left.discard(record.id)
                self._saw(record)
            offset += rows.read
            if rows.last:
                break
        self._rows_seen = offset
        self._missed(left)

    def _missed(self, job_ids: set[str]) -> None:
        """Not in the listing: late, or gone. A missing row proves nothing."""
        now = asyncio.get_running_loop().time()
        for job_id in job_ids:
            track = self._tracks.get(job_id)
            if track is not None:
                track.missing_since = track.missing_since or now
                track.due = now + self._pause(now - track.since)

    async def _read_single(self, job_id: str) -> None:
        known = self._jobs.get(job_id)
        if known is None:
            return
        try:
            record = await self._spend(get_job(job_id, exclude_params=True))
        except NotFound as error:
            self._not_found(known, error)
        else:
            self._saw(record)

    def _not_found(self, known: Known, error: NotFound) -> None:
        track = self._tracks.get(known.id)
        now = asyncio.get_running_loop().time()
        if track is not None and known.accepted is not None and now - track.since < self._policy.lag:
            track.due = now + self._pause(now - track.since)
        else:
            self.lose(known, error)

    def _saw(self, record: JobRecord) -> None:
        known, track = self._jobs.get(record.id), self._tracks.get(record.id)
        if known is None or track is None:
            return
        now = asyncio.get_running_loop().time()
        track.missing_since = None
        track.due = now + self._pause(now - track.since)
        self.learn(known, record)

    async def _read_hints(self) -> None:
        """Queue position and estimates, for those who listen and while the service sends any."""
        for known in self._watched():
            if known.wants_hints and self._allowance.wait(asyncio.get_running_loop().time()) == 0.0:
                known.hint(await self._spend(get_metrics(known.id)), datetime.now(UTC))

    async def _spend(self, call: Call[T]) -> T:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._allowance.wait(loop.time()))
        self._allowance.spend(loop.time())
        return await self._ask(call)

    def _pause(self, age: float) -> float:
        return pause(self._policy, age, random.random())  # noqa: S311


def _lasting(error: ServiceError) -> bool:
    """A 401 after a fresh token is the service's confusion; a key or a right that is gone stays so."""
    return isinstance(error, NotAuthorized) and error.status != 401
