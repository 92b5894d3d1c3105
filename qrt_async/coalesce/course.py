"""From a job that the service took in to the end of everybody who is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from qrt_async.api.status import JobStatus
from qrt_async.coalesce.book import Book
from qrt_async.coalesce.bundle import Bundle
from qrt_async.coalesce.dispatch import Dispatch
from qrt_async.coalesce.faults import copied
from qrt_async.coalesce.hunt import Found, Hunt
from qrt_async.coalesce.job import Lot, Mirror, SharedJob
from qrt_async.coalesce.parcel import Parcel
from qrt_async.coalesce.portions import own_charge
from qrt_async.coalesce.rows import Ending, Step, Suspicion, Waiting
from qrt_async.coalesce.share import Share
from qrt_async.errors import JobCancelled, JobError, JournalError, QrtError, ServiceClosed
from qrt_async.events import JournalFailed
from qrt_async.jobs.job import AsyncJob
from qrt_async.jobs.known import Acceptance
from qrt_async.submit.counter import Counter
from qrt_async.submit.passage import Passage
from qrt_async.sweep.rows import Failure
from qrt_async.sweep.split import extra_jobs
from qrt_async.transport.flight import Flight

Outcome = tuple[Share, QrtError | None]


class Course:
    """``test`` sends a job that looks for what made another fail; ``None`` where nothing more is sent."""

    def __init__(
        self,
        counter: Counter,
        book: Book,
        test: Callable[[Hunt, Sequence[Share]], Bundle | None],
        dispatch: Dispatch,
        unsent: Callable[[Share], QrtError],
    ) -> None:
        self.riding: set[str] = set()
        """Keys of the jobs that are followed."""
        self.over = False
        """Was its Submitter left, and the journal closed?"""
        self._counter = counter
        self._book = book
        self._test = test
        self._dispatch = dispatch
        self._unsent = unsent

    def accepted(self, bundle: Bundle, job: AsyncJob[Any]) -> None:
        """There is a job, or another one is kept in its place."""
        for share, portion in zip(bundle.shares, bundle.portions(), strict=True):
            lot = share.lot or _boarding(bundle, share, job)
            lot.ride(job, portion, partial(self.give_up, bundle, share))
            if share.unsent:
                share.make_job = self._make_job
                share.accept(self._make_job(lot))
        lots = [share.lot for share in bundle.shares if share.lot is not None]
        bundle.mirror = Mirror(lots)
        self._counter.arrivals.of(job.id).listen(bundle.mirror)
        before = bundle.following
        bundle.following = self._counter.means.crew.start(self._follow(bundle, job), "shared job")
        if before is not None:
            before.cancel()

    def _make_job(self, lot: Lot) -> SharedJob[Any]:
        return self._counter.arrivals.made(partial(SharedJob, lot))

    # --- to its end --------------------------------------------------------------------------------------

    async def _follow(self, bundle: Bundle, job: AsyncJob[Any]) -> None:
        self.riding.add(bundle.key)
        try:
            await self._note(bundle.key, self._book.accepted(bundle.key, job.id))
            error = await _outcome(job)
            await self._ended(bundle, job, error)
        except ServiceClosed:
            stop(bundle.everybody)
        except asyncio.CancelledError:
            if bundle.following is asyncio.current_task():
                stop(bundle.everybody)
            raise
        except Exception as error:  # a mistake of ours must not leave anybody waiting for ever
            crash = QrtError(f"Following shared job {job.id} crashed ({error!r}). The job itself runs on.")
            crash.__cause__ = error
            end([(share, crash) for share in bundle.everybody], None)
            raise
        finally:
            if bundle.following is asyncio.current_task():
                self.riding.discard(bundle.key)

    async def _ended(self, bundle: Bundle, job: AsyncJob[Any], error: QrtError | None) -> None:
        if error is None:
            await self._completed(bundle, job)
            return
        await _charge(bundle, job)
        if bundle.is_worth_searching(error):
            await self.search(bundle, error)
        else:
            await self.came_to_nothing(bundle, error)

    async def _completed(self, bundle: Bundle, job: AsyncJob[Any]) -> None:
        spans = {seat.key: seat.span for seat in bundle.seats}
        parcel = Parcel(job.id, spans, bundle.pubs, self._counter, self._book)
        parcel.hold_for(bundle.shares)
        outcomes: list[Outcome] = [(share, None) for share in bundle.shares]
        found = None if bundle.hunt is None else bundle.hunt.passed()
        await self._take(outcomes, bundle.hunt, found, parcel)

    async def search(self, bundle: Bundle, error: QrtError) -> None:
        """It failed, or was refused, for its input: whose?"""
        if bundle.hunt is None:
            hunt = bundle.hunt = Hunt(bundle.key, bundle.shares, extra_jobs(len(bundle.shares)))
            found = hunt.begin(error, bundle.spans)
        else:
            hunt = bundle.hunt
            found = hunt.fell(bundle.pieces, error, bundle.spans)
        await self._take([], hunt, found)

    async def came_to_nothing(self, bundle: Bundle, error: QrtError) -> None:
        """For a reason that is nobody's program: everybody is told."""
        outcomes: list[Outcome] = [(share, copied(error)) for share in bundle.shares]
        found = None if bundle.hunt is None else bundle.hunt.broken_off(error)
        await self._take(outcomes, bundle.hunt, found)

    async def _take(
        self, outcomes: list[Outcome], hunt: Hunt | None, found: Found | None, parcel: Parcel | None = None
    ) -> None:
        """Written down first, then told; and on with the search."""
        ended = [*outcomes, *(() if found is None else found.failed)]
        test = None
        if hunt is not None and found is not None and found.send and hunt.is_wanted:
            test = self._test(hunt, found.send)
            if test is None:  # nothing more is sent; a journal has it as it was before
                end([(share, None) for share, _ in outcomes if parcel is not None], parcel)
                rest = [*found.send, *found.suspects, *found.held, *(share for share, _ in found.failed)]
                end([(share, self._unsent(share)) for share in rest], None)
                return
        if hunt is not None:
            hunt.out = test
        await self._note(hunt.origin if hunt else "", self._book.step(_step(ended, hunt, found, test)))
        end(ended, parcel)
        if test is not None:
            self._dispatch.launch(test)

    async def _note(self, key: str, writing: Awaitable[None]) -> None:
        """A journal that fails, or was closed meanwhile, must not make a result seem lost."""
        try:
            await writing
        except JournalError as error:
            if not self.over:
                self._counter.means.announce(JournalFailed(key=key, error=str(error)))

    # --- one who wants no more ---------------------------------------------------------------------------

    async def give_up(self, bundle: Bundle, share: Share) -> bool:
        """At once; the job is cancelled with the last one who wants it. Being cancelled ends only this wait."""
        job = bundle.job
        assert job is not None and share.lot is not None  # noqa: S101, PT018 - it was accepted
        error = cancelled(job.id)
        end([(share, error)], None)
        step = Step(ended=[_ending(share, error)])
        flight: Flight[bool] = Flight(self._counter.means.crew, "share given up", precious=True)
        return await flight.join(lambda: self._part_with(bundle, step))

    async def _part_with(self, bundle: Bundle, step: Step) -> bool:
        await self._note(bundle.key, self._book.step(step))
        if any(share.wanted for share in bundle.everybody):
            return True
        out: Passage = bundle if bundle.hunt is None or bundle.hunt.out is None else bundle.hunt.out
        if out.unsent:
            self._dispatch.retire(out)
        if out.job is not None:
            await out.job.cancel()
        return True


