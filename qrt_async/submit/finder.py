"""Finds a submission by its id: on its way here, over, left behind by a process that is gone, or another's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from qrt_async.api.models import CreatedJob
from qrt_async.errors import NotSent, QrtError, Refused, Unavailable, UnknownSubmission
from qrt_async.submit import diary
from qrt_async.submit.carrier import Carrier
from qrt_async.submit.counter import Counter
from qrt_async.submit.follower import Follower
from qrt_async.submit.journal import Journal
from qrt_async.submit.key import is_key
from qrt_async.submit.passage import Passage
from qrt_async.submit.records import Sighting, SubmissionRecord, page, sight, withdraw
from qrt_async.submit.recovery import Recoverer
from qrt_async.submit.register import Past, Register
from qrt_async.submit.rows import Row
from qrt_async.submit.submission import Submission
from qrt_async.transport.flight import Flight

Sees = Callable[[str | None], bool]
"""May whoever asks know of the submissions of this tenant?"""

_TRIES = 5
"""So often another process may take up what we were about to."""


def everybody(_: str | None) -> bool:
    """Who asks for no tenant may know of all."""
    return True


class Others(Protocol):
    """Finds those that need more than a row of their own."""

    def here(self, key: str) -> Passage | None:
        """One that somebody in this process holds."""

    async def found(self, sighting: Sighting) -> Passage | None:
        """As the journal has it, taken up where its process is gone."""

    @property
    def waiting(self) -> int:
        """How many wait here that another process may withdraw."""

    def gone(self, keys: list[str]) -> None:
        """Another process has taken these back."""

    async def seen(self, passage: Passage, sighting: Sighting) -> None:
        """A look at one that another process carries, or carried."""


class Finder:
    """For one ``Submitter``. Nothing here sends what another process has in hand."""

    def __init__(
        self, carrier: Carrier, recoverer: Recoverer, register: Register, journal: Journal | None
    ) -> None:
        self.withdraw = carrier.withdraw
        """How one of this process is taken back."""
        self.others: Others | None = None
        self._carrier = carrier
        self._recoverer = recoverer
        self._register = register
        self._journal = journal
        counter = carrier.counter
        self._instance, self._arrivals, self._crew = counter.instance, counter.arrivals, counter.means.crew
        self._follower: Follower | None = None
        if journal is not None:
            self._follower = Follower(journal, counter, self._seen, self._gone, self._waiting)
            carrier.began = self._follower.begin

    async def find(self, key: str, sees: Sees = everybody) -> Submission[Any]:
        """See ``Submitter.find``."""
        passage = await self._passage(key, sees)
        return Submission(passage, self.withdraw)

    async def cancel(self, key: str, sees: Sees = everybody) -> bool:
        """See ``Submitter.cancel``. Goes on when whoever asked is cancelled: it was asked."""
        passage = await self._passage(key, sees)
        flight: Flight[bool] = Flight(self._crew, "cancelling of a submission", precious=True)
        return await flight.join(lambda: self._cancel(passage))

    async def records(
        self, tenant: str | None, before: int | None, limit: int
    ) -> tuple[Sequence[SubmissionRecord], int | None]:
        """The newest of a tenant, and where the older ones begin. The first page may be a little longer: it has what
        is not in the journal yet, too."""
        here = self._register.records(tenant) if before is None else []
        if self._journal is None:
            return here, None
        unwritten = [record for record in here if not self._written(record.id)]
        found = await page(self._journal, tenant, self._instance, before, limit)
        known = {record.id for record in found.records}
        both = [record for record in unwritten if record.id not in known]
        both += map(self._register.as_here, found.records)
        return sorted(both, key=lambda record: record.made, reverse=True), found.older

    def _gone(self, keys: list[str]) -> None:
        self._carrier.withdrawn_elsewhere(keys)
        if self.others is not None:
            self.others.gone(keys)

    def _waiting(self) -> int:
        return self._carrier.waiting + (0 if self.others is None else self.others.waiting)

    async def stop(self) -> None:
        """Its ``Submitter`` is left."""
        if self._follower is not None:
            await self._follower.stop()

    # --- one submission ----------------------------------------------------------------------------------

    async def _passage(self, key: str, sees: Sees) -> Passage:
        found = self._here(key)
        if found is None and self._journal is not None and isinstance(key, str) and is_key(key):
            found = await self._in_journal(self._journal, key, sees)
        if found is None or not sees(found.place.tenant):
            raise UnknownSubmission(f"There is no submission {str(key)[:40]!r}.")
        return found

    def _here(self, key: str) -> Passage | None:
        found = self._carrier.passage(key) or self._register.passage(key) or self._recoverer.taken(key)
        found = found or (None if self.others is None else self.others.here(key))
        past = self._register.past(key)
        return found if found is not None or past is None else self._again(past)

    async def _in_journal(self, journal: Journal, key: str, sees: Sees) -> Passage | None:
        for _ in range(_TRIES):
            sighting = (await sight(journal, [key], self._instance)).get(key)
            if sighting is None or not sees(sighting.row.intent.tenant):
                return None
            found = self._here(key)
            if found is None and sighting.row.intent.shared is not None:
                return None if self.others is None else await self.others.found(sighting)
            found = found or self._by(sighting)
            if found is None:  # whoever carried it is gone
                found = (await self._recoverer.take_up([key])).get(key)
            if found is not None:
                return found
        return None

    def _by(self, sighting: Sighting) -> Passage | None:
        """As the journal has it; ``None`` for one that has to be taken up."""
        row = sighting.row
        if row.job_id is not None and (row.state == "ended" or sighting.owner is not None):
            return self._attached(self._recoverer.passage_of(row.intent), row, row.job_id)
        if row.state in {"failed", "withdrawn"} or sighting.ours:
            return self.lost(self._recoverer.passage_of(row.intent), sighting)
        if sighting.owner is None or self._follower is None:
            return None
        passage = self._recoverer.passage_of(row.intent)
        self.follow(passage, sighting)
        return passage

    def follow(self, passage: Passage, sighting: Sighting) -> None:
        """By what its process writes down."""
        passage.elsewhere = f"process {sighting.owner} carries it"
        if self._follower is not None:
            self._follower.follow(passage)

    async def _seen(self, passage: Passage, sighting: Sighting) -> None:
        """A look at one that another process carries, or carried."""
        row = sighting.row
        if row.intent.shared is not None and self.others is not None:
            await self.others.seen(passage, sighting)
        elif row.job_id is not None and (row.state == "ended" or sighting.owner is not None):
            self._attached(passage, row, row.job_id)
        elif row.state in {"failed", "withdrawn"}:
            self.lost(passage, sighting)
        elif sighting.owner is None:
            await self._recoverer.take_up([passage.key])

    def _attached(self, passage: Passage, row: Row, job_id: str) -> Passage:
        """To a job that is looked at here, and written about elsewhere."""
        passage.accept(self._recoverer.handle(row.intent, job_id))
        if row.state == "ended":
            passage.end()
        else:
            passage.part()
        return passage

    def lost(self, passage: Passage, sighting: Sighting) -> Passage:
        """There is no job. Whoever hears of it has asked."""
        passage.heard = True
        withdrawn = sighting.row.state == "withdrawn" or self._carrier.carries(passage.key)
        passage.fail(_error(sighting, withdrawn=withdrawn), "withdrawn" if withdrawn else "failed")
        return passage

    def _again(self, past: Past) -> Passage:
        """One that is over, in this process."""
        if past.again is not None:
            return past.again()
        passage = Passage(past.record.id, past.record.backend, past.place, lambda _: None)
        if past.record.job_id is not None:
            new, job_id = past.new, past.record.job_id
            passage.accept(self._arrivals.handle(self._arrivals.known(new, CreatedJob(id=job_id))))
            if past.record.state == "ended":
                passage.end()
            else:
                passage.part()
        else:
            passage.heard = True
            passage.fail(
                past.error or NotSent(f"Submission {passage.key} was not sent."),
                "withdrawn" if past.record.state == "withdrawn" else "failed",
            )
        return passage

    async def _cancel(self, passage: Passage) -> bool:
        while passage.unsent:
            if self.withdraw(passage):
                await passage.settled()
                return True
            foreign = passage.elsewhere is not None
            if foreign and self._journal is not None and await withdraw(self._journal, passage.key):
                return True
            if passage.unsent:  # its request is on its way: it becomes a job, or waits again
                await passage.changed()
        return passage.job is not None and await passage.job.cancel()

    def _written(self, key: str) -> bool:
        passage = self._register.passage(key)
        return passage is not None and passage.is_kept


class Finds:
    """What a ``Submitter`` knows of submissions by their ids."""

    _counter: Counter
    _finder: Finder

    async def find(self, submission_id: str) -> Submission[Any]:
        """The submission with this id, wherever it is. Never sends anything that was sent, or may have been.

        With a journal any of those that were ever written down there: on its way in this process; over; left behind by
        a process that is gone, which goes on here as with ``recover()``; or in the hands of another living process,
        which is followed by what that writes down, and whose job can be awaited here. Without a journal, those of this
        process that are on their way, and the newest 1,000 that are over. Raises ``UnknownSubmission``.
        """
        self._counter.home.enter()
        return await self._finder.find(submission_id)

    async def cancel(self, submission_id: str) -> bool:
        """Withdraw it where it was not sent, in whichever process, else cancel its job, if need be once it has one.
        ``True`` unless it was over. Raises ``UnknownSubmission``."""
        self._counter.home.enter()
        return await self._finder.cancel(submission_id)


def _error(sighting: Sighting, *, withdrawn: bool) -> QrtError:
    key, detail = sighting.row.intent.key, sighting.row.detail
    if withdrawn:
        return diary.withdrawn(key)
    if sighting.row.state == "failed":
        return Refused(detail or f"Submission {key} became no job.")
    if sighting.row.state == "waiting":
        return NotSent(f"Submission {key} was not sent; recover(), or a later process, sends it.")
    return Unavailable(
        f"Submission {key} was sent, its job was looked for and not found; recover() looks again.",
        submitted="unknown",
    )
