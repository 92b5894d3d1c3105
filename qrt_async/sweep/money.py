"""What the jobs of a sweep cost, and whether a budget allows the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from qrt_async.errors import JournalError, OverUsage, ServiceClosed
from qrt_async.jobs.job import AsyncJob
from qrt_async.submit.budget import Budget, Spending
from qrt_async.submit.charges import charge_of
from qrt_async.submit.counter import Counter
from qrt_async.submit.gates import Load
from qrt_async.sweep.bell import Bell
from qrt_async.sweep.book import Book
from qrt_async.sweep.rows import JobRow


class Money:
    """Of one run. Charges of earlier processes count in the budget, too."""

    def __init__(self, counter: Counter, backend: str, budget: Budget | None, book: Book, bell: Bell) -> None:
        self.why: str | None = None
        """What holds the next job."""
        self._counter = counter
        self._load = Load(backend, counter.instance, None if budget is None else budget.cost_of(None))
        self._spending = None if budget is None else Spending(budget)
        self._book = book
        self._bell = bell
        self._charges: dict[str, float] = {}
        self._asking: set[str] = set()

    @property
    def charged(self) -> float:
        """Seconds of QPU time, as far as they are settled."""
        return sum(self._charges.values())

    def remember(self, jobs: Iterable[JobRow]) -> None:
        """What was charged before."""
        for job in jobs:
            if job.charged is not None:
                self._note(job.key, job.charged)

    async def afford(self, key: str, over: Callable[[], bool]) -> None:
        """Return when the budget allows one more job, or when all is ``over``. Raises ``OverUsage`` where it never
        will."""
        spending = self._spending
        if spending is None:
            return
        while (
            not over() and (hold := spending.hold(self._load, asyncio.get_running_loop().time())) is not None
        ):
            if hold.hopeless:
                raise OverUsage(f"Not sent: {hold.why}.")
            self.why = hold.why
            await self._bell.wait()
        self.why = None
        spending.take(key, self._load)

    def reserve(self, key: str) -> None:
        """An earlier run sent it, or may have; what it will cost is not known."""
        if self._spending is not None and key not in self._charges:
            self._spending.take(key, self._load)

    def free(self, key: str) -> None:
        """It was not sent, or costs nothing."""
        if self._spending is not None:
            self._spending.free(key)
        self._bell.ring()

    def settle(self, key: str, job: AsyncJob[object]) -> None:
        """The job has ended: its charge is asked for until the service has settled it."""
        if key not in self._asking:
            self._asking.add(key)
            self._counter.means.crew.start(self._settle(key, job), "charge of a sweep")

    def settle_later(self, key: str, job: AsyncJob[object]) -> None:
        """The same for a job whose charge an earlier process did not hear of any more."""
        self.reserve(key)
        self.settle(key, job)

    async def _settle(self, key: str, job: AsyncJob[object]) -> None:
        try:
            with suppress(
                JournalError, ServiceClosed
            ):  # closed meanwhile: the next run of the sweep asks again
                charged = await charge_of(job, job.record)
                if charged is not None:
                    self._note(key, charged)
                    self._bell.ring()
                    await self._book.charge(key, charged)
        finally:
            self._asking.discard(key)

    def _note(self, key: str, charged: float) -> None:
        self._charges[key] = charged
        if self._spending is not None:
            self._spending.free(key)
            self._spending.settled = self.charged
