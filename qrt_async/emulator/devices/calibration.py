"""The noise of the emulated devices, drawn once and for all from stated medians.

Every value is log-normal around its median with a spread of 0.35, from a generator seeded with the device's
name: the same name has the same noise in every process, and no two devices are alike.
"""

from __future__ import annotations

import random

import msgspec

from .processor import Pair, QubitNoise

SPREAD = 0.35


class Medians(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, and error probabilities."""

    t1: float
    t2: float
    one_qubit: float
    two_qubit: float
    readout: float


class Calibration(msgspec.Struct, frozen=True):
    """All of a device: qubits, the infidelity of one-qubit gates on each, and that of pairs, lower qubit first."""

    qubits: tuple[QubitNoise, ...]
    singles: tuple[float, ...]
    pairs: dict[Pair, float]

    def pair_error(self, a: int, b: int) -> float:
        """The average infidelity of a two-qubit gate on these neighbours."""
        return self.pairs[min(a, b), max(a, b)]


def draw(name: str, num_qubits: int, edges: tuple[Pair, ...], medians: Medians) -> Calibration:
    """The calibration of the device of that name."""
    chance = random.Random(f"calibration of {name}")  # noqa: S311 - reproducible, not secret
    drawn = [_qubit(chance, medians) for _ in range(num_qubits)]
    pairs = {edge: _near(chance, medians.two_qubit, 0.1) for edge in edges}
    return Calibration(tuple(noise for noise, _ in drawn), tuple(error for _, error in drawn), pairs)


def _qubit(chance: random.Random, medians: Medians) -> tuple[QubitNoise, float]:
    t1 = _near(chance, medians.t1, 1.0)
    t2 = min(_near(chance, medians.t2, 1.0), 2.0 * t1)
    gate_error = _near(chance, medians.one_qubit, 0.01)
    # an excited qubit may decay while it is read: that way of misreading is the likelier one
    misread = _near(chance, 1.3 * medians.readout, 0.2)
    ghost = _near(chance, 0.7 * medians.readout, 0.2)
    return QubitNoise(t1=t1, t2=t2, reads_0_when_1=misread, reads_1_when_0=ghost), gate_error


def _near(chance: random.Random, median: float, ceiling: float) -> float:
    return min(median * chance.lognormvariate(0.0, SPREAD), ceiling)
