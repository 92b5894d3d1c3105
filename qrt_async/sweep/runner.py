"""One run of one sweep, shared by all who hold it: prepared once, started once, over once."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor

from qrt_async.errors import InvalidInput, QrtError, ServiceClosed
from qrt_async.submit.passage import Passage
from qrt_async.submit.shielded import at_most, cancel_each, shielded
from qrt_async.sweep.book import Book
from qrt_async.sweep.course import Course
from qrt_async.sweep.following import follow
from qrt_async.sweep.holdings import Holdings
from qrt_async.sweep.order import Hands, Order
from qrt_async.sweep.piece import Pieces
from qrt_async.sweep.plan import Plan
from qrt_async.sweep.preparing import planned, title_of
from qrt_async.sweep.progress import Progress
from qrt_async.sweep.rows import Failure, Row
from qrt_async.sweep.split import extra_jobs
from qrt_async.sweep.sweep import Sweep
from qrt_async.transport.flight import Flight

_ANSWER = 10.0
"""Seconds that the service has to answer a submission which is cancelled meanwhile."""


class Runner:
    """Its tasks are those of the service. ``over`` with an ``error``, or without."""

    def __init__(self, sweep: Sweep, order: Order, hands: Hands, book: Book) -> None:
        self.sweep = sweep
        self.held = Holdings(sweep, order, hands, book)
        self.over = False
        self.error: BaseException | None = None
        self.order = order
        self._hands = hands
        self._preparing: Flight[Plan] = Flight(hands.counter.means.crew, "plan of a sweep")
        self._plan: Plan | None = None
        self._course = self._new_course()
        self._task: asyncio.Task[None] | None = None
        self._looked = False
        self._turn = asyncio.Lock()
        """To begin again."""
        self._missing: Pieces = ()
        """What the plan is for."""
        self._laid_out = False
        """Have all points a row?"""
        self._cancelled = False

    async def plan(self) -> Plan:
        """What is to be sent, decided once."""
        if self._plan is None:
            self._plan = await self._preparing.join(self._prepare)
        return self._plan

    def start(self) -> None:
        """Unless it was started before."""
        if self._task is None and not self.over:
            self._task = self._hands.counter.means.crew.start(self._run(), "sweep", expected=True)
            self._task.add_done_callback(self._ended)

    async def all_sent(self) -> None:
        """Return when nothing of it waits to be sent, or nothing will be."""
        while self._task is not None and not (self.over or self.held.holder):
            if self._laid_out and self._course.all_sent:
                return
            await self.held.bell.wait()

    async def wait(self) -> None:
        """Return when every point has a result or an error. Raises what ended it before."""
        self.start()
        while not self.over:
            await self.held.bell.wait()
        if self.error is not None:
            raise self.error

    async def cancel(self) -> None:
        """Nothing more is sent, and what runs is cancelled."""
        if not self.over:
            self._cancelled = True
            await shielded(self._cancel())

    async def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        passages = [each for each in self._course.passages.values() if not self._hands.withdraw(each)]
        await at_most(_ANSWER, _answered(passages))  # a request on its way may become a job yet
        await cancel_each([passage.job for passage in passages if passage.job is not None])
        await self._give_up()
        self.held.let_go(cancelled=True)
        self._end()

    async def _give_up(self) -> None:
        failure = Failure(kind="JobCancelled", text="The sweep was cancelled.")
        await self.held.give_up(failure, keep=self.held.holds)

    async def again(self, executor: Executor | None = None) -> int:
        """Points that failed are sought anew; how many. One after the other, where several ask for it at once."""
        async with self._turn:
            await self.wait()
            self.held.change(executor)
            count = self.progress.failed
            await shielded(self._begin_again())  # half begun, nobody could have the sweep
        return count

    async def _begin_again(self) -> None:
        if not await self.held.hold():
            raise InvalidInput(
                f"Sweep {self.order.name!r} is under way again, in process {self.held.holder}: run it once more, to"
                " follow. Nothing was sent."
            )
        await self.held.forget_failed()
        self._plan = self._task = None
        self._cancelled = False
        self.over = self._laid_out = False
        self._course = self._new_course()
        self.start()

    @property
    def progress(self) -> Progress:
        """As of now."""
        standing = self.held.standing
        running = {key for key, passage in self._course.passages.items() if passage.job is not None}
        running |= self.held.elsewhere
        under_way = sum(row.piece.size for key in running for row in standing.of_job(key))
        mistakes = len(self.held.store.mistakes)
        done, failed = standing.points("done") - mistakes, standing.points("failed") + mistakes
        ended = self.held.jobs_ended
        why, eta = self._waiting()
        return Progress(
            points=self.sweep.size,
            done=done,
            failed=failed,
            running=under_way,
            missing=self.sweep.size - done - failed - under_way,
            jobs=len(ended | running),
            jobs_done=len(ended),
            extra_jobs=standing.extra,
            charged=self.held.money.charged,
            why_waiting=why,
            eta=eta,
        )

    def rows(self) -> list[Row]:
        """All points, in the order of the sweep."""
        standing = self.held.standing
        missing = standing.missing(self.sweep.pieces())
        rows = [*standing, *(Row(id=0, piece=piece, state="planned") for piece in missing)]
        return sorted(rows, key=lambda row: row.piece.start)

    def _waiting(self) -> tuple[str | None, float | None]:
        for passage in self._course.passages.values():
            if passage.why is not None and passage.entrance is not None:
                return passage.why, passage.eta
        if self.held.holder is not None and not self.over:
            return f"process {self.held.holder}, which runs this sweep", None
        return self.held.money.why, None

    def _new_course(self) -> Course:
        allowed = self.order.extra_jobs
        return Course(
            self.held,
            self._hands,
            self.order.mode,
            extra_jobs(self.sweep.size) if allowed is None else allowed,
        )

    async def _prepare(self) -> Plan:
        held, order, hands = self.held, self.order, self._hands
        if not self._looked:
            await held.look(await title_of(self.sweep, order, hands.counter.instance), fresh=order.fresh)
            self._looked = True
        self._missing = held.standing.missing(self.sweep.pieces())
        return await planned(self.sweep, order, hands, self._missing)

    async def _run(self) -> None:
        plan, held = await self.plan(), self.held
        if not held.holds and not await self._have():
            return
        if (
            held.standing.missing(self.sweep.pieces()) != self._missing
        ):  # another run went on with it meanwhile
            plan = self._plan = await self._prepare()
        await held.plan(job.pieces for job in plan.jobs)
        self._laid_out = True
        held.bell.ring()
        await held.finish_ended()
        await self._course.run()

    async def _have(self) -> bool:
        """Have the sweep for ourselves; ``False`` where it came to its end in other hands."""
        await follow(self.held, self._hands)
        if self.held.cancelled:
            await self._give_up()
        return self.held.holds

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._cancelled:
            return
        if task.cancelled():
            self.error = ServiceClosed("The service was closed while a sweep was under way; its jobs run on.")
        else:
            self.error = _first(task.exception())
        self._end()

    def _end(self) -> None:
        self.over = True
        self.held.let_go(keep=bool(self._course.passages))
        self.held.bell.ring()


async def _answered(passages: list[Passage]) -> None:
    for passage in passages:
        await passage.settled()


def _first(error: BaseException | None) -> BaseException | None:
    """Of several tasks that ended with an error, the first one that is ours; it says most."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    found: BaseException = error.subgroup(QrtError) or error
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
