"""The noise of the emulated devices, drawn once and for all from stated medians.

Every value is log-normal around its median with a spread of 0.35, from a generator seeded with the device's
name: the same name has the same noise in every process, and no two devices are alike.
"""

from __future__ import annotations

import random
import statistics
from functools import lru_cache

import msgspec

SPREAD = 0.35


class Medians(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, and error probabilities."""

    t1: float
    t2: float
    one_qubit: float
    two_qubit: float
    readout: float


class QubitNoise(msgspec.Struct, frozen=True, kw_only=True):
    """One qubit: relaxation times in seconds, average gate infidelity, misreadings."""

    t1: float
    t2: float
    gate_error: float
    reads_0_when_1: float
    reads_1_when_0: float

    @property
    def readout_error(self) -> float:
        return (self.reads_0_when_1 + self.reads_1_when_0) / 2.0


class Calibration(msgspec.Struct, frozen=True):
    """All of a device; pairs are keyed lower qubit first."""

    qubits: tuple[QubitNoise, ...]
    pairs: dict[tuple[int, int], float]

    def pair_error(self, a: int, b: int) -> float:
        """The average infidelity of a two-qubit gate on these neighbours."""
        return self.pairs[min(a, b), max(a, b)]

    @property
    def median_pair(self) -> float:
        return statistics.median(self.pairs.values())

    @property
    def median_readout(self) -> float:
        return statistics.median(qubit.readout_error for qubit in self.qubits)


@lru_cache(maxsize=64)
def draw(name: str, num_qubits: int, edges: tuple[tuple[int, int], ...], medians: Medians) -> Calibration:
    """The calibration of the device of that name."""
    chance = random.Random(f"calibration of {name}")  # noqa: S311 - reproducible, not secret
    qubits = tuple(_qubit(chance, medians) for _ in range(num_qubits))
    return Calibration(qubits, {edge: _near(chance, medians.two_qubit, 0.1) for edge in edges})


def _qubit(chance: random.Random, medians: Medians) -> QubitNoise:
    t1 = _near(chance, medians.t1, 1.0)
    return QubitNoise(
        t1=t1,
        t2=min(_near(chance, medians.t2, 1.0), 2.0 * t1),
        gate_error=_near(chance, medians.one_qubit, 0.01),
        # an excited qubit may decay while it is read: that way of misreading is the likelier one
        reads_0_when_1=_near(chance, 1.3 * medians.readout, 0.2),
        reads_1_when_0=_near(chance, 0.7 * medians.readout, 0.2),
    )


def _near(chance: random.Random, median: float, ceiling: float) -> float:
    return min(median * chance.lognormvariate(0.0, SPREAD), ceiling)
