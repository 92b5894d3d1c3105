"""Processors that IBM recorded: the data files of the ``fake_provider`` of ``qiskit-ibm-runtime``.

The package has to be installed and is not imported: its files are found and read. Configuration and
properties are served as they were recorded, under the name that was asked for, and the simulation follows
them. Where a record is odd, it is read so:

- a gate without an error or a length is perfect, or takes no time;
- an infidelity beyond that of complete depolarization, as calibrations that failed have it, is that;
- a T2 above twice T1, which no qubit has, is twice T1; a qubit without T1 or T2 keeps its state;
- a reading whose error is given once is wrong equally often either way;
- all readings take as long as the longest, and so do all resets.
"""

from __future__ import annotations

import math
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from . import documents
from .families import NOT_GATES, REP_DELAY
from .processor import Placed, Processor, QubitNoise, Qubits

PREFIX = "fake_"
PACKAGE = "qiskit_ibm_runtime"
FOLDER = ("fake_provider", "backends")
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "": 1.0}
OTHERS = frozenset({*NOT_GATES, "if_else", "for_loop", "while_loop", "switch_case", "store"})
"""What a device may take besides its gates; a record may speak of more."""

Values = dict[str, float]
"""The values of a qubit or a gate by their names, in seconds where they are times."""


class Recorded(msgspec.Struct, frozen=True):
    """One processor, and the two documents that describe it."""

    recorded: dict[str, Any]
    measured: dict[str, Any]
    processor: Processor

    def listing(self) -> dict[str, Any]:
        clops = self.recorded.get("clops_h") or self.recorded.get("clops")
        facts = {
            "backend_version": self.recorded["backend_version"],
            "processor_type": self.recorded.get("processor_type"),
            "performance_metrics": documents.performance(self.processor),
            "clops": {"type": "hardware", "value": clops} if clops else None,
        }
        known = {name: fact for name, fact in facts.items() if fact is not None}
        return documents.entry(self.recorded["n_qubits"], simulator=False) | known

    def configuration(self, name: str) -> dict[str, Any]:
        return self.recorded | {"backend_name": name}

    def properties(self, name: str, at: datetime) -> dict[str, Any]:
        """As they were measured, whenever that was."""
        return self.measured | {"backend_name": name}


def load(name: str) -> Recorded:
    """The processor of that name, ``fake_fez`` for example. Raises ``ValueError`` if there is none."""
    folder = _known(name)[name]
    recorded, measured = (_read(folder, kind) for kind in ("conf", "props"))
    return Recorded(recorded, measured, processor(recorded, measured))


def processor(recorded: dict[str, Any], measured: dict[str, Any]) -> Processor:
    """What a configuration and properties say that the simulation needs."""
    values = {
        (gate["gate"], tuple(gate["qubits"])): _values(gate["parameters"]) for gate in measured["gates"]
    }
    gates: dict[str, dict[Qubits, Placed]] = {
        gate["name"]: {
            qubits: _placed(values.get((gate["name"], qubits), {}), len(qubits))
            for qubits in map(tuple, gate["coupling_map"])
        }
        for gate in recorded["gates"]
        if gate["name"] in recorded["basis_gates"] and "coupling_map" in gate
    }
    qubits = [_values(entries) for entries in measured["qubits"]]
    reading = max(it.get("readout_length", 0.0) for it in qubits)
    resets = [values[key] for key in values if key[0] == "reset"]
    instructions = recorded.get("supported_instructions") or NOT_GATES
    delay = recorded.get("default_rep_delay")
    return Processor(
        gates=gates,
        others=OTHERS & {"measure", *recorded["basis_gates"], *instructions},
        qubits=tuple(_qubit(it) for it in qubits),
        dt=(recorded.get("dt") or 1.0) * UNITS["ns"],
        read_seconds=reading,
        reset_seconds=max((it.get("gate_length", 0.0) for it in resets), default=reading),
        rep_delay=REP_DELAY if delay is None else delay * UNITS["us"],
    )


def _known(name: str) -> dict[str, Path]:
    """All recorded processors by name, that one among them."""
    package = find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise ValueError(
            f"The backend {name!r} is recorded in the package qiskit-ibm-runtime, which is not installed: "
            "pip install qiskit-ibm-runtime, or name another backend, such as emulator_heron"
        )
    root = Path(package.submodule_search_locations[0], *FOLDER)
    found = {f"{PREFIX}{file.parent.name}": file.parent for file in sorted(root.glob("*/conf_*.json"))}
    if name not in found:
        raise ValueError(
            f"The installed qiskit-ibm-runtime has no backend {name!r}, only {', '.join(found) or 'none'}"
        )
    return found


def _read(folder: Path, kind: str) -> dict[str, Any]:
    file = min(folder.glob(f"{kind}_*.json"))
    document: dict[str, Any] = msgspec.json.decode(file.read_bytes())
    return document


def _values(entries: list[dict[str, Any]]) -> Values:
    return {it["name"]: it["value"] * UNITS.get(it["unit"], 1.0) for it in entries}


def _placed(values: Values, width: int) -> Placed:
    depolarized = 1.0 - 0.5**width
    return Placed(min(values.get("gate_error", 0.0), depolarized), values.get("gate_length", 0.0))


def _qubit(values: Values) -> QubitNoise:
    t1 = values.get("T1", math.inf)
    error = values.get("readout_error", 0.0)
    return QubitNoise(
        t1=t1,
        t2=min(values.get("T2", math.inf), 2.0 * t1),
        reads_0_when_1=values.get("prob_meas0_prep1", error),
        reads_1_when_0=values.get("prob_meas1_prep0", error),
    )
