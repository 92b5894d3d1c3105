"""Another run has the sweep, perhaps in another process: see what comes of it, and take it over when nobody has it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from qrt_async.errors import JournalError, NotSent
from qrt_async.sweep.holdings import Holdings
from qrt_async.sweep.order import Hands

LOOK = 1.0
"""Seconds between two looks into the journal."""


async def follow(held: Holdings, hands: Hands) -> None:
    """Return when the sweep is ours to go on with, when every point has a result or an error, or when it was
    cancelled by whoever had it. Until then points are there as they end. Raises ``NotSent`` where the Submitter was
    left."""
    before = None
    await held.hold()
    while held.holder is not None:
        await held.finish_ended()
        if held.all_ended:
            return
        if before != (before := (held.holder, held.elsewhere, held.known, held.money.charged)):
            held.bell.ring()
        await _look_again(held, hands)


async def _look_again(held: Holdings, hands: Hands) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK):
            while not hands.left:
                await held.bell.wait()
    try:
        if not hands.left:
            await held.hold(following=True)
            return
    except JournalError:
        if not hands.left:
            raise
    raise NotSent("The sweep goes on in other hands; the Submitter that followed it was left.", count=0)
