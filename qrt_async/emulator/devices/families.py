"""The kinds of processors: what all devices of one kind have in common."""

from __future__ import annotations

import msgspec

from . import lattices
from .calibration import Medians, draw
from .processor import Placed, Processor, Qubits

REP_DELAY = 250e-6
"""Seconds between two executions."""
NOT_GATES = ("measure", "reset", "delay")
DYNAMIC = ("if_else",)
ANGLES = {"rz": 1, "rx": 1, "rzz": 1}
NANO = 1e-9


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """What all processors of one kind have in common. Times in nanoseconds."""

    name: str
    revision: str
    num_qubits: int
    one_qubit: tuple[str, ...]
    two_qubit: tuple[str, ...]
    directed: bool
    edges: tuple[lattices.Edge, ...]
    dt: float
    gate_time: float
    pair_time: float
    readout_time: float
    alignment: int
    clops: int
    medians: Medians

    @property
    def placements(self) -> tuple[lattices.Edge, ...]:
        """The pairs that two-qubit gates may act on, in the given direction."""
        if self.directed:
            return self.edges
        return tuple(sorted(pair for a, b in self.edges for pair in ((a, b), (b, a))))


HERON = Family(
    name="Heron",
    revision="2",
    num_qubits=156,
    one_qubit=("id", "rz", "sx", "x", "rx"),
    two_qubit=("cz", "rzz"),
    directed=False,
    edges=lattices.heron(),
    dt=4.0,
    gate_time=24.0,
    pair_time=84.0,
    readout_time=1560.0,
    alignment=1,
    clops=195_000,
    medians=Medians(t1=150e-6, t2=100e-6, one_qubit=2.5e-4, two_qubit=3e-3, readout=1e-2),
)
FALCON = Family(
    name="Falcon",
    revision="5.11",
    num_qubits=27,
    one_qubit=("id", "rz", "sx", "x"),
    two_qubit=("ecr",),
    directed=True,
    edges=lattices.falcon(),
    dt=2.0 / 9.0,
    gate_time=320.0 / 9.0,
    pair_time=480.0,
    readout_time=800.0,
    alignment=16,
    clops=2_000,
    medians=Medians(t1=100e-6, t2=80e-6, one_qubit=3e-4, two_qubit=8e-3, readout=2e-2),
)


def processor(name: str, family: Family) -> Processor:
    """The device of that name: the same noise for the same name. ``rz`` is free and perfect."""
    drawn = draw(name, family.num_qubits, family.edges, family.medians)
    singles: dict[Qubits, Placed] = {
        (qubit,): Placed(error, family.gate_time * NANO) for qubit, error in enumerate(drawn.singles)
    }
    pairs: dict[Qubits, Placed] = {
        pair: Placed(drawn.pair_error(*pair), family.pair_time * NANO) for pair in family.placements
    }
    gates = dict.fromkeys(family.one_qubit, singles) | dict.fromkeys(family.two_qubit, pairs)
    return Processor(
        gates=gates | {"rz": dict.fromkeys(singles, Placed(0.0, 0.0))},
        others=frozenset({*NOT_GATES, *DYNAMIC}),
        qubits=drawn.qubits,
        dt=family.dt * NANO,
        read_seconds=family.readout_time * NANO,
        reset_seconds=(family.readout_time + family.gate_time) * NANO,
        rep_delay=REP_DELAY,
    )
