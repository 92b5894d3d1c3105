"""A job for several, on its way: what becomes of it becomes of all who are in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Literal, Protocol

from qrt_async.api.call import Call
from qrt_async.api.job_calls import NewJob
from qrt_async.api.models import CreatedJob
from qrt_async.coalesce.faults import is_of_one, pieces_of
from qrt_async.coalesce.hunt import Hunt
from qrt_async.coalesce.job import Mirror
from qrt_async.coalesce.measure import parts_of
from qrt_async.coalesce.portions import Portion
from qrt_async.coalesce.rows import Seat
from qrt_async.coalesce.share import Share
from qrt_async.errors import QrtError
from qrt_async.jobs.job import AsyncJob
from qrt_async.programs.slicing import Span
from qrt_async.submit.diary import Intent
from qrt_async.submit.line import Place
from qrt_async.submit.passage import Passage
from qrt_async.submit.recovery import new_of
from qrt_async.sweep.piece import Pieces


class Pool(Protocol):
    """Where those wait who may go along."""

    def take(self, bundle: Bundle) -> list[Share]: ...

    def put_back(self, bundle: Bundle) -> None: ...

    def drop(self, bundle: Bundle) -> None: ...

    def empty(self) -> list[Share]: ...

    def tend(self) -> None: ...


class Hears(Protocol):
    """Is told what becomes of a bundle."""

    def accepted(self, bundle: Bundle, job: AsyncJob[Any]) -> None: ...

    def refused(self, bundle: Bundle, error: QrtError) -> None: ...


class Bundle(Passage):
    """``shares`` are those in it, once it is ``sealed``; ``hunt`` is the search that it tests for. ``stands`` is its
    place in line, which is no tenant's."""

    def __init__(
        self,
        intent: Intent,
        stands: Place,
        hears: Hears,
        told: Callable[[Passage], None],
        shares: Sequence[Share] = (),
        hunt: Hunt | None = None,
        *,
        sealed: bool = False,
    ) -> None:
        super().__init__(intent.key, intent.backend, Place(stands.priority), told)
        self.intent = intent
        self.stands = stands
        self.shares = list(shares)
        self.sealed = sealed or bool(shares)
        self.hunt = hunt
        self.pool: Pool | None = None
        """From which it is filled; none for one whose shares are given."""
        self.call: Call[CreatedJob] | None = None
        """The POST, once it is sealed."""
        self.mirror: Mirror | None = None
        self.following: asyncio.Task[None] | None = None
        self.heard = True  # its errors are those of its shares, who tell them
        self._hears = hears

    @property
    def new(self) -> NewJob:
        """What is known of the job without its params."""
        return new_of(self.intent)

    @property
    def spans(self) -> list[Span]:
        """The PUBs of each, side by side."""
        counts = [share.size.pubs for share in self.shares]
        return list(zip(accumulate([0, *counts]), counts, strict=False))

    @property
    def seats(self) -> list[Seat]:
        """As they are written down."""
        return [Seat(share.key, span) for share, span in zip(self.shares, self.spans, strict=True)]

    @property
    def pubs(self) -> int:
        """In all."""
        return sum(share.size.pubs for share in self.shares)

    @property
    def everybody(self) -> list[Share]:
        """Those in it, and those who wait for it in a search."""
        return self.shares if self.hunt is None else self.hunt.shares

    def is_worth_searching(self, error: QrtError) -> bool:
        """Is one of several to blame?"""
        return (len(self.shares) > 1 or self.hunt is not None) and is_of_one(error)

    @property
    def pieces(self) -> Pieces:
        """As the search knows them."""
        return pieces_of(range(len(self.shares)) if self.hunt is None else self.hunt.places(self.shares))

    def portions(self) -> list[Portion]:
        """Of each, by executions."""
        executions = [share.size.executions for share in self.shares]
        return [
            Portion(span=span, pubs=self.pubs, executions=each, part=part, paid=_paid(share))
            for share, span, each, part in zip(
                self.shares, self.spans, executions, parts_of(executions), strict=True
            )
        ]

    def leave(self) -> None:
        super().leave()
        for share in self.shares:
            if share.unsent:
                share.leave()

    def wait_again(self) -> None:
        super().wait_again()
        for share in self.shares:
            share.wait_again()

    def accept(self, job: AsyncJob[Any]) -> None:
        super().accept(job)
        self._hears.accepted(self, job)

    def replace(self, job: AsyncJob[Any]) -> None:
        super().replace(job)
        self._hears.accepted(self, job)

    def fail(self, error: QrtError, state: Literal["failed", "withdrawn"] = "failed") -> None:
        unsent = self.unsent
        super().fail(error, state)
        if unsent:
            self._hears.refused(self, error)


def _paid(share: Share) -> float:
    return 0.0 if share.lot is None else share.lot.paid
