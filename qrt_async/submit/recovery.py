"""From a journal, or from tags alone, back to live jobs; and what became two jobs back to one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

import msgspec

from qrt_async.api.call import Ask, Call
from qrt_async.api.calls import update_session
from qrt_async.api.job_calls import JobFilter, NewJob, cancel_job, create_job, get_metrics
from qrt_async.api.models import CreatedJob, JobRecord
from qrt_async.api.paging import JobWalk
from qrt_async.errors import Conflict, NotFound, ServiceError
from qrt_async.events import DoubleCancelled
from qrt_async.jobs.job import AsyncJob
from qrt_async.jobs.tags import of_users
from qrt_async.submit.carrier import Carrier
from qrt_async.submit.diary import Intent
from qrt_async.submit.errand import Errand
from qrt_async.submit.journal import Journal
from qrt_async.submit.keeper import Keeper
from qrt_async.submit.key import read_tags, tag_of
from qrt_async.submit.line import Place
from qrt_async.submit.packer import Packer
from qrt_async.submit.passage import Passage
from qrt_async.submit.rows import Row
from qrt_async.submit.search import with_tag
from qrt_async.submit.submission import Submission


class Double(msgspec.Struct, frozen=True, kw_only=True):
    """A submission had become two jobs: ``kept`` is the older one, ``job_id`` was cancelled. ``charged`` are the
    seconds of QPU time it cost, where the service says so."""

    key: str
    kept: str
    job_id: str
    charged: float | None


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """What ``recover()`` found: submissions to await, doubles that were cancelled, sessions that were closed, and
    backends on which a session may be open whose id nobody got to know."""

    submissions: tuple[Submission[Any], ...] = ()
    doubles: tuple[Double, ...] = ()
    sessions: tuple[str, ...] = ()
    unclear_sessions: tuple[str, ...] = ()


def call_of(intent: Intent) -> Call[CreatedJob]:
    """The POST as it was written down."""
    call = create_job(NewJob(program_id=intent.program_id, backend=intent.backend, params=msgspec.Raw(b"{}")))
    return Call(msgspec.structs.replace(call.request, body=intent.body), call.read)


def new_of(intent: Intent) -> NewJob:
    """What is known of the submission without its params."""
    return NewJob(
        program_id=intent.program_id,
        backend=intent.backend,
        params=msgspec.Raw(b"{}"),
        tags=intent.tags or None,
        cost=intent.cost,
        session_id=intent.session_id,
        private=intent.private,
    )


async def _end(ask: Ask, key: str, kept: str, job: JobRecord) -> Double:
    if not job.state.status.final:
        with contextlib.suppress(Conflict, NotFound):  # it has ended meanwhile
            await ask(cancel_job(job.id))
    try:
        charged = (await ask(get_metrics(job.id))).charged
    except ServiceError:
        charged = None
    return Double(key=key, kept=kept, job_id=job.id, charged=charged)


async def lost_jobs(ask: Ask, since: datetime, known: Iterable[str]) -> dict[str, JobRecord]:
    """Jobs that carry a reserved tag and whose key nobody knows: by key, the oldest of each."""
    found: dict[str, JobRecord] = {}
    before = set(known)
    async for job in JobWalk(ask, JobFilter(created_after=since, sort="ASC")):
        ours = read_tags(job.tags or ())
        if ours is not None and ours[0] not in before:
            found.setdefault(ours[0], job)
    return found


class Recoverer:
    """Takes up what the journal of one ``Submitter`` knows."""

    def __init__(
        self,
        carrier: Carrier,
        packer: Packer,
        journal: Journal | None,
        told: Callable[[Passage], None],
    ) -> None:
        self._carrier = carrier
        self._packer = packer
        self._journal = journal
        self._told = told
        self._keeper = None if journal is None else Keeper(journal, carrier.counter.arrivals)
        self._counter = carrier.counter
        self._ask = carrier.counter.means.ask
        self._taken: WeakValueDictionary[str, Passage] = WeakValueDictionary()

    async def recover(self, since: datetime | None) -> Recovery:
        """See ``Submitter.recover``."""
        rows = [] if self._journal is None else await self._journal.claim(self._counter.instance)
        found = [self._take_up(row) for row in rows]
        lost = [] if since is None else await self._by_tags(since)
        doubtful = {
            row.intent.key: (row.intent.tenant, row.job_id) for row in rows if row.posts > 1 and row.job_id
        }
        for passage in self._carrier.doubtful:
            if passage.job is not None:
                doubtful[passage.key] = (passage.place.tenant, passage.job.id)
        doubles = [
            double
            for key, (tenant, job_id) in doubtful.items()
            for double in await self.one_again(key, tenant, job_id)
        ]
        closed, unclear = await self._close_sessions()
        return Recovery(
            submissions=(*(one for one in found if one is not None), *lost),
            doubles=tuple(doubles),
            sessions=tuple(closed),
            unclear_sessions=tuple(unclear),
        )

    async def take_up(self, keys: Sequence[str]) -> dict[str, Passage]:
        """These submissions alone, as far as nobody else who lives has them: those of this process as they are, those
        of processes that are gone as ``recover`` takes them up."""
        found = {key: passage for key in keys if (passage := self._carrier.passage(key)) is not None}
        if self._journal is not None:
            for row in await self._journal.adopt([key for key in keys if key not in found]):
                passage = self._carrier.passage(row.intent.key) or self._set_out(row)
                if passage is not None:
                    found[row.intent.key] = passage
        return found

    def _take_up(self, row: Row) -> Submission[Any] | None:
        """One that was taken up before, by a ``recover`` that failed later perhaps, is given once more."""
        key = row.intent.key
        passage = self._taken.get(key) if self._carrier.carries(key) else self._set_out(row)
        return None if passage is None else Submission(passage, self._carrier.withdraw)

    def _set_out(self, row: Row) -> Passage | None:
        """Send what never left, look for what may have, re-attach what is a job."""
        intent = row.intent
        if row.uncharged or row.state == "sending":
            self._carrier.reserve(intent)
        if row.job_id is None and row.state not in {"waiting", "sending"}:
            return None
        passage = self.passage_of(intent)
        if row.state in {"waiting", "sending"}:
            if row.state == "sending":
                passage.leave()  # looked for first: nobody can take back what may be a job
            call = call_of(intent)

            async def pack() -> Errand:
                return self._packer.again(passage, call, intent, suspect=row.state == "sending")

            self._carrier.start(passage, new_of(intent), pack, watch=intent.watch, again=True)
        elif row.job_id is not None:
            self._attach(passage, row, row.job_id)
        return passage

    def _attach(self, passage: Passage, row: Row, job_id: str) -> None:
        """To a job that the service accepted in an earlier process."""
        job = self.handle(row.intent, job_id)
        if row.state == "accepted" and (row.intent.watch or row.uncharged):
            self._carrier.resume(passage, job, row.intent)
            return
        passage.accept(job)
        if row.state == "accepted":
            passage.part()
            return
        passage.end()
        if row.uncharged:
            self._carrier.settle(passage, job)

    def taken(self, key: str) -> Passage | None:
        """One that was made of what an earlier or another process wrote down, if somebody holds it."""
        return self._taken.get(key)

    def passage_of(self, intent: Intent) -> Passage:
        """Of what an earlier or another process wrote down: the one that is held, while it has not come to an end."""
        passage = self._taken.get(intent.key)
        if passage is None or not passage.unsent:
            passage = Passage(intent.key, intent.backend, Place(intent.priority, intent.tenant), self._told)
            passage.keeper = self._keeper
            self._taken[intent.key] = passage
        passage.elsewhere = None
        passage.keep()
        return passage

    def handle(self, intent: Intent, job_id: str) -> AsyncJob[Any]:
        """On the job that it became."""
        tag = tag_of(intent.key, intent.tenant)
        new = msgspec.structs.replace(new_of(intent), tags=(*intent.tags, tag))
        arrivals = self._counter.arrivals
        return arrivals.handle(arrivals.known(new, CreatedJob(id=job_id)))

    async def _by_tags(self, since: datetime) -> list[Submission[Any]]:
        """The journal is lost: every job tells whose it is."""
        known = set() if self._journal is None else await self._journal.keys()
        jobs = await lost_jobs(self._ask, since, known)
        found = []
        for key, job in jobs.items():
            if self._carrier.carries(key):
                continue
            intent = msgspec.structs.replace(intent_of(key, job), instance=self._counter.instance)
            if self._journal is not None:
                await self._journal.found(intent, job.id, job.session_id)
            passage = self.passage_of(intent)
            self._carrier.resume(passage, self.handle(intent, job.id), intent)
            found.append(Submission(passage, self._carrier.withdraw))
        return found

    async def one_again(self, key: str, tenant: str | None, job_id: str) -> list[Double]:
        """The oldest job of a submission is kept, all others are cancelled. So far ``job_id`` was taken for it."""
        kept, *others = await with_tag(self._ask, tag_of(key, tenant)) or (None,)
        if kept is None or not others:
            return []
        if kept.id != job_id:  # first, so that whoever follows a double knows that by its end
            await self._keep(key, kept)
        doubles = [await _end(self._ask, key, kept.id, job) for job in others]
        for double in doubles:
            await self._carrier.diary.doubled(key, double.kept, double.job_id, double.charged)
            self._counter.means.announce(
                DoubleCancelled(key=key, kept=double.kept, job_id=double.job_id, charged=double.charged)
            )
        return doubles

    async def _keep(self, key: str, kept: JobRecord) -> None:
        """Whoever holds the submission holds the older job from now on."""
        if self._journal is not None:
            await self._journal.accepted(key, kept.id, kept.session_id)
        self._carrier.replace(key, self.handle(intent_of(key, kept), kept.id))

    async def _close_sessions(self) -> tuple[list[str], list[str]]:
        return ([], []) if self._journal is None else await close_sessions(self._ask, self._journal)


async def close_sessions(ask: Ask, journal: Journal) -> tuple[list[str], list[str]]:
    """Sessions that died with their process: those closed, and backends of those whose id is not known."""
    closed, unclear = [], []
    for row in await journal.left_open():
        if row.session_id is None:
            unclear.append(row.backend)
        else:
            try:
                await ask(update_session(row.session_id, accepting_jobs=False))
            except NotFound:
                pass  # it has ended by itself
            except ServiceError:
                continue
            closed.append(row.session_id)
        await journal.session(row.key, "closed")
    return closed, unclear


def intent_of(key: str, job: JobRecord) -> Intent:
    """What a job tells of its submission."""
    ours = read_tags(job.tags or ())
    return Intent(
        key=key,
        program_id=job.program.id if job.program is not None else "unknown",
        backend=job.backend or "unknown",
        body=None,
        tenant=None if ours is None else ours[1],
        cost=job.cost,
        tags=of_users(job.tags or ()),
        session_id=job.session_id,
        private=bool(job.private),
    )
