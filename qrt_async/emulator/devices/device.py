"""The machines the emulator pretends to have, as the service describes them.

``ideal`` takes any standard gate on any qubits, without noise. ``heron`` (156 qubits) and ``falcon`` (27)
have the topology and the instruction set of those processors; their noise is drawn around stated medians
(``calibration.py``) and does not change with time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from .calibration import Calibration, draw
from .families import ANGLES, DYNAMIC, FAMILIES, IDEAL_GATES, NOT_GATES, Family, Kind
from .lattices import Edge

DEFAULT_BACKENDS = ("emulator_ideal", "emulator_falcon", "emulator_heron")
IDEAL_QUBITS = 127
MAX_QUBITS = 1000
REP_DELAY = 250e-6
"""Seconds between two executions."""
MAX_SHOTS = 10_000_000
VERSION = "1.0.0"

SIZES: dict[Kind, int] = {"falcon": 27, "heron": 156}


class Device(msgspec.Struct, frozen=True):
    """One backend: what it is called and what it can do."""

    name: str
    num_qubits: int
    kind: Kind

    @property
    def simulator(self) -> bool:
        return self.kind == "ideal"


def parse(spec: str) -> Device:
    """Read ``NAME[:QUBITS]``.

    27 qubits are a Falcon, 156 a Heron, any other number an ideal machine of that width. Without a number
    the name decides: with ``falcon`` in it a Falcon, with ``heron`` in it or ``ibm_`` before it a Heron,
    else an ideal machine of 127 qubits. Raises ``ValueError``.
    """
    name, colon, size = spec.partition(":")
    if not name or not all(letter.isalnum() or letter in "_-." for letter in name):
        raise ValueError(_refusal(spec, "the name has letters, digits and any of _ - . only"))
    if not colon:
        kind = _kind_of_name(name)
        return Device(name, SIZES.get(kind, IDEAL_QUBITS), kind)
    if not (size.isascii() and size.isdigit()) or not 1 <= int(size) <= MAX_QUBITS:
        raise ValueError(_refusal(spec, f"QUBITS is a number from 1 to {MAX_QUBITS}"))
    qubits = int(size)
    return Device(name, qubits, {27: "falcon", 156: "heron"}.get(qubits, "ideal"))  # type: ignore[arg-type]  # a dict of literals is one of str


def _kind_of_name(name: str) -> Kind:
    if "falcon" in name.lower():
        return "falcon"
    return "heron" if "heron" in name.lower() or name.startswith("ibm_") else "ideal"


def _refusal(spec: str, rule: str) -> str:
    return f"A backend is given as NAME[:QUBITS], not {spec!r}: {rule}. Example: emulator_heron:156"


def edges_of(device: Device) -> tuple[Edge, ...]:
    """The pairs that two-qubit gates may act on, in the given direction; none for an ideal device."""
    if device.kind == "ideal":
        return ()
    family = FAMILIES[device.kind]
    if family.directed:
        return family.edges
    return tuple(sorted(pair for a, b in family.edges for pair in ((a, b), (b, a))))


def calibration_of(device: Device) -> Calibration:
    """The noise of a device that is not ideal: the same numbers for the same name."""
    family = FAMILIES[device.kind]
    return draw(device.name, device.num_qubits, family.edges, family.medians)


def listing(device: Device) -> dict[str, Any]:
    """What ``GET /backends`` says of it, apart from name, status and queue."""
    entry: dict[str, Any] = {
        "backend_version": VERSION,
        "is_simulator": device.simulator,
        "qubits": device.num_qubits,
    }
    if device.kind == "ideal":
        return entry | {"processor_type": {"family": "Simulator", "revision": "1"}}
    family = FAMILIES[device.kind]
    noise = calibration_of(device)
    best = min(noise.pairs, key=lambda pair: noise.pairs[pair])
    return entry | {
        "clops": {"type": "hardware", "value": family.clops},
        "processor_type": {"family": family.name, "revision": family.revision},
        "performance_metrics": {
            "two_q_error_best": {
                "gate": family.two_qubit[0], "qubits": list(best), "unit": "", "value": noise.pairs[best],
            },
            "two_q_error_median": {"unit": "", "value": noise.median_pair},
            "readout_error_median": {"unit": "", "value": noise.median_readout},
        },
    }  # fmt: skip


def configuration(device: Device) -> dict[str, Any]:
    """The backend's configuration, in the keys of ``QasmBackendConfiguration``."""
    common: dict[str, Any] = {
        "backend_name": device.name,
        "backend_version": VERSION,
        "n_qubits": device.num_qubits,
        "local": False,
        "simulator": device.simulator,
        "conditional": False,
        "open_pulse": False,
        "memory": True,
        "max_shots": MAX_SHOTS,
        "max_experiments": 300,
        "meas_levels": [2],
        "meas_map": [list(range(device.num_qubits))],
        "n_registers": 1,
        "multi_meas_enabled": True,
        "dynamic_reprate_enabled": True,
        "rep_delay_range": [0.0, 500.0],
        "default_rep_delay": REP_DELAY * 1e6,
        "supported_features": ["qasm3", "dynamic_circuits"],
        "online_date": "2026-01-01T00:00:00+00:00",
        "credits_required": not device.simulator,
        "url": None,
    }
    return common | (_ideal(device) if device.kind == "ideal" else _processor(device))


