"""Takes in submissions that share jobs, keeps them in pools until they leave, and gives them back when nothing more is
sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from weakref import WeakValueDictionary

from qrt_async.api.job_calls import NewJob
from qrt_async.coalesce.book import Book
from qrt_async.coalesce.bundle import Bundle
from qrt_async.coalesce.course import Course, end
from qrt_async.coalesce.dispatch import Dispatch
from qrt_async.coalesce.faults import copied
from qrt_async.coalesce.hunt import Hunt
from qrt_async.coalesce.loader import Loader
from qrt_async.coalesce.pool import Pool
from qrt_async.coalesce.share import Share
from qrt_async.errors import JournalError, NotSent, QrtError, ServiceClosed
from qrt_async.events import JournalFailed
from qrt_async.jobs.job import AsyncJob
from qrt_async.programs.program import Program
from qrt_async.submit.carrier import GRACE, Carrier
from qrt_async.submit.coalescing import Coalesce
from qrt_async.submit.counter import Counter, Wishes
from qrt_async.submit.diary import withdrawn
from qrt_async.submit.line import Place
from qrt_async.submit.passage import Passage, given_up
from qrt_async.submit.register import Register
from qrt_async.submit.shielded import at_most
from qrt_async.sweep.ceilings import Ceilings


class Sharing:
    """Of one ``Submitter``. ``left`` are those that were given back."""

    def __init__(
        self,
        rules: Coalesce,
        counter: Counter,
        carrier: Carrier,
        book: Book,
        settle: float | None,
        told: Callable[[Passage], None],
        register: Register,
    ) -> None:
        self.rules = rules
        self.left: list[Share] = []
        self.known: WeakValueDictionary[str, Share] = WeakValueDictionary()
        """All that somebody holds, by key."""
        self.dispatch = Dispatch(counter, carrier, book, settle, self, told)
        self.course = Course(counter, book, self._test, self.dispatch, self._not_sent)
        self.loader = Loader(counter, carrier.diary)
        self._counter = counter
        self._carrier = carrier
        self._told = told
        self._register = register
        self._pools: dict[str, Pool] = {}
        self._unsent: set[Share] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._hurry = False
        self._stopped = ""
        """Why nothing more is sent, once that is so."""

    @property
    def waiting(self) -> int:
        """How many more wait than the line of the ``Submitter`` knows of."""
        return len(self._unsent) - len(self.dispatch.in_line)

    def carries(self, bundle: str) -> bool:
        """Is this job on its way in this process?"""
        return bundle in self.course.riding or self._carrier.carries(bundle)

    def start(self, program: Program[Any], new: NewJob, place: Place, wishes: Wishes, key: str) -> Share:
        """From now on it is on its way."""
        share = self.make(key, new.backend, place)
        self._register.add(share, new)
        return self.carry(share, self.loader.load(share, program, new, wishes))

    def make(self, key: str, backend: str, place: Place) -> Share:
        """One that nothing has been done for yet."""
        share = self.known[key] = Share(key, backend, place, self._told, self._sent)
        share.since = asyncio.get_running_loop().time()
        return share

    def carry(self, share: Share, loading: Awaitable[tuple[str, Ceilings]]) -> Share:
        """Loaded, and into its pool."""
        work = self._load(share, loading)
        share.task = self._counter.means.crew.start(work, "submission's way", expected=True)
        self._unsent.add(share)
        self._empty.clear()
        share.task.add_done_callback(lambda done: self._loaded(share, done))
        self._carrier.began()
        return share

    def carry_with(self, share: Share) -> None:
        """One that is in a job already, which is not known to be accepted."""
        self._unsent.add(share)
        self._empty.clear()

    async def _load(self, share: Share, loading: Awaitable[tuple[str, Ceilings]]) -> None:
        try:
            kind, ceilings = await loading
        except QrtError as error:
            share.fail(error)
            return
        if self._stopped:
            self._give_back(share)
        else:
            self._pool(kind, ceilings).add(share)

    def _loaded(self, share: Share, task: asyncio.Task[None]) -> None:
        if share.unsent and task.cancelled() and self._stopped:
            self._give_back(share)  # there was no time to write it down
        elif share.unsent and (task.cancelled() or task.exception() is not None):
            share.fail(given_up(share, None if task.cancelled() else task.exception()))

    def _pool(self, kind: str, ceilings: Ceilings) -> Pool:
        self._pools = {name: pool for name, pool in self._pools.items() if pool.used}
        if kind not in self._pools:
            send, retire = self.dispatch.open, self.dispatch.retire
            pool = Pool(kind, self.rules, ceilings, send, retire, lambda: self._counter.sender.entered)
            pool.hurry = self._hurry
            self._pools[kind] = pool
        return self._pools[kind]

    def withdraw(self, share: Passage) -> bool:
        """Out of its pool: ``False`` once it is sealed into a job."""
        if not isinstance(share, Share) or not share.unsent or (share.is_kept and share.waits is None):
            return False
        self._take_out(share)
        note = self._withdrawn(share)
        share.noting = self._counter.means.crew.start(note, "note of a withdrawal", precious=True)
        return True

    def withdrawn_elsewhere(self, key: str) -> None:
        """Another process has taken it back, and has written it down."""
        share = self.known.get(key)
        if share is not None and share.unsent and share.waits is not None:
            self._take_out(share)

    def _take_out(self, share: Share) -> None:
        if share.waits is not None:
            share.waits.remove(share)
        share.fail(withdrawn(share.key), "withdrawn")
        if share.task is not None:
            share.task.cancel()

    async def _withdrawn(self, share: Share) -> None:
        try:
            await self._carrier.diary.moved(share.key, "withdrawn")
        except JournalError as error:
            self._counter.means.announce(JournalFailed(key=share.key, error=str(error)))

    # --- what becomes of their jobs ----------------------------------------------------------------------

    def accepted(self, bundle: Bundle, job: AsyncJob[Any]) -> None:
        """The service took it in."""
        self.dispatch.in_line.discard(bundle)
        self.course.accepted(bundle, job)

    def refused(self, bundle: Bundle, error: QrtError) -> None:
        """There will be no such job."""
        self.dispatch.in_line.discard(bundle)
        if bundle.pool is not None:
            bundle.pool.drop(bundle)
            if not isinstance(error, NotSent) and not bundle.shares:
                bundle.shares = bundle.pool.empty()  # it would be the same for each
        if self._stopped and isinstance(error, NotSent):
            self._put_down(bundle.everybody)
        elif error.submitted == "unknown" or isinstance(error, ServiceClosed | NotSent):
            end([(share, copied(error)) for share in bundle.everybody], None)
        elif bundle.shares:
            self._counter.means.crew.start(self._refused(bundle, error), "refused shared job")

    async def _refused(self, bundle: Bundle, error: QrtError) -> None:
        if bundle.is_worth_searching(error):
            await self.course.search(bundle, error)
        else:
            await self.course.came_to_nothing(bundle, error)

    def _test(self, hunt: Hunt, shares: Sequence[Share]) -> Bundle | None:
        return None if self._stopped else self.dispatch.test(hunt, shares)

    # --- leaving -----------------------------------------------------------------------------------------

    async def hurry(self) -> None:
        """Nobody waits for others any more, but for those who are about to come."""
        while loading := self._loading:
            await asyncio.wait(loading)
        self._hurry = True
        for pool in self._pools.values():
            pool.hurry = True
            pool.tend()

    @property
    def _loading(self) -> list[asyncio.Task[None]]:
        tasks = [share.task for share in self._unsent if not share.is_kept]
        return [task for task in tasks if task is not None and not task.done()]

    async def all_sent(self) -> None:
        """Return when nobody waits any more."""
        await self._empty.wait()

    async def halt(self, why: str) -> None:
        """Send nothing more: who waits is given back."""
        self._stopped = why
        for pool in list(self._pools.values()):
            self._put_down(pool.empty())
        loading = self._loading
        if loading and self._carrier.diary.keeps:
            await at_most(GRACE, _settled(loading))
        for task in loading:
            task.cancel()
        await asyncio.gather(*loading, return_exceptions=True)

    def _put_down(self, shares: Sequence[Share]) -> None:
        for share in shares:
            if share.unsent:
                self._give_back(share)
            else:
                end([(share, self._not_sent(share))], None)

    def _give_back(self, share: Share) -> None:
        self.left.append(share)
        share.fail(self._not_sent(share), "withdrawn")

    def _not_sent(self, share: Share) -> QrtError:
        if share.lot is None:
            return NotSent(
                f"Submission {share.key} was not sent: {self._stopped or 'all was closed before.'}"
            )
        return NotSent(
            f"The job that submission {share.key} shared failed for its input, perhaps that of another, and it is not"
            f" sent again: {self._stopped}"
        )

    def _sent(self, share: Share) -> None:
        """It waits no more."""
        self._unsent.discard(share)
        if not self._unsent:
            self._empty.set()
        self._carrier.tell_room()


async def _settled(tasks: Sequence[asyncio.Task[None]]) -> None:
    await asyncio.wait(tasks)
