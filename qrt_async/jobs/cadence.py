"""When to look again. Pure."""

from __future__ import annotations

import math

import msgspec

from qrt_async.errors import InvalidInput


class PollPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often the service is asked for news of the jobs somebody waits for.

    A job of age ``a`` (seconds since its creation) of which nothing else is known is looked at again after

        patient(a) = min(ceiling, max(floor, growth · a))

    so that what is found late is late by at most ``growth`` of the job's own length. Where jobs of its
    backend and program were seen to end, or the service sent an estimate, its end is expected between
    ``early`` and ``late``, and the pause is

        a < early            min(early - a, max(patient(a), a, first))   sparse: it can hardly have ended
        early <= a <= late   min(patient(a), dense)                      dense around the expected end
        late < a             min(patient(a), max(dense, a - late))       backing off with age

        dense = max(DENSER · max(floor, growth · a), (late - early) / STEPS)
        first = min(FIRST · floor, early / STEPS)

    Pauses are shortened by up to the part ``jitter``, so that many programs do not ask in step. All
    looks of a service together stay within ``allowance`` requests a minute after a first ``burst``. A
    job that a listing does not show is given ``lag`` seconds to appear before it is asked for by itself;
    how late listings really are is learned from the service's own new jobs.

    With the defaults, and without jitter, a job of which nothing is known is looked at (age in seconds)

        0.5  1.0  1.5 … 5.0  5.5  6.1  6.7 … 54  60  66 … 274  301 … 1675  1842  2022 … 18042

    which is 10 looks until it is 5 s old, 53 until 5 min and 162 until 5 h; and one that is expected to end
    between 4 and 6 s at 0.5  1.0  2.0  4.0  4.25  4.5 … 5.8  6.1  6.4  6.8  7.4  8.2.
    """

    floor: float = 0.5
    ceiling: float = 180.0
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


DENSER = 0.5
"""Around its expected end the pauses of a job are at least this part of what its age alone would make them."""
SPARSEST = 1.5
"""The last leap to the earliest expected end may be so much longer than the one before would be."""
FIRST = 6.0
"""The first look comes after at most so many floors, however long the job is expected to take."""
STEPS = 8
"""Looks between the earliest and the latest expected end."""
_LEAST = 1e-9
"""A tail beyond which no difference is made."""
_LONGEST_OUTAGE_PAUSE = 60.0


class Expectation(msgspec.Struct, frozen=True):
    """When a job is thought to end, in seconds of its age.

    ``middle`` is the age by which half of such jobs have ended, ``spread`` the standard deviation of their
    ages' logarithms; ``None`` where nothing but the window is known.
    """

    early: float
    late: float
    middle: float | None = None
    spread: float = 0.0

    def later(self, seconds: float) -> Expectation:
        """When the end will show, if what shows it is that much behind."""
        return Expectation(self.early + seconds, self.late + seconds)

    def ripe(self, alive: float, chance: float) -> float:
        """The age at which a job that had not ended at the age ``alive`` has ended with this chance."""
        if self.middle is None:
            return math.inf
        ended = 0.0 if alive <= _LEAST else below(math.log(alive / self.middle) / self.spread)
        return max(alive, self.middle * math.exp(self.spread * _quantile(ended + chance * (1.0 - ended))))


def below(z: float) -> float:
    """The part of a normal distribution that lies below ``z``."""
    return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))


def _quantile(part: float) -> float:
    """The inverse of ``below``, to within 5e-4 (Hastings; Abramowitz and Stegun 26.2.23)."""
    tail = max(min(part, 1.0 - part), _LEAST)
    t = math.sqrt(-2.0 * math.log(tail))
    above = 2.515517 + t * (0.802853 + t * 0.010328)
    below = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    return math.copysign(t - above / below, part - 0.5)


def pause(policy: PollPolicy, age: float, expected: Expectation | None, roll: float) -> float:
    """Seconds until the next look at a job of this age; ``roll`` is a random number from 0 to 1."""
    shorter = 1 - policy.jitter * roll
    patient = min(policy.ceiling, max(policy.floor, policy.growth * age))
    if expected is None:
        return patient * shorter
    left = expected.early - age
    if left > DENSER * policy.floor:
        first = min(expected.early / STEPS, FIRST * policy.floor)
        sparse = max(patient, age, first) * shorter
        return left if left <= SPARSEST * sparse else sparse
    pace = DENSER * max(policy.floor, policy.growth * age)
    dense = max(pace, (expected.late - expected.early) / STEPS)
    return min(patient, max(dense, age - expected.late)) * shorter


def pause_after_failure(policy: PollPolicy, failures: int, asked: float | None, roll: float) -> float:
    """Seconds until the next try after ``failures`` looks in a row failed.

    Doubles from the floor to a minute, or the ceiling; never sooner than the service ``asked`` for.
    """
    longest = min(policy.ceiling, max(policy.floor, _LONGEST_OUTAGE_PAUSE))
    wished = min(longest, policy.floor * 2.0 ** min(failures, 16))
    return max(wished * (1 - policy.jitter * roll), asked or 0.0)
