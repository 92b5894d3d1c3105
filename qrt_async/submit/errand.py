"""One submission on its way: what it is, and what it needs to get there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from qrt_async.api.call import Ask, Call
from qrt_async.api.models import CreatedJob
from qrt_async.events import Event
from qrt_async.submit.gates import Gate, Load
from qrt_async.submit.key import tag_of
from qrt_async.submit.line import Place
from qrt_async.submit.permits import PermitStore
from qrt_async.transport.tasks import Crew

SETTLE = 120.0
"""Seconds within which a job is in the listing, or is not there."""


class Means(msgspec.Struct, frozen=True, eq=False):
    """What a service lends to those who submit through it. ``ready`` opens the connection, has a token at hand and
    says whose it is."""

    ask: Ask
    crew: Crew
    announce: Callable[[Event], None]
    ready: Callable[[], Awaitable[str]]


async def _at_once() -> bool:
    """Nothing is to be done before it leaves."""
    return True


async def _nothing() -> None:
    """Nobody wants to know."""


class Errand:
    """``call`` is the POST, whose job has the reserved ``tag``: that of ``key`` and tenant, unless said otherwise.

    A ``patient`` one waits where it may get better: usage used up, a backend paused, the service out of reach.
    ``leaving`` is awaited before each POST leaves, and its ``False`` sends the errand back into the line; ``returned``
    is, after a POST that the service did not take for certain and that is to be repeated. After an unclear end the job
    is looked for during ``settle`` seconds before anything is sent again; ``None``: nothing is. A ``suspect`` may have
    been sent by an earlier process.
    """

    def __init__(
        self,
        means: Means,
        call: Call[CreatedJob],
        key: str,
        load: Load,
        *,
        place: Place = Place(),  # noqa: B008 - frozen
        gates: tuple[Gate, ...] = (),
        patient: bool = False,
        settle: float | None = SETTLE,
        leaving: Callable[[], Awaitable[bool]] = _at_once,
        returned: Callable[[], Awaitable[None]] = _nothing,
        suspect: bool = False,
        tag: str | None = None,
    ) -> None:
        self.means = means
        self.call = call
        self.key = key
        self.tag = tag or tag_of(key, place.tenant)
        self.load = load
        self.place = place
        self.gates = gates
        self.kind = (load, *map(id, gates))
        """Those of one kind are held by the same gates at the same time."""
        self.patient = patient
        self.settle = settle
        self.leaving = leaving
        self.returned = returned
        self.suspect = suspect
        self.sought = False
        """Is its job looked for, before it may be sent again?"""
        self.doubts = 0
        """How often it was sent, not found and sent again. A double may appear later."""
        self.turn: asyncio.Future[None] | None = None
        self.store: PermitStore
        """Where the permit is from that it had its turn with."""
