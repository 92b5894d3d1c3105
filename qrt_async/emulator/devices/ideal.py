"""A machine without noise and without topology, as the service would describe one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from . import documents
from .families import NOT_GATES
from .processor import Processor

GATES = {
    "id": 0, "x": 0, "y": 0, "z": 0, "h": 0, "s": 0, "sdg": 0, "t": 0, "tdg": 0, "sx": 0, "sxdg": 0,
    "p": 1, "rx": 1, "ry": 1, "rz": 1, "r": 2, "u": 3, "u1": 1, "u2": 2, "u3": 3,
    "cx": 0, "cy": 0, "cz": 0, "ch": 0, "cp": 1, "crx": 1, "cry": 1, "crz": 1, "cu": 4, "csx": 0,
    "swap": 0, "iswap": 0, "ecr": 0, "rxx": 1, "ryy": 1, "rzz": 1, "rzx": 1, "ccx": 0, "ccz": 0, "cswap": 0,
}  # fmt: skip
"""How many angles each gate takes."""
CONTROL = ("if_else", "while_loop", "for_loop", "switch_case")
PROCESSOR_TYPE = {"family": "Simulator", "revision": "1"}


class Ideal(msgspec.Struct, frozen=True):
    """Takes any standard gate on any qubits."""

    num_qubits: int

    @property
    def processor(self) -> Processor | None:
        """Nothing is known of it: no errors, no neighbours."""
        return None

    def listing(self) -> dict[str, Any]:
        return documents.entry(self.num_qubits, simulator=True) | {"processor_type": PROCESSOR_TYPE}

    def configuration(self, name: str) -> dict[str, Any]:
        return documents.configuration(name, self.num_qubits, simulator=True) | {
            "basis_gates": list(GATES),
            "gates": [documents.gate(gate, angles) for gate, angles in GATES.items()],
            "supported_instructions": [*GATES, *NOT_GATES, *CONTROL],
            "coupling_map": None,
            "processor_type": PROCESSOR_TYPE,
            "sample_name": "family: Simulator, revision: 1",
            "description": f"An ideal machine of {self.num_qubits} qubits, without noise.",
            "dt": 1.0,
            "dtm": 1.0,
            "timing_constraints": documents.constraints(alignment=1, shortest=1),
        }

    def properties(self, name: str, at: datetime) -> dict[str, Any]:
        date = at.isoformat()
        readout = [
            documents.value(date, "readout_error", "", 0.0),
            documents.value(date, "readout_length", "ns", 0.0),
        ]
        return documents.properties(name, date) | {"qubits": [readout] * self.num_qubits, "gates": []}
