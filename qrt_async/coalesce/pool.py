"""Those of one kind that wait, and the job that is to take them along: it stands in line open, and picks them when its
turn comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from qrt_async.coalesce.bundle import Bundle
from qrt_async.coalesce.faults import copied
from qrt_async.coalesce.measure import Size, filled, leaves_at
from qrt_async.coalesce.share import Share
from qrt_async.errors import ServiceClosed
from qrt_async.submit.coalescing import Coalesce
from qrt_async.submit.entrance import Entrance
from qrt_async.submit.line import Line, Place
from qrt_async.sweep.ceilings import Ceilings


class Pool:
    """``send`` puts a new job into the line, ``retire`` takes one out for which nobody is left. Who rides in a job that
    is too small for all is as in any line: the higher priority first, tenants in turns."""

    def __init__(
        self,
        kind: str,
        rules: Coalesce,
        ceilings: Ceilings,
        send: Callable[[Pool, Share], Bundle],
        retire: Callable[[Bundle], None],
        entered: Callable[[], Entrance | None],
    ) -> None:
        self.kind = kind
        self.hurry = False
        """Nobody waits for others any more."""
        self._rules = rules
        self._ceilings = ceilings
        self._send = send
        self._retire = retire
        self._entered = entered
        self._line: Line[Share] = Line()
        self._open: list[Bundle] = []
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._line)

    def add(self, share: Share) -> None:
        """It waits from now on."""
        share.waits = self
        self._line.add(share, share.place)
        self.tend()

    def put_back(self, bundle: Bundle) -> None:
        """It was not sent, for certain, and stands in line again: who was in it waits with the others."""
        for share in reversed(bundle.shares):
            if share.unsent:
                share.waits = self
                self._line.add(share, share.place, front=True)
        bundle.shares, bundle.sealed = [], False
        self._open.insert(0, bundle)

    def remove(self, share: Share) -> None:
        """It waits no more."""
        share.waits = None
        self._line.remove(share)
        self.tend()

    def empty(self) -> list[Share]:
        """Nobody waits any more."""
        shares = list(self._line)
        for share in shares:
            share.waits = None
            self._line.remove(share)
        self.tend()
        return shares

    @property
    def used(self) -> bool:
        """Is there anybody, or anything?"""
        return bool(self._line or self._open)

    def drop(self, bundle: Bundle) -> None:
        """The job is not in line any more."""
        if bundle in self._open:
            self._open.remove(bundle)

    def take(self, bundle: Bundle) -> list[Share]:
        """Its turn has come: who goes along."""
        self.drop(bundle)
        turns: list[Share] = []

        def in_turn() -> Iterator[tuple[Share, Size]]:
            while (share := self._line.first(lambda _: True)) is not None:
                self._line.take(share)
                turns.append(share)
                yield share, share.size

        chosen, _ = filled(in_turn(), self._ceilings, self._rules.max_points)
        for share in reversed(turns[len(chosen) :]):
            self._line.add(share, share.place, front=True)
        for share in chosen:
            share.waits = None
        return chosen

    def tend(self) -> None:
        """Something has changed, or some time has passed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._line:
            gone, self._open = self._open, []
            for bundle in gone:
                self._retire(bundle)
        elif self._open:
            self._move(self._open[0])
        else:
            self._send_or_wait()

    def _send_or_wait(self) -> None:
        loop, at = asyncio.get_running_loop(), self._leaves_at()
        if at > loop.time():
            self._timer = loop.call_at(at, self.tend)
        else:
            try:
                self._open.append(self._send(self, next(iter(self._line))))
            except ServiceClosed as error:
                for share in self.empty():
                    share.fail(copied(error))

    def _leaves_at(self) -> float:
        _, full = filled(
            ((share, share.size) for share in self._line), self._ceilings, self._rules.max_points
        )
        since = min(share.since for share in self._line)
        return leaves_at(since, self._rules.max_wait, full=full or self.hurry)

    @property
    def place(self) -> Place:
        """In the line of all submissions: that of its most urgent, as a tenant of its own. No name of a tenant is as
        long as that of a kind."""
        return Place(max(share.place.priority for share in self._line), self.kind)

    def _move(self, bundle: Bundle) -> None:
        entrance, place = self._entered(), self.place
        if place != bundle.stands:
            bundle.stands = place
            if bundle.errand is not None and entrance is not None:
                entrance.move(bundle.errand, place)

    # --- in words ----------------------------------------------------------------------------------------

    def why(self, share: Share) -> str:
        """What holds it: others whom it waits for, or what holds the job."""
        why = self._open[0].why if self._open else None
        return why or f"waits up to {self._rules.max_wait:g} s for others to share a job with"

    def ahead(self, share: Share) -> int | None:
        """How many are before the next job in line."""
        return self._open[0].ahead if self._open else None

    def eta(self, share: Share) -> float | None:
        """Seconds until the next job leaves."""
        if self._open and self._open[0].why is not None:
            return self._open[0].eta
        entrance = self._entered()
        turn = None if entrance is None else entrance.eta(None)
        return max(0.0, self._leaves_at() - asyncio.get_running_loop().time(), turn or 0.0)
