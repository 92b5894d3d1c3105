"""Backends as the reference of the wire and published files of real ones describe them, strictly."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tests.journeys.wire.jobs import Count, Seconds, Strict, Text

Offset = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)$")]
Qubits = Annotated[list[Count], Meta(min_length=1)]


class DeviceStatus(Strict, frozen=True, forbid_unknown_fields=True):
    name: Literal["online", "paused", "offline"]
    reason: str


class Clops(Strict, frozen=True, forbid_unknown_fields=True):
    type: Text
    value: float


class Processor(Strict, frozen=True, forbid_unknown_fields=True):
    family: Text
    revision: Text
    segment: Text | UnsetType = UNSET


class Figure(Strict, frozen=True, forbid_unknown_fields=True):
    unit: str
    value: float
    gate: Text | UnsetType = UNSET
    qubits: Qubits | UnsetType = UNSET


class Performance(Strict, frozen=True, forbid_unknown_fields=True):
    two_q_error_best: Figure | UnsetType = UNSET
    two_q_error_layered: Figure | UnsetType = UNSET
    two_q_error_median: Figure | UnsetType = UNSET
    readout_error_median: Figure | UnsetType = UNSET


class Waits(Strict, frozen=True, forbid_unknown_fields=True):
    average: Seconds
    p50: Seconds
    p95: Seconds


class DeviceRow(Strict, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Text
    status: DeviceStatus
    queue_length: Count
    backend_version: Text | UnsetType = UNSET
    is_simulator: bool | UnsetType = UNSET
    qubits: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    physical_qubits: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    clops: Clops | UnsetType = UNSET
    processor_type: Processor | UnsetType = UNSET
    performance_metrics: Performance | UnsetType = UNSET
    wait_time_seconds: Waits | UnsetType = UNSET


class Devices(Strict, frozen=True, forbid_unknown_fields=True):
    devices: list[DeviceRow]


class BackendStatus(Strict, frozen=True, forbid_unknown_fields=True):
    state: bool
    status: Text
    message: str
    length_queue: Count
    backend_version: str


class Gate(Strict, frozen=True, forbid_unknown_fields=True):
    """Real files have nulls for ``reset``."""

    name: Text
    parameters: list[Text] | None
    qasm_def: str | None
    coupling_map: list[Qubits] | UnsetType = UNSET


class Timing(Strict, frozen=True, forbid_unknown_fields=True):
    acquire_alignment: Count
    granularity: Count
    min_length: Count
    pulse_alignment: Count


class Configuration(Strict, frozen=True, kw_only=True):
    """What every real backend's file has, and what the official client's model reads; others may come."""

    backend_name: Text
    backend_version: Text
    n_qubits: Annotated[int, Meta(ge=1)]
    basis_gates: list[Text]
    gates: list[Gate]
    local: bool
    simulator: bool
    conditional: bool
    open_pulse: bool
    memory: bool
    max_shots: Annotated[int, Meta(ge=1)]
    coupling_map: list[Annotated[list[Count], Meta(min_length=2, max_length=2)]] | None
    max_experiments: Count
    n_registers: Count
    meas_map: list[Qubits]
    credits_required: bool
    online_date: Offset
    description: Text
    sample_name: Text
    supported_instructions: list[Text]
    supported_features: list[Text]
    dynamic_reprate_enabled: bool
    default_rep_delay: Seconds
    rep_delay_range: Annotated[list[Seconds], Meta(min_length=2, max_length=2)]
    dt: Seconds
    dtm: Seconds
    timing_constraints: Timing
    processor_type: Processor

    def __post_init__(self) -> None:
        named = {gate.name for gate in self.gates}
        if not set(self.basis_gates) <= named:
            raise ValueError(f"gates {sorted(named)} beside basis_gates {sorted(self.basis_gates)}")
        if not named <= set(self.supported_instructions):
            raise ValueError("a gate is no supported instruction")
        if self.simulator != (self.coupling_map is None):
            raise ValueError("simulators are those without a coupling map")
        if not self.rep_delay_range[0] <= self.default_rep_delay <= self.rep_delay_range[1]:
            raise ValueError("the default delay is out of its range")


class Value(Strict, frozen=True, forbid_unknown_fields=True):
    date: Offset
    name: Text
    unit: str
    value: float


class GateProperties(Strict, frozen=True, forbid_unknown_fields=True):
    qubits: Qubits
    gate: Text
    name: Text
    parameters: list[Value]

    def __post_init__(self) -> None:
        error = next((it.value for it in self.parameters if it.name == "gate_error"), 0.0)
        if not 0.0 <= error <= 1.0:
            raise ValueError(f"the gate error of {self.name} is {error}")


class Properties(Strict, frozen=True, forbid_unknown_fields=True):
    backend_name: Text
    backend_version: Text
    last_update_date: Offset
    qubits: list[list[Value]]
    gates: list[GateProperties]
    general: list[Value]
    general_qlists: list[Any]

    def __post_init__(self) -> None:
        if len({(gate.gate, tuple(gate.qubits)) for gate in self.gates}) != len(self.gates):
            raise ValueError("a gate is listed twice")


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The list of backends before 2025."""

    devices: list[Text]
