"""What the documents of all emulated backends have in common, in the keys of the service."""

from __future__ import annotations

import statistics
from typing import Any

from .families import REP_DELAY
from .processor import Processor

VERSION = "1.0.0"
MAX_SHOTS = 10_000_000


def entry(num_qubits: int, *, simulator: bool) -> dict[str, Any]:
    """What ``GET /backends`` says of every backend, apart from name, status and queue."""
    return {"backend_version": VERSION, "is_simulator": simulator, "qubits": num_qubits}


def performance(processor: Processor) -> dict[str, Any]:
    """The ``performance_metrics`` of the listing; a single qubit has nothing to say of pairs."""
    metrics = {"readout_error_median": {"unit": "", "value": processor.readout_median}}
    pairs = processor.pairs()
    if not pairs:
        return metrics
    best = min(pairs, key=lambda pair: pairs[pair][1].error)
    gate, placed = pairs[best]
    median = statistics.median(placed.error for _, placed in pairs.values())
    return metrics | {
        "two_q_error_best": {"gate": gate, "qubits": list(best), "unit": "", "value": placed.error},
        "two_q_error_median": {"unit": "", "value": median},
    }


def configuration(name: str, num_qubits: int, *, simulator: bool) -> dict[str, Any]:
    """The keys of ``QasmBackendConfiguration`` that do not depend on the instruction set."""
    return {
        "backend_name": name,
        "backend_version": VERSION,
        "n_qubits": num_qubits,
        "local": False,
        "simulator": simulator,
        "conditional": False,
        "open_pulse": False,
        "memory": True,
        "max_shots": MAX_SHOTS,
        "max_experiments": 300,
        "meas_levels": [1, 2],
        "meas_map": [list(range(num_qubits))],
        "n_registers": 1,
        "multi_meas_enabled": True,
        "dynamic_reprate_enabled": True,
        "rep_delay_range": [0.0, 500.0],
        "default_rep_delay": REP_DELAY * 1e6,
        "supported_features": ["qasm3", "dynamic_circuits"],
        "online_date": "2026-01-01T00:00:00+00:00",
        "credits_required": not simulator,
        "url": None,
    }


def properties(name: str, date: str) -> dict[str, Any]:
    """The head of ``BackendProperties``."""
    return {
        "backend_name": name,
        "backend_version": VERSION,
        "last_update_date": date,
        "general": [],
        "general_qlists": [],
    }


def constraints(*, alignment: int, shortest: int) -> dict[str, int]:
    return {
        "acquire_alignment": alignment,
        "granularity": alignment,
        "min_length": shortest,
        "pulse_alignment": alignment,
    }


def gate(name: str, angles: int, qubits: list[list[int]] | None = None) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": name,
        "parameters": [f"p{number}" for number in range(angles)],
        "qasm_def": "",
    }
    return described if qubits is None else described | {"coupling_map": qubits}


def value(date: str, name: str, unit: str, number: float) -> dict[str, Any]:
    return {"date": date, "name": name, "unit": unit, "value": number}