def _boarding(bundle: Bundle, share: Share, job: AsyncJob[Any]) -> Lot:
    intent = bundle.intent
    accepted = Acceptance(
        at=datetime.now(UTC),
        program_id=intent.program_id,
        backend=job.backend or intent.backend,
        tags=intent.tags,
        session_id=job.session_id,
    )
    share.lot = lot = Lot(job, accepted)
    return lot


async def _outcome(job: AsyncJob[Any]) -> QrtError | None:
    """Why there is no result; ``None`` where there is."""
    try:
        if await job.wait() is not JobStatus.COMPLETED:
            await job.result()
    except ServiceClosed:
        raise
    except QrtError as error:
        return error
    return None


def cancelled(job_id: str) -> JobCancelled:
    """For one who wants its share no more."""
    reason = "the submission gave up its share of it"
    return JobCancelled(f"Job {job_id} was cancelled: {reason}", job_id=job_id, reason=reason)


def stop(shares: Sequence[Share]) -> None:
    """Nobody will hear of them any more."""
    for share in shares:
        if share.lot is not None:
            share.lot.known.stop(ServiceClosed("The service was closed; the job runs on at the service."))


async def _charge(bundle: Bundle, job: AsyncJob[Any]) -> None:
    """A job that came to nothing may have cost something all the same, which those who go on have paid."""
    if len(bundle.shares) == 1 and bundle.hunt is None:
        return  # nobody goes on
    try:
        charged = (await job.metrics()).charged
    except ServiceClosed:
        raise
    except QrtError:
        return
    for share, portion in zip(bundle.shares, bundle.portions(), strict=True):
        if share.lot is not None and charged is not None:
            share.lot.paid = own_charge(charged, portion)


def end(outcomes: Sequence[Outcome], parcel: Parcel | None) -> None:
    for share, error in outcomes:
        if share.lot is None:
            share.fail(error or QrtError("It came to nothing."))
            continue
        share.lot.end(error, None if parcel is None else partial(parcel.slice, share.key))
        share.end()
        if not isinstance(error, JobCancelled):  # else a search may still send it
            share.forget()


def _step(ended: Sequence[Outcome], hunt: Hunt | None, found: Found | None, test: Bundle | None) -> Step:
    """As it is written down."""
    waiting: list[Waiting] = []
    if hunt is not None and found is not None:
        groups: list[tuple[Suspicion, list[Share]]] = [("suspect", found.suspects), ("held", found.held)]
        for suspicion, shares in groups:
            waiting += [
                Waiting(key=share.key, suspicion=suspicion, failure=Failure.of(hunt.error_of(share)))
                for share in shares
            ]
    return Step(
        ended=[_ending(share, error) for share, error in ended],
        waiting=waiting,
        origin="" if hunt is None else hunt.origin,
        bundle=None if test is None else test.intent,
        seats=() if test is None else test.seats,
    )


def _ending(share: Share, error: QrtError | None) -> Ending:
    if error is None:
        return Ending(key=share.key)
    failure = Failure.of(error)
    if share.lot is None:
        return Ending(key=share.key, state="failed", detail=str(error), failure=failure)
    detail = (
        "Cancelled"
        if isinstance(error, JobCancelled)
        else "Failed"
        if isinstance(error, JobError)
        else str(error)
    )
    return Ending(key=share.key, detail=detail, failure=failure)
