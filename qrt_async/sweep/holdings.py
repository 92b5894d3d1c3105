"""All that a run holds: its rows, their results, what they cost, and who waits for news."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor

from qrt_async.errors import JournalError
from qrt_async.events import JournalFailed
from qrt_async.submit.key import fresh_key
from qrt_async.submit.passage import Passage
from qrt_async.submit.shielded import shielded
from qrt_async.sweep.bell import Bell
from qrt_async.sweep.book import Book
from qrt_async.sweep.entries import Opened, Title
from qrt_async.sweep.money import Money
from qrt_async.sweep.order import Hands, Order
from qrt_async.sweep.piece import Pieces
from qrt_async.sweep.rows import Failure, Row
from qrt_async.sweep.standing import Standing
from qrt_async.sweep.store import Store
from qrt_async.sweep.sweep import Sweep
from qrt_async.sweep.working import Working


class Holdings:
    """``finished`` are the rows that can be read, in the order in which they ended; ``bell`` rings for every news.
    ``known`` are the keys of jobs that were submitted before, ``uncharged`` of those that have ended, and nobody wrote
    down what they cost. While another run has the sweep, ``holder`` is its process, and ``elsewhere`` the jobs it has
    under way."""

    def __init__(self, sweep: Sweep, order: Order, hands: Hands, book: Book) -> None:
        self.sweep = sweep
        self.bell = Bell()
        self.book = book
        self.finished: list[Row] = []
        self.jobs_ended: set[str] = set()
        self.known: frozenset[str] = frozenset()
        self.uncharged: tuple[str, ...] = ()
        self.unread: dict[str, Passage] = {}
        """Of jobs that there are, and whose result was not to be had."""
        self.holds = self.cancelled = False
        self.holder: int | None = None
        self.elsewhere: frozenset[str] = frozenset()
        self.standing = Standing(fresh_key=fresh_key)
        self.store = Store(sweep, book, hands.counter.arrivals)
        self.money = Money(hands.counter, order.backend, order.budget, book, self.bell)
        self._announce = hands.counter.means.announce
        self._working = Working(order.transform, order.executor, self.store)

    async def look(self, title: Title, *, fresh: bool) -> None:
        """As earlier runs left it."""
        self._void_unsent(self._take(await self.book.look(title, fresh=fresh)))

    async def hold(self, *, following: bool = False) -> bool:
        """From here on the sweep is ours alone (``holds``), unless another run is its ``holder``, or it was
        ``cancelled`` by the one that we were ``following``. It may have gone on since ``look``."""
        await shielded(self._hold(following))
        return self.holds

    async def _hold(self, following: bool) -> None:
        opened = await self.book.hold(following=following)
        self.holder, self.cancelled = (None, False) if opened is None else (opened.holder, opened.cancelled)
        self.holds = self.holder is None and not self.cancelled
        if opened is None:
            return
        self._take(opened)
        running = self.store.job_ids.keys() & self.standing.jobs()
        self.elsewhere = frozenset(() if self.holder is None else running)
        if self.holds:
            await self.save(self._void_unsent(opened))

    def let_go(self, *, cancelled: bool = False, keep: bool = False) -> None:
        """The run is over, and whoever runs the sweep next may have it; see ``Book.close``."""
        if self.holds:
            self.holds = False
            self.book.close(cancelled=cancelled, keep=keep)

    @property
    def all_ended(self) -> bool:
        """Has every point a result or an error?"""
        return self.standing.points("done", "failed") == self.sweep.size

    def _take(self, opened: Opened) -> Opened:
        self.standing = Standing(opened.rows, extra=opened.extra, last=opened.last, fresh_key=fresh_key)
        jobs = opened.jobs
        self.known = frozenset(jobs)
        self.store.job_ids |= {key: row.job_id for key, row in jobs.items() if row.job_id is not None}
        self.money.remember(jobs.values())
        open_ones = set(self.standing.jobs())
        unsettled = (key for key, row in jobs.items() if row.job_id is not None and row.charged is None)
        self.uncharged = tuple(key for key in unsettled if key not in open_ones)
        return opened

    def _void_unsent(self, opened: Opened) -> list[Row]:
        """Jobs of which nothing was written down but their points are planned anew: nothing was ever sent of them."""
        standing = self.standing
        unsent = [key for key in standing.jobs() if key not in opened.jobs and not standing.origin_of(key)]
        return standing.void([row for key in unsent for row in standing.of_job(key)])

    async def plan(self, jobs: Iterable[Pieces]) -> None:
        """These jobs are to be sent. Raises ``JournalError`` where that cannot be written down."""
        rows = self.standing.plan(jobs)
        if rows:
            await self.book.save(rows)

    async def save(self, rows: Sequence[Row]) -> None:
        """Written down, all or none. Where that fails, or the journal was closed meanwhile, the next run of the sweep
        sees in the submissions what became of them."""
        try:
            if rows:
                await self.book.save(rows)
        except JournalError as error:
            self._announce(JournalFailed(key=rows[0].job, error=str(error)))

    async def finish_ended(self) -> None:
        """Those that ended in other hands, or in an earlier run, can be read."""
        await self.finish(self._unseen())

    def _unseen(self) -> list[Row]:
        seen = {row.id for row in self.finished}
        return [row for row in self.standing.ended if row.id not in seen]

    async def finish(self, rows: Sequence[Row]) -> None:
        """They can be read, once the user's function has seen them."""
        for row in rows:
            if row.state == "done":
                await self._working.work(row)
        self.finished += rows
        self.jobs_ended.update(row.job for row in rows if row.job in self.store.job_ids)
        self.bell.ring()

    async def forget_failed(self) -> None:
        """Points that failed are missing again. Those whose result could only not be read are not, which is read again;
        nor those that only the user's function failed with: it sees them again."""
        failed = [row for row in self.standing if row.state == "failed"]
        await self.save(self.standing.void([row for row in failed if row.job not in self.unread]))
        self.standing.reopen([row for row in failed if row.job in self.unread])
        self._working.forget_mistakes()
        self.finished, self.jobs_ended = [], set()
        self.standing.extra = 0

    def change(self, executor: Executor | None) -> None:
        """The user's function is called by this one from now on. Raises ``InvalidInput``."""
        self._working.change(executor)

    async def give_up(self, failure: Failure, *, keep: bool) -> None:
        """Whatever has not ended: in this run it has an error, in the next one it is missing, if this is to be kept."""
        rest = [row for row in self.standing if row.state not in {"done", "failed"}]
        gone = self.standing.void(rest)
        await self.save(gone if keep else ())
        self.standing.give_up(self.standing.missing(self.sweep.pieces()), failure)
        unseen = self._unseen()
        self._working.give_up(unseen, failure)
        self.finished += unseen
        self.bell.ring()
