"""Makes the requests that were decided on, and hands on what they showed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from qrt_async.api.call import Ask, Call
from qrt_async.api.calls import backend_status, get_session, instance_usage
from qrt_async.api.job_calls import get_job, get_metrics, get_results
from qrt_async.api.models import JobRecord
from qrt_async.errors import NotAuthorized, NotFound, QrtError, ResultTooLong, ServiceError
from qrt_async.events import Event, LookFailed, ResultRead, wanted
from qrt_async.jobs.cover import Cover, Listing
from qrt_async.jobs.decider import Decider
from qrt_async.jobs.known import Known
from qrt_async.jobs.looks import Row, read_page
from qrt_async.jobs.proof import completed, is_result
from qrt_async.jobs.stalls import reason
from qrt_async.jobs.tracks import Moment

T = TypeVar("T")

_HOPELESS = 3
"""So many looks refused in a row for want of a right or a valid key end the waiting with that error."""
_MISSES = 5
"""A round of peeks ends when more than one in so many of a wave found nothing."""
_FIRST_WAVE, _WAVE = 2, 16
"""Peeks that are under way at once, at first and at most."""


class Failed(Exception):
    """A request for news failed, and so does the look it belongs to."""


class Lookout:
    """Carries out looks and peeks. ``learn`` takes in a record, listed or not, ``lose`` a job that is gone,
    ``stall`` what keeps a job from moving on."""

    def __init__(
        self,
        ask: Ask,
        decider: Decider,
        find: Callable[[str], Known | None],
        learn: Callable[[Known, JobRecord, bool], None],
        lose: Callable[[Known, QrtError], None],
        stall: Callable[[Known, str | None], None],
        announce: Callable[[Event], None],
        despair: Callable[[QrtError], None],
        now: Callable[[], Moment],
    ) -> None:
        self.ask = ask
        self._decider = decider
        self._find = find
        self._learn = learn
        self._lose = lose
        self._stall = stall
        self._announce = announce
        self._despair = despair
        self._now = now
        self._refused = 0

    async def look(self, cover: Cover) -> None:
        """Read the listings, then the jobs that are read by themselves. A failure ends the look."""
        for listing in cover.listings:
            await self._read_listing(listing)
        for job_id in cover.singles:
            known = self._find(job_id)
            if known is not None and not known.settled:
                await self._read_single(known)

    async def peek(self, job_ids: Iterable[str]) -> None:
        """Read results that are thought to be there, in growing waves, while nearly all of them are.

        A result that is there had to be read anyway, so only those that are not cost anything.
        """
        left, size, found = list(job_ids), _FIRST_WAVE, 0
        while left and (most := self._decider.may_peek(self._now().now)):
            wave, left = left[: min(size, most)], left[min(size, most) :]
            good = await self._wave(wave)
            found += good
            if len(wave) - good > len(wave) // _MISSES:
                break
            size = min(_WAVE, 2 * size) if good == len(wave) else max(_FIRST_WAVE, size // 2)
        self._decider.peeks.over(found, self._now().now)

    async def _wave(self, job_ids: list[str]) -> int:
        """How many of these results were there, all asked for at once."""
        peeks = await asyncio.gather(*(self._peek(job_id) for job_id in job_ids), return_exceptions=True)
        for peek in peeks:
            if isinstance(peek, BaseException) and not isinstance(peek, Failed):
                raise peek
        return sum(peek is True for peek in peeks)

    async def estimate(self) -> None:
        """Queue position and estimates, where somebody listens or nothing else is known."""
        now = self._now().now
        for known in self._decider.hintable(now):
            if not self._decider.may_spend(self._now().now):
                return
            try:
                known.hint(await self._spend(get_metrics(known.id), (known.id,)), datetime.now(UTC))
            except NotFound:
                known.hintless = True
            self._decider.hinted(known, self._now().now)

    async def seek_reasons(self) -> None:
        """Ask what keeps jobs from moving on that stand still for long."""
        found = self._decider.standing_still(self._now().now)
        if found is None:
            return
        place, jobs = found
        backend = await self._maybe(backend_status(place.backend)) if place.backend else None
        session = await self._maybe(get_session(place.session)) if place.session else None
        why = reason(place, backend, session, await self._maybe(instance_usage()))
        for known in jobs:
            self._stall(known, why)

    async def _maybe(self, call: Call[Any]) -> Any:
        """The answer, if there is one: not everybody may ask everything."""
        self._decider.spend(self._now().now)
        try:
            return await self.ask(_once(call))
        except ServiceError:
            return None

    async def _read_listing(self, listing: Listing) -> None:
        """Page by page, until all that were due are seen. Other watched jobs on those pages come for free."""
        left, watched, offset, pages = set(listing.ids), frozenset(self._decider.tracks), 0, 0
        while left and pages != listing.most:
            rows = await self._spend(read_page(listing, offset, watched), left, one=False)
            for row in rows.found:
                if self._saw_row(row):
                    left.discard(row.id)
            offset += rows.read
            pages += 1
            if rows.last:
                break
        self._judge(listing, left, offset)

    def _judge(self, listing: Listing, left: set[str], read: int) -> None:
        """What it means for jobs that the listing did not show."""
        now = self._now().now
        self._decider.measured(listing.key, read)
        if listing.how == "pending":
            self._decider.left(left, now)
        elif listing.how == "recent":
            self._decider.not_recent(left, now)
        else:
            self._decider.missed(left, now)

    def _saw_row(self, row: Row) -> bool:
        """Take in a row; ``False`` where it cannot be read, which is as good as none."""
        known, moment = self._find(row.id), self._now()
        if known is None:
            return True
        if self._decider.says_nothing_new(known, hash(row.raw), moment):
            known.seen_at = datetime.now(UTC)
            return True
        try:
            record = row.record()
        except msgspec.DecodeError:
            return False
        if self._decider.is_stale(known, record, moment.now):
            self._decider.saw(known, moment, listed=True)
        else:
            self._learn(known, record, True)
        return True

    async def _read_single(self, known: Known) -> None:
        try:
            record = await self._spend(get_job(known.id, exclude_params=True), (known.id,))
        except NotFound as error:
            if self._decider.not_found(known, self._now().now):
                self._lose(known, error)
        else:
            self._learn(known, record, False)

    async def _peek(self, job_id: str) -> bool:
        """Is the result there? ``True`` also where its job ended otherwise."""
        known = self._find(job_id)
        if known is None or known.settled:
            return True
        started = self._now().now
        try:
            body = await self._answer(get_results(job_id), (job_id,))
        except (NotFound, ResultTooLong):
            body = b""
        if body is None:
            self._decider.not_there(job_id, self._now().now)
            return False
        if known.settled:
            return True
        if is_result(known.program_id, body):
            known.body = body
            if wanted(self._announce, ResultRead):
                seconds = self._now().now - started
                self._announce(ResultRead(job_id=job_id, seconds=seconds, size=len(body)))
            self._learn(known, completed(known), False)
            return True
        await self._read_single(known)
        if not known.settled:
            self._decider.not_there(job_id, self._now().now)
        return known.settled

    async def _spend(self, call: Call[T], job_ids: Iterable[str], *, one: bool = True) -> T:
        """The answer to a request that only brings news, as soon as the allowance has one left."""
        await asyncio.sleep(self._decider.allowance.wait(self._now().now))
        self._decider.spend(self._now().now)
        return await self._answer(call, job_ids, one=one)

    async def _answer(self, call: Call[T], job_ids: Iterable[str], *, one: bool = True) -> T:
        """The answer. That ``one`` job is not found is an answer too; of a listing it is a failure."""
        try:
            answer = await self.ask(_once(call))
        except ServiceError as error:
            if one and isinstance(error, NotFound):
                raise
            self._put_off(error, job_ids, listing=not one)
            raise Failed from error
        self._decider.outage.succeeded(listing=not one)
        self._refused = 0
        return answer

    def _put_off(self, error: ServiceError, job_ids: Iterable[str], *, listing: bool) -> None:
        """A failed look is never a failed job: wait, and look again."""
        if isinstance(error, NotAuthorized) and error.status != 401:
            # A 401 after a fresh token is the service's confusion; a key or a right that is gone stays so.
            self._refused += 1
            if self._refused >= _HOPELESS:
                self._refused = 0
                self._despair(error)
                return
        wait = self._decider.failed(job_ids, self._now().now, error.retry_after, listing=listing)
        self._announce(LookFailed(why=str(error), again_in=wait))


def _once(call: Call[T]) -> Call[T]:
    """Not repeated after a failure by anybody else: the next look comes by its own rules."""
    return msgspec.structs.replace(call, request=msgspec.structs.replace(call.request, repeat="unsent"))