def _ideal(device: Device) -> dict[str, Any]:
    control = ("if_else", "while_loop", "for_loop", "switch_case")
    return {
        "basis_gates": list(IDEAL_GATES),
        "gates": [_gate(name, angles) for name, angles in IDEAL_GATES.items()],
        "supported_instructions": [*IDEAL_GATES, *NOT_GATES, *control],
        "coupling_map": None,
        "processor_type": {"family": "Simulator", "revision": "1"},
        "sample_name": "family: Simulator, revision: 1",
        "description": f"An ideal machine of {device.num_qubits} qubits, without noise.",
        "dt": 1.0,
        "dtm": 1.0,
        "timing_constraints": {
            "acquire_alignment": 1, "granularity": 1, "min_length": 1, "pulse_alignment": 1
        },
    }  # fmt: skip


def _processor(device: Device) -> dict[str, Any]:
    family = FAMILIES[device.kind]
    singles = [[qubit] for qubit in range(device.num_qubits)]
    pairs = [list(edge) for edge in edges_of(device)]
    names = [*family.two_qubit, *family.one_qubit]
    aligned = family.alignment
    return {
        "basis_gates": names,
        "gates": [_gate(name, ANGLES.get(name, 0), singles) for name in family.one_qubit]
        + [_gate(name, ANGLES.get(name, 0), pairs) for name in family.two_qubit],
        "supported_instructions": [*names, *NOT_GATES, *DYNAMIC],
        "coupling_map": pairs,
        "processor_type": {"family": family.name, "revision": family.revision},
        "sample_name": f"family: {family.name}, revision: {family.revision}",
        "description": f"An emulated {family.name} of {device.num_qubits} qubits.",
        "clops_h": family.clops,
        "dt": family.dt,
        "dtm": family.dt,
        "timing_constraints": {
            "acquire_alignment": aligned,
            "granularity": aligned,
            "min_length": 2 if aligned == 1 else 4 * aligned,
            "pulse_alignment": aligned,
        },
    }


def _gate(name: str, angles: int, qubits: list[list[int]] | None = None) -> dict[str, Any]:
    gate: dict[str, Any] = {
        "name": name,
        "parameters": [f"p{number}" for number in range(angles)],
        "qasm_def": "",
    }
    return gate if qubits is None else gate | {"coupling_map": qubits}


def properties(device: Device, at: datetime) -> dict[str, Any]:
    """The backend's properties in the keys of ``BackendProperties``, dated ``at``."""
    date = at.isoformat()
    written = _quiet(device, date) if device.kind == "ideal" else _calibrated(device, date)
    return {
        "backend_name": device.name,
        "backend_version": VERSION,
        "last_update_date": date,
        "general": [],
        "general_qlists": [],
    } | written


def _quiet(device: Device, date: str) -> dict[str, Any]:
    readout = [_value(date, "readout_error", "", 0.0), _value(date, "readout_length", "ns", 0.0)]
    return {"qubits": [readout] * device.num_qubits, "gates": []}


def _calibrated(device: Device, date: str) -> dict[str, Any]:
    family = FAMILIES[device.kind]
    noise = calibration_of(device)
    gates = [
        _property(name, (qubit,), date, 0.0 if name == "rz" else noise.qubits[qubit].gate_error,
                  0.0 if name == "rz" else family.gate_time)
        for name in family.one_qubit for qubit in range(device.num_qubits)
    ] + [
        _property(name, edge, date, noise.pair_error(*edge), family.pair_time)
        for name in family.two_qubit for edge in edges_of(device)
    ]  # fmt: skip
    return {
        "qubits": [_qubit(noise, qubit, date, family) for qubit in range(device.num_qubits)],
        "gates": gates,
    }


def _qubit(noise: Calibration, qubit: int, date: str, family: Family) -> list[dict[str, Any]]:
    values = noise.qubits[qubit]
    return [
        _value(date, "T1", "us", values.t1 * 1e6),
        _value(date, "T2", "us", values.t2 * 1e6),
        _value(date, "readout_error", "", values.readout_error),
        _value(date, "prob_meas0_prep1", "", values.reads_0_when_1),
        _value(date, "prob_meas1_prep0", "", values.reads_1_when_0),
        _value(date, "readout_length", "ns", family.readout_time),
    ]


def _property(name: str, qubits: tuple[int, ...], date: str, error: float, length: float) -> dict[str, Any]:
    return {
        "qubits": list(qubits),
        "gate": name,
        "name": name + "_".join(map(str, qubits)),
        "parameters": [_value(date, "gate_error", "", error), _value(date, "gate_length", "ns", length)],
    }


def _value(date: str, name: str, unit: str, value: float) -> dict[str, Any]:
    return {"date": date, "name": name, "unit": unit, "value": value}
