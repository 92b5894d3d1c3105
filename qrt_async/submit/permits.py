"""Permits to submit, first come first served."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable

from qrt_async.errors import QrtError
from qrt_async.events import Event, PermitAwaited
from qrt_async.submit.bucket import RateLimit, TokenBucket

_UNSTATED = 60.0
"""IBM's own period, for a refusal that names no pause where we have no limit of our own."""

_LONGEST = 3600.0
"""A refusal that names more is met again after this long: a slip of the server must not stop us for good."""


class Permits:
    """One bucket for all submissions of a service. ``None`` for no limit of ours."""

    def __init__(self, limit: RateLimit | None, announce: Callable[[Event], None]) -> None:
        self._unstated = limit.per if limit else _UNSTATED
        self._limit = limit
        self._bucket = TokenBucket(limit.submissions, limit.per, limit.margin) if limit else _unlimited()
        self._announce = announce
        self._line: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def take(self) -> None:
        """Wait for a permit. Cancelled while waiting, none is taken."""
        loop = asyncio.get_running_loop()
        wait = self._bucket.wait(loop.time())
        if not self._line and wait == 0.0:
            self._bucket.take()
            return
        self._announce(PermitAwaited(seconds=wait, why="the rate limit of submissions"))
        place: asyncio.Future[None] = loop.create_future()
        self._line.append(place)
        self._serve()
        try:
            await place
        except asyncio.CancelledError:
            self._leave(place)
            raise

    def give_back(self) -> None:
        """The fate of the submission is known."""
        self._bucket.give_back(asyncio.get_running_loop().time())
        self._serve()

    def close(self, seconds: float | None, stated: RateLimit | None = None) -> None:
        """The service said "too many": nobody submits for ``seconds``, or for a period if it named none.

        The limit it ``stated`` is kept to from now on, where it is stricter than the one we know.
        """
        if stated is not None and stated.stricter_than(self._limit):
            self._limit, self._unstated = stated, stated.per
            self._bucket.learn(stated)
        pause = min(self._unstated if seconds is None else seconds, _LONGEST)
        self._bucket.close(asyncio.get_running_loop().time() + pause)
        self._serve()

    def stop(self, error: QrtError) -> None:
        """No more permits: everybody in line is told why."""
        line, self._line = self._line, deque()
        for place in line:
            if not place.done():
                place.set_exception(error)
        self._serve()

    def _leave(self, place: asyncio.Future[None]) -> None:
        """A permit that was given to somebody who is gone goes to the next; it was not used."""
        if place.done() and not place.cancelled():
            self._bucket.take_back()
        elif place in self._line:
            self._line.remove(place)
        self._serve()

    def _serve(self) -> None:
        """Give permits to the head of the line; one timer for the moment of the next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        while self._line:
            wait = self._bucket.wait(loop.time())
            if wait > 0:
                if wait < math.inf:
                    self._timer = loop.call_later(wait, self._serve)
                return
            place = self._line.popleft()
            if not place.done():
                self._bucket.take()
                place.set_result(None)


def _unlimited() -> TokenBucket:
    return TokenBucket(2**31, period=1e-6, margin=0.0)
