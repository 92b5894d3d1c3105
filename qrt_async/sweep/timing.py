"""How long one execution of a circuit takes: what a backend says of its gates, along the longest chain of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from qrt_async.programs.isa import Fitting, Qubits, Step, Unreadable

REP_DELAY: Final = 250e-6
"""Seconds between two executions where the backend does not say, as a simulator: what IBM's devices have."""
UNREAD_SECONDS: Final = 100e-6
"""Of a text that cannot be followed. IBM's own quick formula counts 350 us an execution, delay included:
https://quantum.cloud.ibm.com/docs/guides/estimate-job-run-time"""

_READING = 1560e-9
_ONE_QUBIT = 24e-9
_TWO_QUBITS = 84e-9
"""As on a Heron, for what the backend does not say."""
_VIRTUAL = frozenset(
    {"barrier", "delay", "gphase", "id", "p", "phase", "rz", "s", "sdg", "store", "t", "tdg", "u1", "z"}
)
"""Turns of the frame, which take no time, and what is no instruction of the machine."""
_FLOW = frozenset({"if_else", "while_loop", "for_loop", "switch_case"})
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "ps": 1e-12}


class Machine(Struct, frozen=True, kw_only=True):
    """What the seconds of an execution follow from. All times are seconds."""

    rep_delay: float = REP_DELAY
    dt: float = 1e-9
    gates: dict[str, dict[Qubits, float]] = {}

    @classmethod
    def of(cls, configuration: Mapping[str, Any] | None, properties: Mapping[str, Any] | None) -> Machine:
        """From the service's words (api.md 4.2), each of which may be missing: delays come in microseconds, ``dt`` in
        nanoseconds."""
        said = configuration or {}
        delay, dt = said.get("default_rep_delay"), said.get("dt")
        return cls(
            rep_delay=REP_DELAY if delay is None else float(delay) * 1e-6,
            dt=(dt or 1.0) * 1e-9,
            gates=_lengths(properties or {}),
        )

    def seconds(self, step: Step) -> float:
        """Of one instruction; where its qubits cannot be told, of the slowest of its kind."""
        if step.length is not None:
            return step.length[0] * _SECONDS.get(step.length[1], self.dt)
        sites = self.gates.get(step.name)
        if not sites:
            return _usual(step)
        qubits = step.qubits or ()
        known = qubits if qubits in sites else qubits[::-1]
        return sites[known] if known in sites else max(sites.values())


def circuit_seconds(circuit: Fitting, machine: Machine) -> float:
    """One execution, without the delay before the next. Bodies of control flow count once, whatever is decided;
    a delay whose length is a parameter counts as nothing. May take a while, and may run in a thread."""
    try:
        return _longest(circuit.steps(), machine)
    except Unreadable:
        return UNREAD_SECONDS


def _longest(steps: Iterator[Step], machine: Machine) -> float:
    ready: dict[int, float] = {}
    begun = 0.0  # nobody starts before: instructions on unknown qubits may be on any
    for step in steps:
        seconds = machine.seconds(step)
        if step.qubits is None:
            begun = max([begun, *ready.values()]) + seconds if seconds else begun
            continue
        start = max((ready.get(qubit, begun) for qubit in step.qubits), default=begun)
        ready.update(dict.fromkeys(step.qubits, max(start, begun) + seconds))
    return max([begun, *ready.values()])


def _usual(step: Step) -> float:
    if step.name in _VIRTUAL or step.name in _FLOW:
        return 0.0
    if step.name in ("measure", "reset"):
        return _READING
    return _ONE_QUBIT if step.qubits is not None and len(step.qubits) == 1 else _TWO_QUBITS


def _lengths(properties: Mapping[str, Any]) -> dict[str, dict[Qubits, float]]:
    """A reading of no length is what simulators say, and means that nothing is known."""
    found: dict[str, dict[Qubits, float]] = {}
    for entry in properties.get("gates") or ():
        length = _value(entry.get("parameters"), "gate_length")
        if length is not None:
            found.setdefault(str(entry.get("gate")), {})[tuple(entry.get("qubits") or ())] = length
    for qubit, values in enumerate(properties.get("qubits") or ()):
        if length := _value(values, "readout_length"):
            found.setdefault("measure", {})[(qubit,)] = length
    return found


def _value(entries: Any, name: str) -> float | None:
    for entry in entries or ():
        if entry.get("name") == name:
            return float(entry["value"]) * _SECONDS.get(entry.get("unit"), 1e-9)
    return None
