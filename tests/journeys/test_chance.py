"""The judges of chance are judged by numbers: what is right passes, what is a little wrong does not."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from tests.journeys.chance import Trials, bernstein, binomial, divergence_bound

SHOTS = 4096


def test_a_binomial_is_exact() -> None:
    exact = sum(math.comb(20, k) for k in range(6)) / 2**20
    assert binomial(5, 20, 0.5) == pytest.approx(2.0 * exact)
    assert binomial(10, 20, 0.5) == 1.0
    assert (binomial(0, 9, 0.0), binomial(1, 9, 0.0), binomial(9, 9, 1.0), binomial(8, 9, 1.0)) == (
        1,
        0,
        1,
        0,
    )


@pytest.mark.parametrize("chances", [[0.5, 0.5], [0.9, 0.1], [0.25] * 4, [0.6, 0.3, 0.05, 0.03, 0.02]])
@pytest.mark.parametrize("shots", [10, 100, 4096])
def test_the_bound_of_the_chi_squared_holds_for_every_number_of_shots(
    chances: list[float], shots: int
) -> None:
    draws = np.random.default_rng(7).multinomial(shots, chances, size=4000)
    bounds = np.array([divergence_bound(row.tolist(), chances) for row in draws])
    for level in (0.3, 0.1, 0.01):
        assert (bounds <= level).mean() <= level


def test_outcomes_that_cannot_be_are_noticed_and_so_is_a_certain_one() -> None:
    assert divergence_bound([99, 1], [1.0, 0.0]) == 0.0
    assert divergence_bound([100, 0], [1.0, 0.0]) == 1.0


def test_bernstein_holds_and_shrinks() -> None:
    means = np.random.default_rng(7).choice([-1.0, 1.0], (20_000, 100)).mean(axis=1)
    for off in (0.1, 0.2, 0.3):
        assert (abs(means) >= off).mean() <= bernstein(off, 100, 1.0, 1.0)
    assert bernstein(0.3, 100, 1.0, 1.0) < 0.05
    assert (bernstein(0.0, 9, 1.0, 1.0), bernstein(1e-3, 9, 0.0, 0.0)) == (1.0, 0.0)


def judged(counts: Callable[[int], dict[int, int]]) -> None:
    trials = Trials()
    for number in range(300):
        trials.counted(counts(number), {0: 0.5, 1: 0.25, 2: 0.25}, "a die")
    trials.judge("seed 7", least=300)


def test_what_is_right_passes_and_what_is_a_little_wrong_does_not() -> None:
    rng = np.random.default_rng(7)

    def drawn(*chances: float) -> Callable[[int], dict[int, int]]:
        return lambda _: dict(enumerate(rng.multinomial(SHOTS, chances).tolist()))

    judged(drawn(0.5, 0.25, 0.25))
    for wrong in ((0.55, 0.225, 0.225), (0.5, 0.3, 0.2)):
        with pytest.raises(AssertionError, match="tests; seed 7"):
            judged(drawn(*wrong))
    with pytest.raises(AssertionError, match="outcome 11: 1 at chance 0"):
        judged(lambda number: {0: 2048, 1: 1024, 2: 1024, **({3: 1} if number == 9 else {})})
    few = Trials()
    few.counted({0: 1}, {0: 0.5, 1: 0.5, 2: 0.0}, "too few")
    with pytest.raises(AssertionError, match="only 4 tests"):
        few.judge("", least=5)
