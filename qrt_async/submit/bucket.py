"""Tokens that come back one period after the reply to their use. Arithmetic only.

So no window of ``period`` seconds on the server, however it is laid, ever sees more than ``capacity`` of
our submissions. A bucket that drips would let nine into the first minute of five.
"""

from __future__ import annotations

import math
from collections import deque

import msgspec

from qrt_async.errors import InvalidInput


class RateLimit(msgspec.Struct, frozen=True):
    """So many submissions ``per`` so many seconds. IBM's is 5 per 60 s and user (api.md 2.9).

    ``margin`` seconds are added to each period against clocks that differ.
    """

    submissions: int
    per: float = 60.0
    margin: float = 0.25

    def __post_init__(self) -> None:
        if self.submissions < 1 or self.per <= 0 or self.margin < 0:
            raise InvalidInput(f"{self!r}: needed are at least 1 submission, per > 0 and margin >= 0.")


class TokenBucket:
    """``capacity`` tokens; one that was used returns ``period`` plus ``margin`` seconds after the reply."""

    def __init__(self, capacity: int = 5, period: float = 60.0, margin: float = 0.25) -> None:
        self._capacity = capacity
        self._period = period + margin
        self._in_use = 0
        self._returns: deque[float] = deque()
        self._closed_until = -math.inf

    def wait(self, now: float) -> float:
        """Seconds until a token is free: 0.0 means take it now, ``inf`` that a reply must come first."""
        while self._returns and self._returns[0] <= now:
            self._returns.popleft()
        closed = max(0.0, self._closed_until - now)
        if self._in_use + len(self._returns) < self._capacity:
            return closed
        if not self._returns:
            return math.inf
        return max(closed, self._returns[0] - now)

    def take(self) -> None:
        """A submission leaves with a token."""
        self._in_use += 1

    def give_back(self, replied_at: float) -> None:
        """Its fate is known: the token returns one period later."""
        self._in_use -= 1
        self._returns.append(replied_at + self._period)

    def take_back(self) -> None:
        """The submission never left: its token is free again at once."""
        self._in_use -= 1

    def close(self, until: float) -> None:
        """The service refused: no token before this moment."""
        self._closed_until = max(self._closed_until, until)
