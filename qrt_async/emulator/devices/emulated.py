"""A processor of a family, with noise of its own, as the service would describe it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from . import documents
from .families import ANGLES, DYNAMIC, NANO, NOT_GATES, Family
from .processor import Placed, Processor, Qubits


class Emulated(msgspec.Struct, frozen=True):
    """A family, and one of its processors."""

    family: Family
    processor: Processor

    def listing(self) -> dict[str, Any]:
        return documents.entry(self.family.num_qubits, simulator=False) | {
            "clops": {"type": "hardware", "value": self.family.clops},
            "processor_type": {"family": self.family.name, "revision": self.family.revision},
            "performance_metrics": documents.performance(self.processor),
        }

    def configuration(self, name: str) -> dict[str, Any]:
        family = self.family
        names = [*family.two_qubit, *family.one_qubit]
        aligned = family.alignment
        return documents.configuration(name, family.num_qubits, simulator=False) | {
            "basis_gates": names,
            "gates": [
                documents.gate(gate, ANGLES.get(gate, 0), [list(qubits) for qubits in places])
                for gate, places in self.processor.gates.items()
            ],
            "supported_instructions": [*names, *NOT_GATES, *DYNAMIC],
            "coupling_map": [list(pair) for pair in family.placements],
            "processor_type": {"family": family.name, "revision": family.revision},
            "sample_name": f"family: {family.name}, revision: {family.revision}",
            "description": f"An emulated {family.name} of {family.num_qubits} qubits.",
            "clops_h": family.clops,
            "dt": family.dt,
            "dtm": family.dt,
            "timing_constraints": documents.constraints(
                alignment=aligned, shortest=2 if aligned == 1 else 4 * aligned
            ),
        }

    def properties(self, name: str, at: datetime) -> dict[str, Any]:
        date = at.isoformat()
        gates = [
            _gate(date, gate, qubits, placed)
            for gate, places in self.processor.gates.items()
            for qubits, placed in places.items()
        ]
        gates += [_reset(date, qubit, self) for qubit in range(self.family.num_qubits)]
        qubits = [_qubit(date, self.processor, qubit) for qubit in range(self.family.num_qubits)]
        return documents.properties(name, date) | {"qubits": qubits, "gates": gates}


def _qubit(date: str, processor: Processor, qubit: int) -> list[dict[str, Any]]:
    noise = processor.qubits[qubit]
    return [
        documents.value(date, "T1", "us", noise.t1 * 1e6),
        documents.value(date, "T2", "us", noise.t2 * 1e6),
        documents.value(date, "readout_error", "", noise.readout_error),
        documents.value(date, "prob_meas0_prep1", "", noise.reads_0_when_1),
        documents.value(date, "prob_meas1_prep0", "", noise.reads_1_when_0),
        documents.value(date, "readout_length", "ns", processor.read_seconds / NANO),
    ]


def _reset(date: str, qubit: int, of: Emulated) -> dict[str, Any]:
    """A reading and a flip; schedulers need to know how long that is."""
    length = of.processor.read_seconds / NANO + of.family.gate_time
    return {
        "qubits": [qubit],
        "gate": "reset",
        "name": f"reset{qubit}",
        "parameters": [documents.value(date, "gate_length", "ns", length)],
    }


def _gate(date: str, name: str, qubits: Qubits, placed: Placed) -> dict[str, Any]:
    return {
        "qubits": list(qubits),
        "gate": name,
        "name": name + "_".join(map(str, qubits)),
        "parameters": [
            documents.value(date, "gate_error", "", placed.error),
            documents.value(date, "gate_length", "ns", placed.seconds / NANO),
        ],
    }
