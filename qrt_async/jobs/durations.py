"""How long jobs take: what was learned from those this service has seen, and what the service says. Pure."""

from __future__ import annotations

import math
from datetime import datetime

import msgspec

from qrt_async.jobs.cadence import Expectation, below

_DOUBT = 0.12
"""The spread, as a part of the length, that is assumed after one job."""
_MEMORY = 30.0
"""So many jobs are remembered; older ones fade."""
_EDGE = 1.645
"""Standard deviations to the ends of the window: five jobs in a hundred end before it, five after it."""
_KINDS = 500
"""Kinds of jobs that are remembered."""
_VAGUE = 0.5
"""A spread beyond which the service's own estimate says more than the past does."""
_TRUST = 2.5
"""An estimate of the service is believed to within this factor: one that is wrong by three hardly hurts."""

_EXACT = 0.5
"""A first length that is not known to within this part of it is taken for the longest that it may have been."""
_RARE = 1e-4
"""What was thought less likely than this is taken for the nearest that was thought likely."""

Kind = tuple[str | None, str | None]
"""Backend and program."""


class Past(msgspec.Struct, frozen=True):
    """The lengths of jobs of one kind: how many, and mean and spread of their logarithms."""

    weight: float = 0.0
    mean: float = 0.0
    squares: float = 0.0

    def with_one(self, seconds: float) -> Past:
        """After one more job that took so long."""
        value = math.log(max(seconds, 1e-3))
        fade = min(1.0, _MEMORY / (self.weight + 1.0))
        weight = self.weight * fade + 1.0
        mean = self.mean + (value - self.mean) / weight
        squares = self.squares * fade + (value - self.mean) * (value - mean)
        return Past(weight, mean, squares)

    @property
    def spread(self) -> float:
        """Standard deviation of the next one's logarithm."""
        known = (_DOUBT**2 + self.squares) / (1.0 + self.weight)
        return math.sqrt(known * (1.0 + 1.0 / self.weight))

    def between(self, shortest: float, longest: float) -> float:
        """How long a job took, as far as can be told, that was seen alive at one age and over at a later one: not the
        middle, where the past says that one end is likelier."""
        if self.weight == 0.0:
            return (shortest + longest) / 2 if longest - shortest <= _EXACT * longest else longest
        low, high = self._deviation(shortest), self._deviation(longest)
        part = below(high) - below(low)
        if part < _RARE:
            return longest if high < 0.0 else shortest
        return math.exp(self.mean + self.spread * (_density(low) - _density(high)) / part)

    def _deviation(self, seconds: float) -> float:
        return (math.log(max(seconds, 1e-3)) - self.mean) / self.spread

    def expectation(self) -> Expectation:
        middle, reach = math.exp(self.mean), math.exp(_EDGE * self.spread)
        return Expectation(middle / reach, middle * reach, middle, self.spread)


class Durations:
    """The past of each kind of job; the least recently seen kind is forgotten first."""

    def __init__(self) -> None:
        self._past: dict[Kind, Past] = {}
        self._expected: dict[Kind, Expectation] = {}

    def saw(self, kind: Kind, shortest: float, longest: float) -> None:
        """A job of this kind completed between these ages."""
        past = self._past.pop(kind, Past())
        past = self._past[kind] = past.with_one(past.between(shortest, longest))
        self._expected[kind] = past.expectation()
        if len(self._past) > _KINDS:
            oldest = next(iter(self._past))
            del self._past[oldest], self._expected[oldest]

    def expectation(self, kind: Kind, hint: Expectation | None) -> Expectation | None:
        """When a job of this kind is thought to end: by the past, else by the service's word."""
        found = self._expected.get(kind)
        if found is None or (hint is not None and found.spread > _VAGUE):
            return hint
        return found


def hinted(
    created: datetime | None, completion: datetime | None, running_seconds: float | None
) -> Expectation | None:
    """What the service's estimates are worth: a wide window, or an age before which no end is likely."""
    if created is not None and completion is not None and completion > created:
        seconds = (completion - created).total_seconds()
        return Expectation(seconds / _TRUST, seconds * _TRUST)
    if running_seconds is not None and running_seconds > 0:
        return Expectation(running_seconds / _TRUST, math.inf)
    return None


def _density(z: float) -> float:
    """Of the normal distribution."""
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
