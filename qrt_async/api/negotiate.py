"""Asks the service which API dates it offers, and leaves a date that ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from qrt_async.api.call import Ask
from qrt_async.api.calls import versions
from qrt_async.api.dates import choose
from qrt_async.errors import QrtError
from qrt_async.events import ApiDateLeft, Event


async def negotiate(ask: Ask, spoken: str, announce: Callable[[Event], None]) -> str:
    """The date to speak from now on. Needs no authorization; without an answer the date is kept."""
    try:
        offered = await ask(versions())
    except QrtError:
        return spoken
    choice = choose(spoken, offered, datetime.now(UTC).date())
    if choice.why is not None:
        announce(ApiDateLeft(left=spoken, taken=choice.date, why=choice.why))
    return choice.date
