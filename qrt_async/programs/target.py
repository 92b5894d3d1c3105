"""Qiskit's ``Target`` from what the service says of a backend. Imported when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qiskit.circuit import ForLoopOp, IfElseOp, Measure, Parameter, Reset, SwitchCaseOp, WhileLoopOp
from qiskit.circuit.delay import Delay
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.transpiler import InstructionProperties, QubitProperties, Target

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_HERTZ = {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9}
_FLOW = {"if_else": IfElseOp, "for_loop": ForLoopOp, "while_loop": WhileLoopOp, "switch_case": SwitchCaseOp}
_KNOWN = {
    **get_standard_gate_name_mapping(),
    "measure": Measure(),
    "reset": Reset(),
    "delay": Delay(Parameter("t")),
}

Sites = dict[tuple[int, ...], InstructionProperties | None]


def build_target(configuration: Mapping[str, Any], properties: Mapping[str, Any] | None) -> Target:
    """The backend's instructions, where they can act, how long they take and how often they err.

    Words that Qiskit does not know are left out. A simulator without a coupling map can act anywhere.
    """
    count = int(configuration["n_qubits"])
    measured = dict(properties or {})
    target = Target(
        num_qubits=count,
        dt=_dt(configuration),
        qubit_properties=_qubits(measured, count),
        **_timing(configuration),
    )
    gates = _measured_gates(measured)
    for name in _names(configuration):
        if name in _KNOWN:
            sites = _sites(_KNOWN[name].num_qubits, name, configuration, gates, measured)
            target.add_instruction(_KNOWN[name], sites, name=name)
        elif name in _FLOW:
            target.add_instruction(_FLOW[name], name=name)
    return target


def _names(configuration: Mapping[str, Any]) -> list[str]:
    named = [*configuration.get("basis_gates", ()), *(configuration.get("supported_instructions") or ())]
    return list(dict.fromkeys([*named, "measure", "delay"]))


def _sites(
    width: int,
    name: str,
    configuration: Mapping[str, Any],
    gates: Mapping[str, Sites],
    measured: Mapping[str, Any],
) -> Sites | None:
    coupling = configuration.get("coupling_map")
    if coupling is None:
        return None
    qubits = range(int(configuration["n_qubits"]))
    if name == "measure":
        return {(qubit,): _readout(measured, qubit) for qubit in qubits}
    places = [(qubit,) for qubit in qubits] if width == 1 else [tuple(pair) for pair in coupling]
    found = gates.get(name)
    if found is None:
        return {tuple(place): None for place in places}
    return {**({} if width > 1 else {tuple(place): None for place in places}), **found}


def _measured_gates(measured: Mapping[str, Any]) -> dict[str, Sites]:
    gates: dict[str, Sites] = {}
    for entry in measured.get("gates", ()):
        values = _values(entry.get("parameters", ()), _SECONDS)
        site = InstructionProperties(duration=values.get("gate_length"), error=values.get("gate_error"))
        gates.setdefault(entry["gate"], {})[tuple(entry["qubits"])] = site
    return gates


def _qubits(measured: Mapping[str, Any], count: int) -> list[QubitProperties] | None:
    rows = measured.get("qubits")
    if not rows:
        return None
    found = []
    for row in rows[:count]:
        values = _values(row, {**_SECONDS, **_HERTZ})
        found.append(
            QubitProperties(t1=values.get("T1"), t2=values.get("T2"), frequency=values.get("frequency"))
        )
    return found


def _readout(measured: Mapping[str, Any], qubit: int) -> InstructionProperties | None:
    rows = measured.get("qubits") or ()
    if qubit >= len(rows):
        return None
    values = _values(rows[qubit], _SECONDS)
    return InstructionProperties(duration=values.get("readout_length"), error=values.get("readout_error"))


def _values(entries: Any, units: Mapping[str, float]) -> dict[str, float]:
    return {entry["name"]: float(entry["value"]) * units.get(entry.get("unit", ""), 1.0) for entry in entries}


def _dt(configuration: Mapping[str, Any]) -> float | None:
    """The service gives ``dt`` in nanoseconds."""
    found = configuration.get("dt")
    return None if found is None else float(found) * 1e-9


def _timing(configuration: Mapping[str, Any]) -> dict[str, int]:
    wanted = ("granularity", "min_length", "pulse_alignment", "acquire_alignment")
    given = configuration.get("timing_constraints") or {}
    return {name: int(given[name]) for name in wanted if given.get(name) is not None}
