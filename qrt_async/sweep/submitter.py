"""``Submitter`` as users have it: with sweeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from typing import Any, Unpack, get_args
from weakref import WeakSet

from qrt_async.errors import InvalidInput
from qrt_async.programs.program import Program
from qrt_async.submit import submitter as submit
from qrt_async.submit.budget import Budget
from qrt_async.submit.counter import Counter, Wishes, draft
from qrt_async.submit.intake import Isa
from qrt_async.submit.key import check_tenant
from qrt_async.submit.line import Place
from qrt_async.submit.passage import Passage
from qrt_async.submit.session import RuntimeSession
from qrt_async.sweep.book import JournalBook, NoBook
from qrt_async.sweep.order import Mode, Order, OverUsage, Transform
from qrt_async.sweep.plan import Pack, check_pack
from qrt_async.sweep.run import SweepRun
from qrt_async.sweep.runner import Runner
from qrt_async.sweep.sweep import Sweep
from qrt_async.sweep.working import check_executor
from qrt_async.transport.whole import whole


class Submitter(submit.Submitter):
    __doc__ = submit.Submitter.__doc__

    def _begin(self) -> None:
        self._under_way: set[tuple[str, int]] = set()
        self._runners: WeakSet[Runner] = WeakSet()

    def sweep(
        self,
        sweep: Sweep,
        *,
        backend: str,
        name: str,
        pack: Pack = "auto",
        mode: Mode = "job",
        fresh: bool = False,
        budget: Budget | None = None,
        transform: Transform | None = None,
        executor: Executor | None = None,
        extra_jobs: int | None = None,
        over_usage: OverUsage = "refuse",
        priority: int = 0,
        tenant: str | None = None,
        **wishes: Unpack[Wishes],
    ) -> SweepRun:
        """Many points in few jobs. Returns at once; nothing is sent before the run is iterated, awaited or started.

        ``name`` tells measurements apart that are otherwise the same: with a journal, a sweep that is the same in
        everything and has the same name goes on where it ended, in any later process; ``fresh=True`` starts a new one.

        ``pack``: ``"auto"`` needs as few jobs as may be, evenly filled; ``"throughput"`` fills one after the other;
        ``"latency"`` makes at least as many as may be sent at once, so that results come early; a number is the most
        points of a job. ``mode="batch"`` opens a batch for the jobs. ``budget`` caps their QPU seconds.

        A job that fails for its input is split to find the bad point, with at most ``ceil(log2 n) + 1`` jobs more for
        n points, or ``extra_jobs``. A plan above what the instance has left is ``OverUsage`` unless
        ``over_usage="allow"``.

        ``transform`` is called with the result of each point as it arrives, in a thread or on ``executor``; what it
        returns is the point's ``value``. Takes what ``service.run`` takes besides, but ``private``.
        """
        if not isinstance(sweep, Sweep):
            raise InvalidInput(f"sweep() was given {type(sweep).__name__}; it takes a qrt.Sweep.")
        _check_wishes(backend, budget, mode, wishes)
        order = Order(
            backend=backend,
            name=name,
            pack=pack,
            mode=mode,
            fresh=fresh,
            budget=budget,
            cost=wishes.get("cost") if budget is None else budget.cost_of(wishes.get("cost")),
            transform=transform,
            executor=executor,
            extra_jobs=extra_jobs,
            over_usage=over_usage,
            isa=wishes.get("isa", "check"),
            tenant=check_tenant(tenant),
        )
        _check(order, name)
        hands = _Hands(self, order, Place(priority, order.tenant), wishes)
        book = NoBook() if self._journal is None else JournalBook(self._journal, self._under_way)
        runner = Runner(sweep, order, hands, book)
        self._runners.add(runner)
        return SweepRun(runner)

    async def _all_sent(self) -> None:
        for runner in list(self._runners):
            await runner.all_sent()
        await super()._all_sent()

    async def _stop(self, error: BaseException | None) -> None:
        try:
            await super()._stop(error)
        finally:
            for runner in list(self._runners):
                runner.held.bell.ring()  # those that wait for something else than their turn hear of it, too


class _Hands:
    """A ``Submitter`` with the wishes of one sweep."""

    def __init__(self, submitter: Submitter, order: Order, place: Place, wishes: Wishes) -> None:
        self._submitter = submitter
        self._order = order
        self._place = place
        self._wishes = wishes

    @property
    def counter(self) -> Counter:
        return self._submitter._counter

    @property
    def left(self) -> bool:
        return self._submitter._over

    def send(self, program: Program[Any], key: str, session_id: str | None) -> Passage:
        wishes = self._wishes | Wishes(isa="off", cost=self._order.cost)  # compared before, all of it
        if session_id is not None:
            wishes["session_id"] = session_id
        return self._submitter._set_out(program, self._order.backend, self._place, wishes, key)

    def when_room(self, call: Callable[[], None]) -> None:
        self._submitter._carrier.when_room(call)

    def withdraw(self, passage: Passage) -> bool:
        return self._submitter._carrier.withdraw(passage)

    async def take_up(self, keys: Sequence[str]) -> dict[str, Passage]:
        found = await self._submitter._recoverer.take_up(keys)
        for passage in found.values():
            passage.heard = True
        return found

    def batch(self) -> AbstractAsyncContextManager[RuntimeSession]:
        return self._submitter._service.session(backend=self._order.backend, mode="batch")


def _check_wishes(backend: str, budget: object, mode: object, wishes: Wishes) -> None:
    """What no job could be sent with is told now, and not by each of them."""
    draft(Program("sampler", {}), backend, wishes)
    if wishes.get("isa", "check") not in get_args(Isa):
        raise InvalidInput(f"isa is {wishes['isa']!r}; allowed: {', '.join(get_args(Isa))}.")
    if budget is not None and not isinstance(budget, Budget):
        raise InvalidInput(f"budget is {budget!r}; it must be a qrt.Budget, such as qrt.Budget(seconds=60).")
    if wishes.get("private") or not wishes.get("watch", True):
        raise InvalidInput(
            "private=True and watch=False are not for sweeps, whose results are read as they come."
        )
    if mode == "batch" and wishes.get("session_id"):
        raise InvalidInput("session_id= names a session already: leave mode='batch' out.")


def _check(order: Order, name: object) -> None:
    if not isinstance(name, str) or not name:
        raise InvalidInput(f"name is {name!r}; it must be a text that tells this measurement from others.")
    if order.mode not in get_args(Mode):
        raise InvalidInput(f"mode is {order.mode!r}; allowed: {', '.join(get_args(Mode))}.")
    if order.over_usage not in get_args(OverUsage):
        raise InvalidInput(f"over_usage is {order.over_usage!r}; allowed: {', '.join(get_args(OverUsage))}.")
    if order.extra_jobs is not None:
        whole("extra_jobs", order.extra_jobs, least=0, besides=", or None")
    if order.executor is not None and order.transform is None:
        raise InvalidInput("executor= is given without transform=: name the function that it is to run.")
    check_executor(order.executor)
    check_pack(order.pack)
