"""When to look again. Pure."""

from __future__ import annotations

import msgspec

from qrt_async.errors import InvalidInput


class PollPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often the service is asked for news of the jobs somebody waits for.

    The pause before the next look is ``growth`` times the job's age, between ``floor`` and ``ceiling``
    seconds, shortened by up to the part ``jitter`` so that many programs do not ask in step: what is
    found late is late by at most that part of the job's own length. All looks of a service together
    stay within ``allowance`` requests a minute after a first ``burst``. A job that a listing does not
    show is given ``lag`` seconds to appear before it is asked for by itself.
    """

    floor: float = 0.5
    ceiling: float = 60.0
    growth: float = 0.1
    jitter: float = 0.1
    allowance: float = 60.0
    burst: int = 20
    lag: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.floor <= self.ceiling or self.growth < 0 or not 0 <= self.jitter < 1:
            raise InvalidInput(f"{self!r}: needed are 0 < floor <= ceiling, growth >= 0, 0 <= jitter < 1.")
        if self.allowance <= 0 or self.burst < 1 or self.lag < 0:
            raise InvalidInput(f"{self!r}: needed are allowance > 0, burst >= 1, lag >= 0.")


def pause(policy: PollPolicy, age: float, roll: float) -> float:
    """Seconds until the next look at a job of this age; ``roll`` is a random number from 0 to 1."""
    wished = min(policy.ceiling, max(policy.floor, policy.growth * age))
    return wished * (1 - policy.jitter * roll)


def pause_after_failure(policy: PollPolicy, failures: int, asked: float | None, roll: float) -> float:
    """Seconds until the next try after ``failures`` looks in a row failed.

    Doubles from the floor to the ceiling; never sooner than the service ``asked`` for.
    """
    wished = min(policy.ceiling, policy.floor * 2.0 ** min(failures, 16))
    return max(wished * (1 - policy.jitter * roll), asked or 0.0)


_WHOLE = 1e-6
"""So little short of one request is rounding: waiting for it could take for ever."""


class Allowance:
    """How many requests may be spent on looking: a bucket that fills evenly. Arithmetic only."""

    def __init__(self, policy: PollPolicy) -> None:
        self._rate = policy.allowance / 60.0
        self._burst = float(policy.burst)
        self._left = self._burst
        self._as_of: float | None = None

    def wait(self, now: float) -> float:
        """Seconds until one request may be made; 0.0 means now."""
        self._fill(now)
        return 0.0 if self._left > 1.0 - _WHOLE else (1.0 - self._left) / self._rate

    def spend(self, now: float) -> None:
        """One request was made."""
        self._fill(now)
        self._left -= 1.0

    def _fill(self, now: float) -> None:
        if self._as_of is not None:
            self._left = min(self._burst, self._left + (now - self._as_of) * self._rate)
        self._as_of = now
