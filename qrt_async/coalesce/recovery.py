"""From a journal back to shares that live: everybody gets their slice again, and nothing is sent twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any
from weakref import WeakSet

import msgspec

from qrt_async.coalesce.book import Book
from qrt_async.coalesce.bundle import Bundle
from qrt_async.coalesce.course import cancelled
from qrt_async.coalesce.groups import Group, sort
from qrt_async.coalesce.hunt import Hunt
from qrt_async.coalesce.job import Lot, Mirror, SharedJob
from qrt_async.coalesce.loader import put
from qrt_async.coalesce.measure import Size, parts_of
from qrt_async.coalesce.parcel import Parcel
from qrt_async.coalesce.portions import Portion
from qrt_async.coalesce.rows import BundleRow, Ending, MemberRow, Step
from qrt_async.coalesce.share import Share
from qrt_async.coalesce.sharing import Sharing
from qrt_async.jobs.known import Acceptance
from qrt_async.submit.carrier import Carrier
from qrt_async.submit.line import Place
from qrt_async.submit.recovery import Double, Recoverer
from qrt_async.sweep.rows import Failure

GiveUp = Callable[[], Awaitable[bool]]


class Rejoiner:
    """For one ``Submitter``."""

    def __init__(self, sharing: Sharing, carrier: Carrier, recoverer: Recoverer, book: Book) -> None:
        self._sharing = sharing
        self._carrier = carrier
        self._recoverer = recoverer
        self._book = book
        self._counter = carrier.counter
        self._recovered: WeakSet[Share] = WeakSet()

    async def recover(self) -> tuple[list[Share], list[Double]]:
        """All that is ours, after ``Recoverer.recover``."""
        members, bundles = await self._book.left(self._counter.instance)
        found = {row.intent.key: self._sharing.known.get(row.intent.key) for row in members}
        bundles = [row for row in bundles if not self._sharing.carries(row.intent.key)]
        keys = {row.intent.key for row in bundles}
        new = [row for row in members if _is_new(found[row.intent.key], row)]
        # Who is in a job belongs to it, whoever has them: else the others would be cut wrongly.
        keys_of_new = {row.intent.key for row in new}
        rows = [row for row in members if row.bundle in keys or row.intent.key in keys_of_new] if new else []
        found |= self._take_up(rows, bundles, members)
        doubtful = {row.intent.key: row.job_id for row in bundles if row.posts > 1 and row.job_id is not None}
        doubles = [
            double
            for key, job_id in doubtful.items()
            for double in await self._recoverer.one_again(key, None, job_id)
        ]
        for row in new:
            if (share := found.get(row.intent.key)) is not None:
                self._recovered.add(share)
        shares = [found[row.intent.key] for row in members]
        return [one for one in shares if one is not None and (one.over or one in self._recovered)], doubles

    def _take_up(
        self, rows: Sequence[MemberRow], bundles: Sequence[BundleRow], all_rows: Sequence[MemberRow]
    ) -> dict[str, Share | None]:
        left = sort(rows, bundles)
        groups: defaultdict[str | None, list[MemberRow]] = defaultdict(list)
        for row in all_rows:
            groups[row.bundle].append(row)
        found: dict[str, Share | None] = {}
        for row in left.over:
            found[row.intent.key] = self.restored(row, groups[row.bundle])
        for row in left.free:
            share = found[row.intent.key] = self.share_of(row)
            self._sharing.carry(share, self._sharing.loader.reload(share, row.intent))
        for group in left.groups:
            for share in self._rejoin(group):
                found[share.key] = share
        for spent in left.spent:
            self._settle(spent)
        return found

    def restored(self, row: MemberRow, group: Iterable[MemberRow]) -> Share:
        """One that has come to an end; ``group`` are all who were in its job."""
        share = self.share_of(row)
        put(share, row.intent)
        riders = sorted(group, key=lambda one: one.span)
        lot = share.lot or self._boarded(share, row, riders)
        spans = {one.intent.key: one.span for one in riders}
        pubs = sum(count for _, count in spans.values())
        parcel = Parcel(row.job_id or "", spans, pubs, self._counter, self._book)
        error = None if row.failure is None else row.failure.error()
        parcel.hold_for([share])
        lot.end(error, partial(parcel.slice, share.key))
        share.end()
        return share

    def _boarded(
        self, share: Share, row: MemberRow, riders: Sequence[MemberRow], give_up: GiveUp | None = None
    ) -> Lot:
        """In the job that the journal says it is in, or was in last."""
        job = self._recoverer.handle(row.intent, row.job_id or "")
        accepted = Acceptance(
            at=row.made,
            program_id=row.intent.program_id,
            backend=row.intent.backend,
            tags=row.intent.tags,
            session_id=row.intent.session_id,
        )
        share.lot = lot = Lot(job, accepted)
        lot.ride(job, _portion(row, riders), give_up or _too_late)
        share.accept(self._counter.arrivals.made(partial(SharedJob[Any], lot)))
        return lot

    def ride_along(self, share: Share, row: MemberRow, group: Sequence[MemberRow]) -> None:
        """In a job that another process looks after."""
        put(share, row.intent)
        if share.lot is not None and share.lot.job.id == row.job_id:
            return
        riders = sorted(group, key=lambda one: one.span)
        lot = share.lot or self._boarded(share, row, riders)
        job = self._recoverer.handle(row.intent, row.job_id or "")
        lot.ride(job, _portion(row, riders), partial(self._give_up, share))
        lot.mirror = Mirror([lot])
        self._counter.arrivals.of(job.id).listen(lot.mirror)
        self._counter.arrivals.watch(job.id)

    async def _give_up(self, share: Share) -> bool:
        """It is written down: the process that looks after the job hands it no slice. The job goes on."""
        assert share.lot is not None  # noqa: S101 - it rides along
        error = cancelled(share.lot.job.id)
        await self._book.step(
            Step(ended=[Ending(key=share.key, detail="Cancelled", failure=Failure.of(error))])
        )
        share.lot.end(error)
        share.end()
        return True

    def share_of(self, row: MemberRow) -> Share:
        """The one that somebody holds, if another process carried it so far."""
        share = self._sharing.known.get(row.intent.key)
        if share is None or (share.over and row.state != "ended"):
            place = Place(row.intent.priority, row.intent.tenant)
            share = self._sharing.make(row.intent.key, row.intent.backend, place)
        share.elsewhere = None
        return share

    def _rejoin(self, group: Group) -> list[Share]:
        """Those of one job, and who waits for it in a search."""
        rows = [*group.members, *group.suspects, *group.held]
        everybody = [self.share_of(row) for row in rows]
        for share, row in zip(everybody, rows, strict=True):
            if share.unsent:  # else it has come to an end
                put(share, row.intent)
                share.leave()
        riders = everybody[: len(group.members)]
        suspects = everybody[len(riders) : len(riders) + len(group.suspects)]
        hunt = None
        intent = group.bundle.intent
        if intent.origin:
            hunt = Hunt(intent.origin, everybody, int(intent.size or 0))
            errors = {row.intent.key: row.failure.error() for row in rows if row.failure is not None}
            hunt.resume(suspects, everybody[len(riders) + len(suspects) :], errors)
        bundle = self._sharing.dispatch.again(intent, riders, hunt)
        if hunt is not None:
            hunt.out = bundle
        self._go_on(bundle, group.bundle)
        for share, row in zip(everybody, rows, strict=True):
            if share.lot is None and row.job_id is not None:
                self._boarded(share, row, group.members, partial(self._sharing.course.give_up, bundle, share))
        for share in everybody:
            if share.unsent:
                self._sharing.carry_with(share)
        return everybody

    def _go_on(self, bundle: Bundle, row: BundleRow) -> None:
        if row.uncharged or row.state == "sending":
            self._carrier.reserve(row.intent)
        if row.job_id is None:
            self._sharing.dispatch.launch(bundle, suspect=row.state == "sending")
            return
        job = self._recoverer.handle(row.intent, row.job_id)
        if row.state == "accepted":
            self._carrier.resume(bundle, job, row.intent)
            return
        bundle.accept(job)
        bundle.end()
        if row.uncharged:
            self._carrier.settle(bundle, job)

    def _settle(self, row: BundleRow) -> None:
        """Nobody is in it any more; what it costs may not be known yet."""
        if row.job_id is not None and row.uncharged:
            self._go_on(self._sharing.dispatch.again(row.intent, [], None), row)


def _is_new(share: Share | None, row: MemberRow) -> bool:
    """Nobody has it in this process, or another process had it, or it is not known here what became of it."""
    if share is None:
        return True
    return row.state not in {"ended", "failed"} if share.over else share.elsewhere is not None


async def _too_late() -> bool:
    return False


def _portion(row: MemberRow, riders: Sequence[MemberRow]) -> Portion:
    sizes = [msgspec.json.decode(one.intent.size or "{}", type=Size) for one in riders]
    parts = parts_of([size.executions for size in sizes])
    at = next((at for at, one in enumerate(riders) if one.intent.key == row.intent.key), None)
    if at is None:  # it waits in a search, and is in none
        size = msgspec.json.decode(row.intent.size or "{}", type=Size)
        return Portion(span=row.span, pubs=-1, executions=size.executions, part=0.0)
    pubs = sum(size.pubs for size in sizes)
    return Portion(span=row.span, pubs=pubs, executions=sizes[at].executions, part=parts[at])
