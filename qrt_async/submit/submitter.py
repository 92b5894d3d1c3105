"""``Submitter``: many programs, politely, each once."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar, Unpack, get_args

import msgspec

from qrt_async.errors import InvalidInput, LineFull
from qrt_async.events import SubmissionFailed
from qrt_async.programs.program import Program
from qrt_async.submit.budget import Budget, Spending
from qrt_async.submit.carrier import Carrier
from qrt_async.submit.coalescing import Coalesce
from qrt_async.submit.counter import Wishes, check_wishes, draft
from qrt_async.submit.diary import Diary, NoDiary
from qrt_async.submit.errand import SETTLE
from qrt_async.submit.finder import Finder, Finds
from qrt_async.submit.gates import InFlight
from qrt_async.submit.host import Service
from qrt_async.submit.journal import Journal
from qrt_async.submit.keeper import Keeper
from qrt_async.submit.key import check_place, fresh_key
from qrt_async.submit.leaving import GIVES_UP, Leave, say_left
from qrt_async.submit.line import Place
from qrt_async.submit.machine import store_of
from qrt_async.submit.packer import Packer
from qrt_async.submit.passage import Passage
from qrt_async.submit.permits import PermitStore
from qrt_async.submit.recovery import Recoverer, Recovery
from qrt_async.submit.register import Register
from qrt_async.submit.shielded import noting, shielded
from qrt_async.submit.stream import Programs, Submissions
from qrt_async.submit.submission import Submission
from qrt_async.transport.whole import whole

T = TypeVar("T")


class Submitter(Finds):
    """Submits many programs under the rate limit of the service's user, in order, each once.

        async with qrt.Submitter(service) as submitter:
            submission = submitter.submit(program, backend="ibm_fez")
            result = await submission

    ``max_waiting`` submissions may wait at a time, of one tenant ``max_waiting_per_tenant``; one more is refused with
    ``LineFull``. ``max_in_flight`` jobs may be accepted and not ended; ``None`` for any number. ``budget`` caps the QPU
    seconds of all jobs. ``settle``: so many seconds after an unclear end a job is looked for before it is sent again;
    ``None``: it never is.

    ``journal`` is a file on a disk of this machine. Each intent is in it before its request leaves, so that a process
    that dies loses nothing and sends nothing twice: the next one calls ``recover()``.

    ``permits`` is a file on a disk of this machine through which all processes that name it keep to one rate limit,
    those that die included; ``None`` shares it inside this process only.

    ``coalesce`` lets submissions with ``share=True`` share jobs with others that are to run in the same way.

    ``leave`` says what leaving does. ``drain``: a normal exit waits until all are sent; by an exception nothing more
    is. ``detach``: nothing more is sent. ``cancel_waiting``: the same, and what waits is given up. ``cancel_all``:
    jobs that have not ended are cancelled, too; all are watched for that. Jobs that are not cancelled run on, and can
    be awaited. A web server shuts down by a normal exit: with ``drain`` that takes as long as the line, so let it
    ``detach``, with a journal.
    """

    def __init__(
        self,
        service: Service,
        *,
        journal: str | Path | Journal | None = None,
        permits: str | Path | PermitStore | None = None,
        max_waiting: int = 10_000,
        max_waiting_per_tenant: int | None = None,
        max_in_flight: int | None = None,
        budget: Budget | None = None,
        settle: float | None = SETTLE,
        leave: Leave = "drain",
        coalesce: Coalesce | None = None,
    ) -> None:
        if leave not in get_args(Leave):
            raise InvalidInput(f"leave is {leave!r}; allowed: {', '.join(get_args(Leave))}.")
        whole("max_waiting", max_waiting)
        if max_waiting_per_tenant is not None:
            whole(
                "max_waiting_per_tenant", max_waiting_per_tenant, besides=", or None for no limit of its own"
            )
        if settle is not None and not settle >= 0:
            raise InvalidInput(f"settle is {settle!r}; it must be seconds, 0 or more, or None for never.")
        self._service = service
        self._counter = service.counter
        self._max_waiting = max_waiting
        self._budget = budget
        self._leave: Leave = leave
        self._coalesce = coalesce
        self._settle = settle
        self._journal = Journal(journal) if isinstance(journal, str | Path) else journal
        self._diary: Diary = self._journal or NoDiary()
        spending = None if budget is None else Spending(budget)
        store = store_of(permits, self._counter.sender.limit)
        self._carrier = Carrier(self._counter, self._diary, InFlight(max_in_flight), spending, store)
        self._keeper = None if self._journal is None else Keeper(self._journal, self._counter.arrivals)
        self._packer = Packer(self._counter, self._carrier, self._diary, settle)
        self._recoverer = Recoverer(self._carrier, self._packer, self._journal, self._told)
        self._register = Register(keeps=self._diary.keeps, most=max_waiting_per_tenant)
        self._finder = Finder(self._carrier, self._recoverer, self._register, self._journal)
        self._over = False
        self._begin()
        if self._journal is not None:
            self._journal.lend()

    def _begin(self) -> None:
        """For those who add to this class."""

    @property
    def waiting(self) -> int:
        """How many submissions have not been accepted yet, nor refused."""
        return self._carrier.waiting

    async def trouble(self) -> str | None:
        """What keeps it from taking submissions now, in words; asks nothing of the service."""
        if self._over or self._counter.home.closed:
            return "It was left."
        if self.waiting >= self._max_waiting:
            return str(self._line_full())
        if self._journal is not None:
            await self._journal.open()
        return None

    def submit(
        self,
        program: Program[T],
        *,
        backend: str,
        priority: int = 0,
        tenant: str | None = None,
        share: bool = False,
        **wishes: Unpack[Wishes],
    ) -> Submission[T]:
        """Get in line, and return at once. Takes what ``service.run`` takes.

        A higher ``priority`` goes first; ``tenant``s of the same priority take turns. Raises ``InvalidInput`` for
        what can be seen to be wrong, ``LineFull`` when too many wait.

        ``share=True``, in a ``Submitter`` with ``coalesce``, lets it travel with others in one job: those for the same
        backend, with the same program, options, shots or precision, tags, session, cost and log level. It gets its
        own PUBs of the result, its own error, and its part of the charge, by executions. Only for a ``Sampler`` or an
        ``Estimator``, never ``private``. Such a job has the place in line of its most urgent submission and takes turns
        as a tenant of its own; who goes along, where not all can, is decided by priorities and turns as ever.
        """
        return self._submit(program, backend, check_place(priority, tenant), wishes, share=share)[0]

    def map(
        self,
        programs: Programs[T],
        *,
        backend: str,
        ahead: int = 100,
        priority: int = 0,
        tenant: str | None = None,
        share: bool = False,
        **wishes: Unpack[Wishes],
    ) -> Submissions[T]:
        """Submit programs as they come from any iterable, sync or async, and yield their submissions in the order
        in which they end. No more than ``ahead`` are taken from it and not yet yielded. ``share`` as in ``submit``."""
        check_wishes(wishes)
        place = check_place(priority, tenant)
        return Submissions(
            programs,
            lambda program: self._submit(program, backend, place, wishes, share=share),
            whole("ahead", ahead),
            self._counter.means.crew,
            self._carrier.when_room,
        )

    async def recover(self, *, since: datetime | None = None) -> Recovery:
        """Take up again all that the journal knows of processes that are gone: send what never left, look for what
        may have, re-attach jobs, close sessions. Doubles are cancelled, the oldest job of each submission is kept.
        ``JournalError`` in a copy of a journal that is in use.

        ``since``: where the journal was lost, jobs created after that moment are found by their tags, whichever
        program of this user submitted them.
        """
        self._counter.home.enter()
        return await self._recoverer.recover(since)

    async def __aenter__(self) -> Self:
        self._counter.home.enter()
        if self._journal is not None:
            try:
                await self._journal.open()
            except BaseException as error:
                await noting(error, shielded(self._journal.close()))
                raise
            self._counter.journals.append(self._journal)
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None and self._leave == "drain":
            try:
                await self._all_sent()
            except BaseException as interrupted:
                await noting(interrupted, shielded(self._stop(interrupted)))
                raise
        if error is None:
            await shielded(self._stop(None))
        else:
            await noting(error, shielded(self._stop(error)))

    async def _all_sent(self) -> None:
        await self._carrier.all_sent()

    # --- one submission ----------------------------------------------------------------------------------

    def _submit(
        self, program: Program[T], backend: str, place: Place, wishes: Wishes, *, share: bool
    ) -> tuple[Submission[T], Passage]:
        """To ``share`` is for those who add to this class."""
        passage = self._set_out(program, backend, place, wishes, fresh_key())
        submission: Submission[T] = Submission(passage, self._carrier.withdraw)
        return submission, passage

    def _set_out(
        self, program: Program[Any], backend: str, place: Place, wishes: Wishes, key: str
    ) -> Passage:
        """From now on it is on its way."""
        self._counter.home.enter()
        new = self._drafted(program, backend, wishes)
        self._check_room()
        passage = Passage(key, backend, place, self._told)
        passage.keeper = self._keeper
        self._register.add(passage, new)
        self._carrier.start(
            passage,
            new,
            lambda: self._packer.fresh(passage, program, new, wishes),
            watch=wishes.get("watch", True) or self._leave == "cancel_all",
        )
        return passage

    def _drafted(self, program: Program[Any], backend: str, wishes: Wishes) -> Any:
        new = draft(program, backend, wishes)
        if self._budget is None:
            return new
        return msgspec.structs.replace(new, cost=self._budget.cost_of(new.cost))

    def _check_room(self) -> None:
        """May one more come? Raises ``InvalidInput``, ``LineFull``."""
        if self._over:
            raise InvalidInput("This Submitter was left: make a new one. Nothing was sent.")
        if self.waiting >= self._max_waiting:
            raise self._line_full()

    def _line_full(self) -> LineFull:
        entrance, wait = self._counter.sender.entered, 1.0
        if entrance is not None:
            moments = (wait, entrance.permits.forecast(0), entrance.opens())
            wait = min(3600.0, max(moment for moment in moments if moment < math.inf))
        return LineFull(
            f"Of at most {self._max_waiting} submissions (max_waiting), {self.waiting} wait already."
            f" There may be room in {wait:g} s. Nothing was sent.",
            retry_after=wait,
        )

    def _told(self, passage: Passage) -> None:
        error = f"{type(passage.error).__name__}: {passage.error}"
        self._counter.means.announce(SubmissionFailed(key=passage.key, backend=passage.backend, error=error))

    # --- leaving -----------------------------------------------------------------------------------------

    async def _stop(self, error: BaseException | None) -> None:
        """Bounded: requests on their way get 10 s, cancelling 30."""
        if self._over:
            return
        self._over = True
        await self._finder.stop()
        left = await self._halt("its Submitter was left.")
        if self._leave in GIVES_UP:
            await self._carrier.withdrawn(left)
        if self._journal is not None and self._journal in self._counter.journals:
            self._counter.journals.remove(self._journal)
        await self._diary.close()
        if left:
            say_left(self._counter.means.announce, left, error, self._leave, keeps=self._diary.keeps)

    async def _halt(self, why: str) -> list[Passage]:
        """Send nothing more; those that were not sent."""
        return await self._carrier.stop(why, cancel_jobs=self._leave == "cancel_all")
