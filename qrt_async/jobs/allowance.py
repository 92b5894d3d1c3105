"""How many requests may be spent on looking: a bucket that fills evenly. Arithmetic only."""

from __future__ import annotations

from qrt_async.jobs.cadence import PollPolicy

_WHOLE = 1e-6
"""So little short of one request is rounding: waiting for it could take for ever."""
_PLENTY = 0.75
"""With more than this part of the burst left, nothing is rationed."""


class Allowance:
    """The one allowance of a service: ``burst`` at once, ``allowance`` a minute after that."""

    def __init__(self, policy: PollPolicy) -> None:
        self._rate = policy.allowance / 60.0
        self._burst = float(policy.burst)
        self._left = self._burst
        self._as_of: float | None = None

    def wait(self, now: float, spare: float = 0.0) -> float:
        """Seconds until one request may be made that leaves ``spare`` others; 0.0 means now."""
        self._fill(now)
        short = 1.0 + spare - self._left
        return 0.0 if short < _WHOLE else short / self._rate

    def left(self, now: float) -> float:
        """So many requests may be made at once."""
        self._fill(now)
        return self._left

    def ration(self, now: float) -> float:
        """Seconds that should lie between two requests: none while there is plenty, and the less is left
        the nearer to what the allowance gives in the long run."""
        self._fill(now)
        used = max(0.0, 1.0 - max(0.0, self._left) / (_PLENTY * self._burst))
        return float(used**1.5) / self._rate

    def spend(self, now: float) -> None:
        """One request was made."""
        self._fill(now)
        self._left -= 1.0

    def _fill(self, now: float) -> None:
        if self._as_of is not None:
            self._left = min(self._burst, self._left + (now - self._as_of) * self._rate)
        self._as_of = now
