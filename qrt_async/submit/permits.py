"""Permits to submit, behind one small interface: in this process here, on this machine in ``machine``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from qrt_async.submit.bucket import RateLimit, TokenBucket, strictest

UNSTATED = 60.0
"""IBM's own period, for a refusal that names no pause where we have no limit of our own."""

LONGEST = 3600.0
"""A refusal that names more is met again after this long: a slip of the server must not stop us for good."""


@runtime_checkable
class PermitStore(Protocol):
    """Where the permits of one user are kept. Only ``take`` may wait; moments are the store's own affair."""

    @property
    def name(self) -> str:
        """Two of the same name are one store."""

    @property
    def limit(self) -> RateLimit | None:
        """What is kept to; ``None`` for no limit."""

    async def take(self) -> float:
        """0.0: a permit was taken. Else the seconds after which to ask again, or ``inf``: after news.

        Cancelled, it leaves no permit taken.
        """

    def give_back(self) -> None:
        """The fate of a submission is known: its permit returns one period from now."""

    def take_back(self) -> None:
        """A submission never left: its permit is free at once."""

    def close(self, seconds: float | None, stated: RateLimit | None) -> None:
        """The service said "too many": nobody submits for ``seconds``, or for a period if it named none.
        The limit it ``stated`` is kept to from now on, besides the one known."""

    def tighten(self, limit: RateLimit) -> None:
        """Keep to this limit, too."""

    def count_in(self, ages: Sequence[float]) -> None:
        """Submissions of the user that are so many seconds old, ours among them."""

    async def aclose(self) -> None:
        """Its last user has left: let go of files and connections. Whoever uses it again opens them anew."""

    def forecast(self, ahead: int) -> float:
        """Seconds until the one who has ``ahead`` before them may submit, as far as is known."""


class ProcessPermits:
    """Permits of this process and event loop. ``None`` for no limit until the service names one."""

    name = ""

    def __init__(self, limit: RateLimit | None) -> None:
        self._limit = limit
        self._bucket = TokenBucket(limit.submissions, limit.per, limit.margin) if limit else _unlimited()

    @property
    def limit(self) -> RateLimit | None:
        return self._limit

    async def take(self) -> float:
        return self.take_nowait()

    def take_nowait(self) -> float:
        """``take`` for whoever cannot wait."""
        wait = self._bucket.wait(_now())
        if wait == 0.0:
            self._bucket.take()
        return wait

    def give_back(self) -> None:
        self._bucket.give_back(_now())

    def take_back(self) -> None:
        self._bucket.take_back()

    def close(self, seconds: float | None, stated: RateLimit | None) -> None:
        if stated is not None:
            self.tighten(stated)
        self._bucket.close(_now() + closed_for(seconds, self._limit))

    def tighten(self, limit: RateLimit) -> None:
        known, self._limit = self._limit, strictest(self._limit, limit)
        if self._limit != known:
            self._bucket.learn(self._limit)

    def count_in(self, ages: Sequence[float]) -> None:
        now = _now()
        self._bucket.count_in([now - age for age in ages])

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    def forecast(self, ahead: int) -> float:
        return self._bucket.forecast(_now(), ahead)


def closed_for(seconds: float | None, limit: RateLimit | None) -> float:
    """How long a refusal closes the bucket."""
    unstated = UNSTATED if limit is None else limit.per
    return min(unstated if seconds is None else seconds, LONGEST)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _unlimited() -> TokenBucket:
    return TokenBucket(2**31, period=1e-6, margin=0.0)
