"""Tokens that come back one period after the reply to their use. Arithmetic only.

So no window of ``period`` seconds on the server, however it is laid, ever sees more than ``capacity`` of
our submissions. A bucket that drips would let nine into the first minute of five.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable

import msgspec

from qrt_async.errors import InvalidInput
from qrt_async.transport.whole import whole

_DRIFT = 2e-3
"""The part of a period by which two clocks may disagree about it; twice what is promised."""


class RateLimit(msgspec.Struct, frozen=True):
    """So many submissions ``per`` so many seconds. IBM's is 5 per 60 s and user (api.md 2.9).

    ``margin`` seconds are added to each period against clocks that differ.
    """

    submissions: int
    per: float = 60.0
    margin: float = 0.25

    def __post_init__(self) -> None:
        whole("submissions", self.submissions)
        if not (0 < self.per < math.inf and 0 <= self.margin < math.inf):
            raise InvalidInput(f"{self!r}: needed are per > 0 and margin >= 0.")

    @property
    def hold(self) -> float:
        """Seconds for which a reply keeps its token away."""
        return self.per + max(self.margin, self.per * _DRIFT)


def strictest(one: RateLimit | None, other: RateLimit) -> RateLimit:
    """A limit that keeps to both: no window of either ever holds more than it may.

    The rate alone does not tell which is the stricter: of 5 per 60 s and 1 per 12 s, each is broken by who keeps to
    the other as a burst allows.
    """
    if one is None:
        return other
    count = min(one.submissions, other.submissions)
    per = max(limit.per / (limit.submissions // count) for limit in (one, other))
    return RateLimit(count, per, max(one.margin, other.margin))


class TokenBucket:
    """``capacity`` tokens; one that was used returns ``period`` plus ``margin`` seconds after the reply."""

    def __init__(self, capacity: int = 5, period: float = 60.0, margin: float = 0.25) -> None:
        self._limit = RateLimit(capacity, period, margin)
        self._in_use = 0
        self._replies: list[float] = []
        self._closed_until = -math.inf

    @property
    def limit(self) -> RateLimit:
        """What it keeps to."""
        return self._limit

    def wait(self, now: float) -> float:
        """Seconds until a token is free: 0.0 means take it now, ``inf`` that a reply must come first."""
        self._replies = [at for at in self._replies if at + self._limit.hold > now]
        closed = max(0.0, self._closed_until - now)
        # After a stricter limit was learnt, more tokens may be away than there are.
        surplus = self._in_use + len(self._replies) - self._limit.submissions
        if surplus < 0:
            return closed
        if surplus >= len(self._replies):
            return math.inf
        return max(closed, self._replies[surplus] + self._limit.hold - now)

    def take(self) -> None:
        """A submission leaves with a token."""
        self._in_use += 1

    def give_back(self, replied_at: float) -> None:
        """Its fate is known: the token returns one period later."""
        self._in_use -= 1
        insort(self._replies, replied_at)

    def take_back(self) -> None:
        """The submission never left: its token is free again at once."""
        self._in_use -= 1

    def close(self, until: float) -> None:
        """The service refused: no token before this moment."""
        self._closed_until = max(self._closed_until, until)

    def learn(self, limit: RateLimit) -> None:
        """The service's limit is another one: it holds for the tokens that are away, too."""
        self._limit = limit

    def count_in(self, replies: Iterable[float]) -> None:
        """Submissions that others made, as if they had been ours and were answered at these moments.

        Those that we have seen ourselves are among them: only as many as exceed these are counted.
        """
        known = self._in_use + len(self._replies)
        for at in sorted(replies, reverse=True)[known:]:
            insort(self._replies, at)

    def forecast(self, now: float, ahead: int = 0) -> float:
        """Seconds until a token is free for the one who has ``ahead`` before them, were all answered at once."""
        first = max(self.wait(now), 0.0)
        free = self._limit.submissions - self._in_use - len(self._replies)
        if ahead < free:
            return first
        closed = max(0.0, self._closed_until - now)
        returns = [max(closed, at + self._limit.hold - now) for at in self._replies]
        turns = [closed] * max(0, free) + returns + [self._limit.hold] * self._in_use
        rounds, place = divmod(ahead, len(turns))
        return turns[place] + rounds * self._limit.hold
