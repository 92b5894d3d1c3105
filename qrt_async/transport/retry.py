"""May this be sent again, and after how long? A policy and one pure function."""

from __future__ import annotations

from typing import Literal

import msgspec

from qrt_async.errors import InvalidInput
from qrt_async.transport.wire import Repeat

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Statuses that may be gone at the next try: the edge's 52x belong to them."""

_DOUBLINGS = 64
"""By then any pause has met its cap; a float ends at 1024 of them."""

Kind = Literal["reply", "unsent", "cut", "late"]


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong with one try: a reply, no connection, a cut one, or silence."""

    kind: Kind
    code: int | None = None
    retry_after: float | None = None
    lasting: bool = False
    """Will it stay so? A certificate that does not fit is the same a second later."""


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How patiently one request is repeated. Exponential pauses with full jitter.

    Before try ``n + 1`` the pause is drawn evenly from 0 to ``min(cap, base * 2**(n-1))`` seconds; a
    ``Retry-After`` is kept exactly instead. Where the service asks for more than ``longest`` seconds the
    error is raised with its ``retry_after``, and the caller decides.
    """

    tries: int = 6
    base: float = 0.5
    cap: float = 30.0
    longest: float = 120.0

    def __post_init__(self) -> None:
        if not (self.tries >= 1 and self.base >= 0 and self.cap >= 0 and self.longest >= 0):
            raise InvalidInput(f"{self!r}: tries must be at least 1, times not negative.")


def pause(policy: RetryPolicy, repeat: Repeat, trouble: Trouble, tried: int, roll: float) -> float | None:
    """Seconds to wait before the next try, or ``None`` for no more.

    ``tried`` counts the tries so far, ``roll`` is a random number from 0 to 1.
    """
    if tried >= policy.tries or trouble.lasting or not _may_repeat(repeat, trouble):
        return None
    if trouble.retry_after is not None:
        return trouble.retry_after if trouble.retry_after <= policy.longest else None
    return roll * min(policy.cap, policy.base * 2.0 ** min(tried - 1, _DOUBLINGS))


def _may_repeat(repeat: Repeat, trouble: Trouble) -> bool:
    if trouble.kind == "unsent":
        return True
    if trouble.kind == "reply" and trouble.code not in PASSING:
        return False
    if repeat == "refused":
        return trouble.code == 429
    return repeat == "always"
