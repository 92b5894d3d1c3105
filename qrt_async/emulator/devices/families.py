"""The kinds of processors: what all devices of one kind have in common."""

from __future__ import annotations

from typing import Literal

import msgspec

from . import lattices
from .calibration import Medians

Kind = Literal["ideal", "falcon", "heron"]


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """What all processors of one kind have in common. Times in nanoseconds."""

    name: str
    revision: str
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


HERON = Family(
    name="Heron",
    revision="2",
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
FAMILIES: dict[Kind, Family] = {"heron": HERON, "falcon": FALCON}

DYNAMIC = ("if_else",)
NOT_GATES = ("measure", "reset", "delay")
IDEAL_GATES = {
    "id": 0, "x": 0, "y": 0, "z": 0, "h": 0, "s": 0, "sdg": 0, "t": 0, "tdg": 0, "sx": 0, "sxdg": 0,
    "p": 1, "rx": 1, "ry": 1, "rz": 1, "r": 2, "u": 3, "u1": 1, "u2": 2, "u3": 3,
    "cx": 0, "cy": 0, "cz": 0, "ch": 0, "cp": 1, "crx": 1, "cry": 1, "crz": 1, "cu": 4, "csx": 0,
    "swap": 0, "iswap": 0, "ecr": 0, "rxx": 1, "ryy": 1, "rzz": 1, "rzx": 1, "ccx": 0, "ccz": 0, "cswap": 0,
}  # fmt: skip
"""Gates of the ideal backend, and how many angles each takes."""
ANGLES = {"rz": 1, "rx": 1, "rzz": 1}
