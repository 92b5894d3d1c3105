"""Carries submissions from the hand of whoever submits to the end of their jobs: a task for each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from qrt_async.api.job_calls import NewJob
from qrt_async.api.models import CreatedJob
from qrt_async.errors import JournalError, NotFound, NotSent, QrtError, ServiceClosed
from qrt_async.events import JournalFailed
from qrt_async.jobs.job import AsyncJob
from qrt_async.submit.budget import Spending
from qrt_async.submit.charges import charge_of
from qrt_async.submit.counter import Counter
from qrt_async.submit.diary import Diary, Intent
from qrt_async.submit.errand import Errand
from qrt_async.submit.gates import Gate, InFlight, Load
from qrt_async.submit.passage import Passage
from qrt_async.submit.permits import PermitStore

GRACE = 10.0
"""Seconds that requests on their way get when a Submitter is left."""
_CANCELLING = 30.0
"""Seconds that cancelling all jobs may take."""

Pack = Callable[[], Awaitable[Errand]]
"""Makes the errand of a submission: encodes it, or reads it from the journal."""


class Carrier:
    """``store`` is where permits are shared, ``diary`` what is kept of each step."""

    def __init__(
        self,
        counter: Counter,
        diary: Diary,
        in_flight: InFlight,
        spending: Spending | None,
        store: PermitStore | None,
    ) -> None:
        self.counter = counter
        self.diary = diary
        self.doubtful: set[Passage] = set()
        """Sent more than once: a double may appear late."""
        self._in_flight = in_flight
        self._spending = spending
        self._store = store
        self._passages: dict[str, Passage] = {}
        self._unsent: set[Passage] = set()
        self._rooms: list[Callable[[], None]] = []
        self._stopped = ""
        """Why nothing more is sent, once that is so."""
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Those of this Submitter alone."""
        return (self._in_flight,) if self._spending is None else (self._in_flight, self._spending)

    @property
    def waiting(self) -> int:
        """How many have not become a job, nor failed to."""
        return len(self._unsent)

    def when_room(self, call: Callable[[], None]) -> None:
        """Have it called once, when one fewer waits."""
        self._rooms.append(call)

    def start(self, passage: Passage, new: NewJob, pack: Pack, *, watch: bool) -> None:
        """From now on it is on its way."""
        self._passages[passage.key] = passage
        self._unsent.add(passage)
        self._empty.clear()
        crew = self.counter.means.crew
        work = self._carry(passage, new, pack, watch)
        passage.task = crew.start(work, "submission's way", expected=True)
        passage.task.add_done_callback(lambda done: self._done(passage, done))

    def resume(self, passage: Passage, job: AsyncJob[Any], intent: Intent) -> None:
        """One that became a job in an earlier process: from here to its end."""
        self._passages[passage.key] = passage
        passage.accept(job)
        for gate in self.gates:
            gate.take(passage.key, Load(intent.backend, self.counter.instance, intent.cost))
        work = self._follow(passage, job)
        passage.task = self.counter.means.crew.start(work, "submission's way", expected=True)
        passage.task.add_done_callback(lambda done: self._done(passage, done))

    def carries(self, key: str) -> bool:
        """Is it on its way in this process?"""
        return key in self._passages

    def passage(self, key: str) -> Passage | None:
        """The one that is on its way in this process."""
        return self._passages.get(key)

    def replace(self, key: str, job: AsyncJob[Any]) -> None:
        """The submission had become two jobs, and this is the one that is kept."""
        for passage in {*self._passages.values(), *self.doubtful}:
            if passage.key == key and passage.job is not None:
                passage.replace(job)

    def withdraw(self, passage: Passage) -> bool:
        """Take it out of the line."""
        if passage.state != "waiting" or not passage.unsent:
            return False
        passage.fail(NotSent(f"Submission {passage.key} was withdrawn before it was sent."), "withdrawn")
        self._sent(passage)
        _cancel(passage)
        note = self._note(passage, self.diary.moved(passage.key, "withdrawn"))
        self.counter.means.crew.start(note, "note of a withdrawal", precious=True)
        return True

    async def all_sent(self) -> None:
        """Return when nobody waits any more."""
        await self._empty.wait()

    async def stop(self, why: str, *, cancel_jobs: bool = False) -> list[Passage]:
        """Send nothing more: requests on their way get ``GRACE`` seconds, who still waits is given back."""
        self._stopped = why
        waiting = [passage for passage in self._unsent if passage.state == "waiting"]
        for passage in waiting:
            if passage.errand is not None or not self.diary.keeps:
                self._give_back(passage)
                _cancel(passage)
        await _at_most(GRACE, self.all_sent())
        if cancel_jobs:
            await _at_most(_CANCELLING, self._cancel_jobs())
        tasks = [passage.task for passage in self._passages.values() if passage.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return waiting

    def _give_back(self, passage: Passage) -> None:
        passage.fail(NotSent(f"Submission {passage.key} was not sent: {self._stopped}"), "withdrawn")
        self._sent(passage)

    async def _cancel_jobs(self) -> None:
        jobs = [
            passage.job for passage in self._passages.values() if passage.job is not None and not passage.over
        ]
        places = asyncio.Semaphore(8)

        async def cancel(job: AsyncJob[Any]) -> None:
            async with places:
                await job.cancel()

        await asyncio.gather(*map(cancel, jobs), return_exceptions=True)

    # --- the way of one ----------------------------------------------------------------------------------

    async def _carry(self, passage: Passage, new: NewJob, pack: Pack, watch: bool) -> None:
        job = await self._become_a_job(passage, new, pack)
        if job is None:
            return
        if watch:
            self.counter.arrivals.watch(job.id)
            await self._follow(passage, job)
        else:
            self._in_flight.free(passage.key)
            passage.end()

    async def _become_a_job(self, passage: Passage, new: NewJob, pack: Pack) -> AsyncJob[Any] | None:
        try:
            errand = await pack()
            passage.errand = errand
            if self._stopped:  # written down it is by now, and somebody else will send it
                self._give_back(passage)
                return None
            entrance = await self.counter.sender.reach(patient=True)
            if self._store is not None:
                entrance.share(self._store)
            passage.set_out(errand, entrance)
            created = await self.counter.sender.send(
                errand, lambda _, made, error: self.counter.arrivals.left(new, made, error)
            )
        except QrtError as error:
            passage.fail(error)
            self._sent(passage)
            if error.submitted != "unknown" and not isinstance(error, ServiceClosed):
                await self._note(passage, self.diary.moved(passage.key, "failed", str(error)))
            return None
        return await self._accepted(passage, errand, new, created)

    async def _accepted(
        self, passage: Passage, errand: Errand, new: NewJob, created: CreatedJob
    ) -> AsyncJob[Any]:
        job = self.counter.accepted(errand, new, created)
        if errand.doubts:
            self.doubtful.add(passage)
        await self._note(passage, self.diary.accepted(passage.key, created.id, created.session_id))
        passage.accept(job)
        self._sent(passage)
        return job

    async def _follow(self, passage: Passage, job: AsyncJob[Any]) -> None:
        """To the end of the job, and of its charge."""
        try:
            ending = (await job.wait()).value
        except NotFound as error:
            ending = str(error)
        except QrtError:
            return  # it goes on, and the journal says so; only here nobody watches it any more
        await self._note(passage, self.diary.moved(passage.key, "ended", ending))
        self._in_flight.free(passage.key)
        self._kick()
        passage.end()
        if self._spending is not None:
            charged = await charge_of(job, job.record)
            if charged is not None:
                self._spending.settle(passage.key, charged)
                self._kick()

    async def _note(self, passage: Passage, writing: Awaitable[None]) -> None:
        """A journal that fails must not make a job seem lost."""
        try:
            await writing
        except JournalError as error:
            self.counter.means.announce(JournalFailed(key=passage.key, error=str(error)))

    def _done(self, passage: Passage, task: asyncio.Task[None]) -> None:
        """However its way ended, nobody waits for it in vain."""
        self._passages.pop(passage.key, None)
        if passage.unsent:
            passage.fail(_given_up(passage, None if task.cancelled() else task.exception()))
        elif not passage.over:
            passage.end()
        self._sent(passage)

    def _sent(self, passage: Passage) -> None:
        """It waits no more."""
        self._unsent.discard(passage)
        if not self._unsent:
            self._empty.set()
        rooms, self._rooms = self._rooms, []
        for call in rooms:
            call()

    def _kick(self) -> None:
        entrance = self.counter.sender.entered
        if entrance is not None:
            entrance.kick()


def _cancel(passage: Passage) -> None:
    if passage.task is not None:
        passage.task.cancel()


async def _at_most(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        pass


def _given_up(passage: Passage, crash: BaseException | None) -> QrtError:
    """The error of one whose way ended before it was known what became of it."""
    if passage.state == "sending":
        error: QrtError = ServiceClosed(
            f"Submission {passage.key} was under way when all was closed; look for its job."
        )
        error.submitted = error.billed = "unknown"
    else:
        error = NotSent(f"Submission {passage.key} was not sent: all was closed before.")
    error.__cause__ = crash
    return error
