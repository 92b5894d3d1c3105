"""The arithmetic of chance, with NumPy alone: exact binomial tests, and bounds that hold for every number of shots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

ALPHA = 1e-9
"""Of a single test among the few that a topic makes."""
TOGETHER = 1e-6
"""The chance that a right server fails any of a set of ``Trials``."""
IMPOSSIBLE = 1e-13
"""Theory's probabilities below this are rounding: such an outcome must not be seen."""


def likely(ones: int, shots: int, probability: float, alpha: float = ALPHA) -> bool:
    """Whether an exact two-sided binomial test at ``alpha`` lets this count pass."""
    return binomial(ones, shots, probability) > alpha


def binomial(ones: int, shots: int, probability: float) -> float:
    """The exact two-sided p-value of so many ones: twice the smaller tail."""
    if probability < IMPOSSIBLE or probability > 1.0 - IMPOSSIBLE:
        return float(ones == (shots if probability > 0.5 else 0))
    k = np.arange(shots + 1)
    chances = np.exp(_ways(shots) + k * math.log(probability) + (shots - k) * math.log1p(-probability))
    return min(1.0, 2.0 * float(min(chances[: ones + 1].sum(), chances[ones:].sum())))


@lru_cache(maxsize=64)
def _ways(shots: int) -> Any:
    """Logarithms of the binomial coefficients."""
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, shots + 1)))])
    return logs[shots] - logs - logs[::-1]


def divergence_bound(counts: Sequence[int], chances: Sequence[float]) -> float:
    """An upper bound of the p-value of the likelihood-ratio χ² of these counts, for every number of shots.

    G = 2 Σ N ln(N / n p). The usual χ² tail is only its limit, and far too small where p-values of 1e-10 are
    asked for; this bound is finite: the moments of G / 2n are at most those of a gamma variable of shape k - 1
    and rate n (R. Agrawal, IEEE Transactions on Information Theory 66, 2020).
    """
    shots = sum(counts)
    terms = [
        n * math.log(n / (shots * p)) if p >= IMPOSSIBLE else math.inf
        for n, p in zip(counts, chances, strict=True)
        if n
    ]
    half, freedom = max(0.0, math.fsum(terms)), sum(p >= IMPOSSIBLE for p in chances) - 1
    if freedom == 0:
        return 0.0 if half > 1e-6 * shots else 1.0
    if half <= freedom:
        return 1.0
    return math.exp(freedom * (1.0 + math.log(half / freedom)) - half) if half < math.inf else 0.0


def bernstein(deviation: float, shots: int, variance: float, reach: float) -> float:
    """An upper bound of the probability that a mean of independent shots is off by as much or more.

    ``variance`` is at least each shot's, and no shot is further than ``reach`` from its mean.
    """
    if deviation <= 0.0:
        return 1.0
    spread = variance + reach * deviation / 3.0
    return min(1.0, 2.0 * math.exp(-shots * deviation**2 / (2.0 * spread))) if spread > 0.0 else 0.0


class Trials:
    """Many tests, of which all together may be wrong once in a million times: each gets its share."""

    def __init__(self) -> None:
        self._done: list[tuple[float, str]] = []

    def add(self, chance: float, what: str) -> None:
        self._done.append((chance, what))

    def counted(self, counts: Mapping[int, int], theory: Mapping[int, float], what: str) -> None:
        """A binomial test for each outcome that was seen or can be, and one for all of them together."""
        outcomes = sorted({*counts, *theory})
        seen = [counts.get(one, 0) for one in outcomes]
        chances = [min(1.0, theory.get(one, 0.0)) for one in outcomes]
        for outcome, n, chance in zip(outcomes, seen, chances, strict=True):
            self.add(
                binomial(n, sum(seen), chance), f"{what}, outcome {outcome:b}: {n} at chance {chance:.6g}"
            )
        self.add(divergence_bound(seen, chances), f"{what}, all outcomes together: {seen} at {chances}")

    def judge(self, context: str, least: int) -> None:
        """Raise ``AssertionError`` if any test is below its share, or if there were fewer tests than that."""
        assert len(self._done) >= least, f"only {len(self._done)} tests"
        share = TOGETHER / len(self._done)
        wrong = [
            f"{chance:.3g} < {share:.3g}: {what}" for chance, what in sorted(self._done) if chance < share
        ]
        assert not wrong, "\n".join([f"{len(wrong)} of {len(self._done)} tests; {context}", *wrong[:5]])
