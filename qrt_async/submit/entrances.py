"""Which entrance is whose: one for each user in each loop, whatever service objects there are."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary, WeakValueDictionary

from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.entrance import Entrance

_ENTRANCES: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, Entrance]] = (
    WeakKeyDictionary()
)
"""Held weakly on both sides: what outlives every service of a user is only what the service itself knows."""


def entrance_of(user: str, limit: RateLimit | None) -> Entrance:
    """The one entrance of this user in the running loop. It lives as long as somebody holds it."""
    entrances = _ENTRANCES.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    found = entrances.get(user)
    if found is None:
        found = entrances[user] = Entrance(limit)
    else:
        found.meet(limit)
    return found
