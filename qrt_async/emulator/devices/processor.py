"""What a noisy machine can do, how fast and how well: all that a simulation asks of it."""

from __future__ import annotations

import statistics

import msgspec

Qubits = tuple[int, ...]
Pair = tuple[int, int]


class Placed(msgspec.Struct, frozen=True):
    """A gate on certain qubits: its average infidelity, and its length in seconds."""

    error: float
    seconds: float


class QubitNoise(msgspec.Struct, frozen=True, kw_only=True):
    """One qubit: relaxation times in seconds (infinite: it keeps its state), and misreadings."""

    t1: float
    t2: float
    reads_0_when_1: float
    reads_1_when_0: float

    @property
    def readout_error(self) -> float:
        return (self.reads_0_when_1 + self.reads_1_when_0) / 2.0


class Processor(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A machine that is not ideal. Times in seconds."""

    gates: dict[str, dict[Qubits, Placed]]
    """By name, the qubits that each gate may act on, in that order."""
    others: frozenset[str]
    """What else it takes: reading, reset, delay, and kinds of control flow."""
    qubits: tuple[QubitNoise, ...]
    dt: float
    read_seconds: float
    reset_seconds: float
    rep_delay: float

    def placed(self, name: str, qubits: Qubits) -> Placed | None:
        """The gate on these qubits, if the machine has it."""
        return self.gates.get(name, {}).get(qubits)

    def error(self, name: str, qubits: Qubits) -> float:
        """The infidelity of a gate; of one that the machine does not have, nothing is known."""
        placed = self.placed(name, qubits)
        return 0.0 if placed is None else placed.error

    def pairs(self) -> dict[Pair, tuple[str, Placed]]:
        """The pairs that two-qubit gates may act on, each with its best gate."""
        found: dict[Pair, tuple[str, Placed]] = {}
        for name, places in self.gates.items():
            for qubits, placed in places.items():
                if len(qubits) == 2 and (qubits not in found or placed.error < found[qubits][1].error):
                    found[qubits] = (name, placed)
        return found

    @property
    def readout_median(self) -> float:
        return statistics.median(qubit.readout_error for qubit in self.qubits)
