"""Sends jobs for several: filled when their turn comes, written down, and opened again where they were not taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from qrt_async.api.call import Call
from qrt_async.api.job_calls import create_job
from qrt_async.api.models import CreatedJob
from qrt_async.coalesce.bodies import post
from qrt_async.coalesce.book import Book
from qrt_async.coalesce.bundle import Bundle, Hears
from qrt_async.coalesce.hunt import Hunt
from qrt_async.coalesce.pool import Pool
from qrt_async.coalesce.share import Share
from qrt_async.errors import NotSent
from qrt_async.submit.carrier import Carrier
from qrt_async.submit.counter import Counter
from qrt_async.submit.diary import Intent, withdrawn
from qrt_async.submit.errand import Errand
from qrt_async.submit.gates import Load
from qrt_async.submit.key import fresh_key, tag_of
from qrt_async.submit.line import Place
from qrt_async.submit.passage import Passage


class Dispatch:
    """For one ``Submitter``: with its gates, its diary and its patience."""

    def __init__(
        self,
        counter: Counter,
        carrier: Carrier,
        book: Book,
        settle: float | None,
        hears: Hears,
        told: Callable[[Passage], None],
    ) -> None:
        self.in_line: set[Bundle] = set()
        self._counter = counter
        self._carrier = carrier
        self._book = book
        self._settle = settle
        self._hears = hears
        self._told = told

    def open(self, pool: Pool, first: Share) -> Bundle:
        """One for a pool, into the line: who goes along is decided when its turn comes."""
        bundle = Bundle(_intent(first, pool.place), pool.place, self._hears, self._told)
        bundle.pool = pool
        self.launch(bundle)
        return bundle

    def test(self, hunt: Hunt, shares: Sequence[Share]) -> Bundle:
        """One with these and nobody else, to see whether it fails."""
        stands = Place(max(share.place.priority for share in shares), hunt.origin)
        intent = replace(_intent(shares[0], stands), origin=hunt.origin, size=str(hunt.left))
        return Bundle(intent, stands, self._hears, self._told, shares, hunt)

    def again(self, intent: Intent, shares: Sequence[Share], hunt: Hunt | None) -> Bundle:
        """One that an earlier process wrote down, with those who were in it."""
        stands = Place(intent.priority, intent.key)
        return Bundle(intent, stands, self._hears, self._told, shares, hunt, sealed=True)

    def launch(self, bundle: Bundle, *, suspect: bool = False) -> None:
        """Into the line. A ``suspect`` may have been sent by an earlier process."""
        self.in_line.add(bundle)
        self._carrier.start(bundle, bundle.new, lambda: self._pack(bundle, suspect), watch=True)

    def retire(self, bundle: Bundle) -> None:
        """Nobody is left for it."""
        self._carrier.withdraw(bundle)

    async def _pack(self, bundle: Bundle, suspect: bool) -> Errand:
        load = Load(bundle.backend, self._counter.instance, bundle.intent.cost)
        errand = Errand(
            self._counter.means,
            create_job(bundle.new),  # until it is known who goes along
            bundle.key,
            load,
            place=bundle.stands,
            gates=self._carrier.gates,
            patient=True,
            settle=self._settle,
            leaving=lambda: self._leaving(bundle, errand),
            returned=lambda: self._returned(bundle, errand),
            suspect=suspect,
            tag=tag_of(bundle.key),
        )
        return errand

    async def _leaving(self, bundle: Bundle, errand: Errand) -> bool:
        """It is filled and sealed; ``False`` where the budget has no room any more."""
        if not bundle.sealed:
            _fill(bundle)
        bundle.leave()
        if bundle.call is None:
            bundle.call = await self._sealed(bundle, errand.tag)
        errand.call = bundle.call
        left = await self._carrier.leaving(bundle, errand.load)
        if not left:
            await self._reopen(bundle, errand)
        return left

    async def _sealed(self, bundle: Bundle, tag: str) -> Call[CreatedJob]:
        """The POST, with those who are still in it when that is written down."""
        while gone := await self._book.seal(bundle.intent, bundle.seats):
            for share in [share for share in bundle.shares if share.key in gone]:
                bundle.shares.remove(share)
                share.fail(withdrawn(share.key), "withdrawn")
            _check_any(bundle)
        return await asyncio.to_thread(post, [share.body for share in bundle.shares], tag)

    async def _returned(self, bundle: Bundle, errand: Errand) -> None:
        await self._carrier.returned(bundle)
        await self._reopen(bundle, errand)

    async def _reopen(self, bundle: Bundle, errand: Errand) -> None:
        """It was not sent, for certain. One that may have been stays as it is: its job, if it appears, has these."""
        if bundle.pool is not None and not errand.doubts:
            bundle.call = None
            await self._book.reopen(bundle.key)
            bundle.wait_again()
            bundle.pool.put_back(bundle)


def _fill(bundle: Bundle) -> None:
    pool = bundle.pool
    assert pool is not None  # noqa: S101 - else it is sealed from the beginning
    bundle.shares = pool.take(bundle)
    _check_any(bundle)
    bundle.sealed = True
    pool.tend()


def _check_any(bundle: Bundle) -> None:
    if not bundle.shares:
        raise NotSent(f"Nobody is left for job {bundle.key}.")


def _intent(first: Share, stands: Place) -> Intent:
    """All of a kind ask for the same."""
    assert first.intent is not None  # noqa: S101 - only who is packed gets so far
    return replace(
        first.intent,
        key=fresh_key(),
        body=None,
        priority=stands.priority,
        tenant=None,
        shared="bundle",
        size=None,
    )
