"""Carries submissions from the hand of whoever submits to the end of their jobs: a task for each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from qrt_async.api.job_calls import NewJob
from qrt_async.api.models import CreatedJob
from qrt_async.errors import JournalError, NotSent, QrtError, ServiceClosed
from qrt_async.events import JournalFailed
from qrt_async.jobs.job import AsyncJob
from qrt_async.submit.budget import Spending
from qrt_async.submit.counter import Counter, Told
from qrt_async.submit.diary import Diary, Intent, Withdrawn, withdrawn
from qrt_async.submit.errand import Errand
from qrt_async.submit.gates import Gate, InFlight, Load
from qrt_async.submit.passage import Passage, given_up
from qrt_async.submit.permits import PermitStore
from qrt_async.submit.purse import Purse
from qrt_async.submit.shielded import at_most, cancel_each

GRACE = 10.0
"""Seconds that requests on their way get when a Submitter is left."""

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
        self.began: Callable[[], None] = lambda: None
        """Called when one more waits here, which another process may withdraw."""
        self._in_flight = in_flight
        self._purse = Purse(spending, diary, counter.means, self._kick)
        self._store = store
        self._passages: dict[str, Passage] = {}
        self._unsent: dict[Passage, Told] = {}
        self._withdrawn: set[str] = set()
        """Not yet written down."""
        self._left: list[Passage] = []
        """Given back when nothing more was to be sent."""
        self._rooms: list[Callable[[], None]] = []
        self._stopped = ""
        """Why nothing more is sent, once that is so."""
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Those of this Submitter alone."""
        return (self._in_flight, *self._purse.gates)

    @property
    def waiting(self) -> int:
        """How many have not become a job, nor failed to."""
        return len(self._unsent)

    def when_room(self, call: Callable[[], None]) -> None:
        """Have it called once, when one fewer waits."""
        self._rooms.append(call)

    def start(self, passage: Passage, new: NewJob, pack: Pack, *, watch: bool, again: bool = False) -> None:
        """From now on it is on its way; ``again``, in this process."""
        crew = self.counter.means.crew
        work = self._carry(passage, new, pack, watch)
        passage.task = crew.start(work, "submission's way", expected=True)
        self._passages[passage.key] = passage
        self._unsent[passage] = self.counter.told(passage.key, new, again=again)
        self._empty.clear()
        passage.task.add_done_callback(lambda done: self._done(passage, done))
        self.began()

    def resume(self, passage: Passage, job: AsyncJob[Any], intent: Intent) -> None:
        """One that became a job in an earlier process: from here to its end."""
        self._passages[passage.key] = passage
        passage.accept(job)
        self._in_flight.take(passage.key, self._load(intent))
        work = self._follow(passage)
        passage.task = self.counter.means.crew.start(work, "submission's way", expected=True)
        passage.task.add_done_callback(lambda done: self._done(passage, done))

    def reserve(self, intent: Intent) -> None:
        """An earlier process sent it under a budget, or may have."""
        self._purse.reserve(intent.key, self._load(intent))

    def settle(self, passage: Passage, job: AsyncJob[Any]) -> None:
        """Its job has ended, and only the charge is not known."""
        self._purse.settle_later(passage.key, job)

    def carries(self, key: str) -> bool:
        """Is it on its way in this process, or on its way out?"""
        return key in self._passages or key in self._withdrawn

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
        if passage.state != "waiting" or not passage.unsent or passage.task is None:
            return False
        self._take_out(passage, withdrawn(passage.key))
        self._withdrawn.add(passage.key)
        note = self._withdraw(passage)
        passage.noting = self.counter.means.crew.start(note, "note of a withdrawal", precious=True)
        return True

    def withdrawn_elsewhere(self, keys: Iterable[str]) -> None:
        """Another process has taken them back, and has written it down."""
        for passage in filter(None, map(self._passages.get, keys)):
            if passage.state == "waiting" and passage.unsent:
                self._take_out(passage, withdrawn(passage.key))

    async def _withdraw(self, passage: Passage) -> None:
        if await self._note(passage, self.diary.moved(passage.key, "withdrawn")):
            self._withdrawn.discard(passage.key)

    async def all_sent(self) -> None:
        """Return when nobody waits any more."""
        await self._empty.wait()

    async def stop(self, why: str, *, cancel_jobs: bool = False) -> list[Passage]:
        """Send nothing more: requests on their way get ``GRACE`` seconds, who still waits is given back."""
        self._stopped = why
        waiting = [passage for passage in self._unsent if passage.state == "waiting"]
        for passage in waiting:
            if passage.errand is not None or not self.diary.keeps:
                self._take_out(passage)
        await at_most(GRACE, self.all_sent())
        if cancel_jobs:
            await cancel_each([one.job for one in self._passages.values() if one.job and not one.over])
        tasks = [passage.task for passage in self._passages.values() if passage.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return self._left

    async def withdrawn(self, passages: list[Passage]) -> None:
        """Write down of all that they are given up."""
        await asyncio.gather(*(self._note(one, self.diary.moved(one.key, "withdrawn")) for one in passages))

    def _take_out(self, passage: Passage, error: QrtError | None = None) -> None:
        """Of the line, or on its way there."""
        self._give_back(passage, error)
        if passage.task is not None:
            passage.task.cancel()

    def _give_back(self, passage: Passage, error: QrtError | None = None) -> None:
        if not isinstance(error, Withdrawn):
            self._left += [passage] if passage.unsent else []
            error = NotSent(f"Submission {passage.key} was not sent: {self._stopped}")
        passage.fail(error, "withdrawn")
        self._sent(passage)

    # --- the way of one ----------------------------------------------------------------------------------

    async def _carry(self, passage: Passage, new: NewJob, pack: Pack, watch: bool) -> None:
        job = await self._become_a_job(passage, new, pack)
        if job is None:
            return
        if watch or self._purse.spending is not None:
            self.counter.arrivals.watch(job.id)
            await self._follow(passage)
        else:
            self._in_flight.free(passage.key)
            self._kick()
            passage.part()

    async def _become_a_job(self, passage: Passage, new: NewJob, pack: Pack) -> AsyncJob[Any] | None:
        try:
            errand = await pack()
            passage.keep(errand)
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
            if isinstance(error, Withdrawn) or (self._stopped and isinstance(error, NotSent)):
                self._give_back(passage, error)
                return None
            try:  # Written down first: whoever hears of it may submit anew.
                if error.submitted != "unknown" and not isinstance(error, ServiceClosed):
                    await self._note(passage, self.diary.moved(passage.key, "failed", str(error)))
            finally:
                passage.fail(error)
                self._sent(passage)
            return None
        return await self._accepted(passage, errand, new, created)

    async def _accepted(
        self, passage: Passage, errand: Errand, new: NewJob, created: CreatedJob
    ) -> AsyncJob[Any]:
        job = self.counter.accepted(errand, new, created)
        if errand.doubts:
            self.doubtful.add(passage)
        try:
            await self._note(passage, self.diary.accepted(passage.key, created.id, created.session_id))
        finally:
            passage.accept(job)
            self._sent(passage)
        return job

    async def leaving(self, passage: Passage, load: Load) -> bool:
        """Written down, and, where there is a budget, paid for; ``False`` if that cannot be."""
        passage.leave()
        left = False
        try:
            left = await self._purse.pays(passage.key, load)
        finally:
            if not left:
                passage.wait_again()
        return left

    async def returned(self, passage: Passage) -> None:
        """The service did not take it; it waits again, unless nothing more is to be sent."""
        passage.wait_again()
        await self.diary.refused(passage.key)
        if self._stopped:
            raise NotSent(f"Submission {passage.key} was not sent: {self._stopped}")

    async def _follow(self, passage: Passage) -> None:
        """To the end of the job, and of its charge."""
        ending = await passage.ending()
        if ending is None or passage.job is None:
            return  # it goes on, and the journal says so; only here nobody watches it any more
        await self._note(passage, self.diary.moved(passage.key, "ended", ending))
        self._in_flight.free(passage.key)
        self._kick()
        passage.end()
        await self._purse.settle(passage.key, passage.job)

    async def _note(self, passage: Passage, writing: Awaitable[None]) -> bool:
        """A journal that fails must not make a job seem lost."""
        try:
            await writing
        except JournalError as error:
            self.counter.means.announce(JournalFailed(key=passage.key, error=str(error)))
            return False
        return True

    def _load(self, intent: Intent) -> Load:
        return Load(intent.backend, self.counter.instance, intent.cost)

    def _done(self, passage: Passage, task: asyncio.Task[None]) -> None:
        """However its way ended, nobody waits for it in vain."""
        self._passages.pop(passage.key, None)
        if self._stopped and task.cancelled() and passage.state == "waiting":
            self._give_back(passage)  # there was no time to write it down
        elif passage.unsent:
            passage.fail(given_up(passage, None if task.cancelled() else task.exception()))
        else:
            passage.part()
        self._sent(passage)

    def _sent(self, passage: Passage) -> None:
        """It waits no more."""
        told = self._unsent.pop(passage, None)
        if told is not None:
            told(passage.job, passage.error)
        if not self._unsent:
            self._empty.set()
        self.tell_room()

    def tell_room(self) -> None:
        """One fewer waits."""
        rooms, self._rooms = self._rooms, []
        for call in rooms:
            call()

    def _kick(self) -> None:
        entrance = self.counter.sender.entered
        if entrance is not None:
            entrance.kick()
