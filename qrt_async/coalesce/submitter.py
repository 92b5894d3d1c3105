"""``Submitter`` as users have it: with sweeps, and with jobs that several share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from qrt_async.coalesce.abroad import Abroad
from qrt_async.coalesce.bodies import SHAREABLE
from qrt_async.coalesce.book import JournalBook, NoBook
from qrt_async.coalesce.bundle import Bundle
from qrt_async.coalesce.recovery import Rejoiner
from qrt_async.coalesce.share import Share
from qrt_async.coalesce.sharing import Sharing
from qrt_async.coalesce.tenant import Tenant
from qrt_async.errors import InvalidInput
from qrt_async.programs.program import Estimator, Program, Sampler
from qrt_async.submit.coalescing import Coalesce
from qrt_async.submit.counter import Wishes
from qrt_async.submit.key import checked_name, fresh_key
from qrt_async.submit.line import Place
from qrt_async.submit.passage import Passage
from qrt_async.submit.recovery import Recovery
from qrt_async.submit.submission import Submission
from qrt_async.submit.submitter import T
from qrt_async.sweep import submitter as sweep


class Submitter(sweep.Submitter):
    __doc__ = sweep.Submitter.__doc__

    def _begin(self) -> None:
        super()._begin()
        if self._coalesce is not None and not isinstance(self._coalesce, Coalesce):
            raise InvalidInput(f"coalesce is {self._coalesce!r}; it must be a qrt.Coalesce, or None.")
        book = NoBook() if self._journal is None else JournalBook(self._journal)
        self._sharing = Sharing(
            self._coalesce or Coalesce(),
            self._counter,
            self._carrier,
            book,
            self._settle,
            self._told,
            self._register,
        )
        self._rejoiner = Rejoiner(self._sharing, self._carrier, self._recoverer, book)
        self._finder.others = Abroad(self._sharing, self._rejoiner, self._finder, book)
        self._finder.withdraw = self._withdraw

    @property
    def waiting(self) -> int:
        """How many submissions have not been accepted yet, nor refused."""
        return self._carrier.waiting + self._sharing.waiting

    async def recover(self, *, since: datetime | None = None) -> Recovery:
        """Take up again all that the journal knows of processes that are gone: send what never left, look for what
        may have, re-attach jobs, close sessions. Doubles are cancelled, the oldest job of each submission is kept.
        Who shared a job has their own slice of it again. ``JournalError`` in a copy of a journal that is in use.

        ``since``: where the journal was lost, jobs created after that moment are found by their tags, whichever
        program of this user submitted them. A job that several shared is one submission then, with all of the result.
        """
        recovery = await super().recover(since=since)
        shares, doubles = await self._rejoiner.recover()
        submissions = [Submission[Any](share, self._sharing.withdraw) for share in shares]
        return msgspec.structs.replace(
            recovery,
            submissions=(*recovery.submissions, *submissions),
            doubles=(*recovery.doubles, *doubles),
        )

    def tenant(self, name: str) -> Tenant:
        """A view for one of many users, who take turns: it submits in the name of that one, and finds, lists and
        cancels no other's. Raises ``InvalidInput`` for a name that might be taken for another."""
        return Tenant(checked_name(name), self, self._finder)

    def _submit(
        self, program: Program[T], backend: str, place: Place, wishes: Wishes, *, share: bool
    ) -> tuple[Submission[T], Passage]:
        if not share:
            return super()._submit(program, backend, place, wishes, share=False)
        passage = self._shared(program, backend, place, wishes)
        return Submission(passage, self._sharing.withdraw), passage

    def _shared(self, program: Program[Any], backend: str, place: Place, wishes: Wishes) -> Share:
        self._counter.home.enter()
        if self._coalesce is None:
            raise InvalidInput(
                "share=True needs a Submitter(coalesce=qrt.Coalesce()), which says how long to wait for others."
            )
        new = self._drafted(program, backend, wishes)
        _check(program, wishes)
        self._check_room()
        return self._sharing.start(program, new, place, wishes, fresh_key())

    def _withdraw(self, passage: Passage) -> bool:
        hand = self._sharing if isinstance(passage, Share) else self._carrier
        return hand.withdraw(passage)

    async def _all_sent(self) -> None:
        await self._sharing.hurry()
        await self._sharing.all_sent()
        await super()._all_sent()

    async def _halt(self, why: str) -> list[Passage]:
        await self._sharing.halt(why)
        left = await super()._halt(why)
        self._sharing.course.over = True
        return [*self._sharing.left, *(passage for passage in left if not isinstance(passage, Bundle))]


def _check(program: Program[Any], wishes: Wishes) -> None:
    if not isinstance(program, Sampler | Estimator) or program.program_id not in SHAREABLE:
        raise InvalidInput(
            f"share=True was given with {program!r}; a Sampler (via='sampler') or an Estimator can share a job."
        )
    if wishes.get("private") or not wishes.get("watch", True):
        raise InvalidInput(
            "share=True goes with neither private=True, whose result only one can read, nor watch=False: who shares a"
            " job has to hear of its end."
        )
