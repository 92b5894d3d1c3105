"""How late listings are, learned from the service's own new jobs. Pure."""

from __future__ import annotations

from collections import deque

_REMEMBERED = 50
_ENOUGH = 5
"""Before so many new jobs were seen to appear, the policy's ``lag`` stands."""
_SHORTEST, _LONGEST = 2.0, 600.0
_MEAN_OF = 300
"""New jobs that the mean is taken over: of a crowd, those that listings show late come last, and few would be only
those."""


class Lags:
    """The longest times that new jobs of ours took to appear in a listing."""

    def __init__(self, first: float) -> None:
        self._first = first
        self._seen: deque[float] = deque(maxlen=_REMEMBERED)
        self.usual = 0.0
        """Seconds by which listings are behind in the mean."""
        self._weight = 0

    def saw(self, seconds: float) -> None:
        """A new job was in a listing this long after it was accepted, and in none before."""
        self._seen.append(seconds)
        self._weight = min(self._weight + 1, _MEAN_OF)
        self.usual += (seconds - self.usual) / self._weight

    @property
    def grace(self) -> float:
        """Seconds for which a job may be missing from listings without meaning anything."""
        if not self._seen:
            return self._first
        learned = min(_LONGEST, max(_SHORTEST, 2.0 * max(self._seen)))
        return learned if len(self._seen) >= _ENOUGH else max(self._first, learned)
