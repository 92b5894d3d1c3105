"""Jobs as the reference of the wire describes them, strictly: no field too many, none missing, by API date."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Strict = msgspec.Struct
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
JobId = Annotated[str, Meta(pattern="^[0-9a-v]{20}$")]
SessionId = Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
UserId = Annotated[str, Meta(pattern="^IBMid-[0-9]{10}$")]
Tags = Annotated[list[Annotated[str, Meta(max_length=86)]], Meta(max_length=8)]
Seconds = Annotated[float, Meta(ge=0.0)]
Count = Annotated[int, Meta(ge=0)]
Cost = Annotated[int, Meta(ge=0, le=10800)]
Text = Annotated[str, Meta(min_length=1)]
Status = Literal["Queued", "Running", "Completed", "Failed", "Cancelled"]
RAN_TOO_LONG = 1305


class State(Strict, frozen=True, forbid_unknown_fields=True):
    status: Status
    reason: str | UnsetType = UNSET
    reason_code: Annotated[int, Meta(ge=1000, le=9999)] | UnsetType = UNSET
    reason_solution: Text | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.status == "Cancelled" and self.reason_code not in (UNSET, RAN_TOO_LONG):
            raise ValueError("a cancelled job has no reason but 1305")
        if self.status in ("Queued", "Running", "Completed") and self.reason_code is not UNSET:
            raise ValueError(f"a job that is {self.status} has no reason code")
        if self.status == "Failed" and not self.reason:
            raise ValueError("a failed job says why")


class ProgramId(Strict, frozen=True, forbid_unknown_fields=True):
    id: Text


class ChargedSeconds(Strict, frozen=True, forbid_unknown_fields=True):
    """The usage of lists before 2026-03-15."""

    seconds: Seconds


class Usage(Strict, frozen=True, forbid_unknown_fields=True):
    """The usage since 2026-03-15."""

    qpu_charge_time_seconds: Seconds
    status: Literal["pending", "complete"]


class Job(Strict, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is common to every date."""

    id: JobId
    backend: Text
    state: State
    status: Literal["Queued", "Running", "Completed", "Failed", "Cancelled", "Cancelled - Ran too long"]
    program: ProgramId
    created: Moment
    cost: Cost
    user_id: UserId | UnsetType = UNSET
    runtime: Text | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    session_id: SessionId | UnsetType = UNSET
    calibration_id: Text | UnsetType = UNSET
    remote_storage: dict[str, Any] | UnsetType = UNSET
    private: Literal[True] | UnsetType = UNSET
    estimated_running_time_seconds: Seconds | UnsetType = UNSET
    params: dict[str, Any] | UnsetType = UNSET

    def __post_init__(self) -> None:
        long = self.state.status == "Cancelled" and self.state.reason_code == RAN_TOO_LONG
        if self.status != ("Cancelled - Ran too long" if long else self.state.status):
            raise ValueError(f"status {self.status!r} beside the state {self.state}")
        if self.tags == []:
            raise ValueError("empty tags are left out")
        if self.private is True and self.params not in (UNSET, {}):
            raise ValueError("a private job shows its params")

    @property
    def final(self) -> bool:
        return self.state.status not in ("Queued", "Running")


class OldJob(Job, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One job, before 2026-03-15: usage is in lists only."""


class OldListedJob(Job, frozen=True, forbid_unknown_fields=True, kw_only=True):
    usage: ChargedSeconds | UnsetType = UNSET


class NewJob(Job, frozen=True, forbid_unknown_fields=True, kw_only=True):
    usage: Usage | UnsetType = UNSET

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.final and (self.usage is UNSET or self.usage.status != "complete"):
            raise ValueError("a job that has ended has its usage")


class Page(Strict, frozen=True, forbid_unknown_fields=True):
    """``count`` is what the filters match in all, whatever the page."""

    count: Count
    limit: Annotated[int, Meta(ge=1, le=200)]
    offset: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    jobs: list[Any]

    def __post_init__(self) -> None:
        due = min(max(0, self.count - self.offset), self.limit)
        if len(self.jobs) != due:
            raise ValueError(f"{len(self.jobs)} jobs on a page that has {due}")


class OldPage(Page, frozen=True, forbid_unknown_fields=True):
    jobs: list[OldListedJob]


class NewPage(Page, frozen=True, forbid_unknown_fields=True):
    jobs: list[NewJob]


class Accepted(Strict, frozen=True, forbid_unknown_fields=True):
    id: JobId
    backend: Text
    session_id: SessionId | UnsetType = UNSET
    private: Literal[True] | UnsetType = UNSET
    calibration_id: Text | UnsetType = UNSET


class Timestamps(Strict, frozen=True, forbid_unknown_fields=True):
    """All three are there; what has not happened is null."""

    created: Moment
    running: Moment | None
    finished: Moment | None

    def __post_init__(self) -> None:
        known = [at for at in (self.created, self.running, self.finished) if at is not None]
        if known != sorted(known):
            raise ValueError(f"moments out of order: {known}")


class OldUsage(Strict, frozen=True, forbid_unknown_fields=True):
    quantum_seconds: Seconds
    seconds: Seconds


class OldMetrics(Strict, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Up to 2026-02-15."""

    timestamps: Timestamps
    bss: ChargedSeconds
    usage: OldUsage
    executions: Count | UnsetType = UNSET
    num_circuits: Count | UnsetType = UNSET
    num_qubits: list[Count] | UnsetType = UNSET
    circuit_depths: list[Count] | UnsetType = UNSET
    qiskit_version: Text | UnsetType = UNSET
    estimated_start_time: Moment | UnsetType = UNSET
    estimated_completion_time: Moment | UnsetType = UNSET
    position_in_queue: Count | UnsetType = UNSET
    position_in_provider: Count | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.bss.seconds != self.usage.seconds:
            raise ValueError("bss and usage differ")
        if self.timestamps.running is not None and self.position_in_queue is not UNSET:
            raise ValueError("a job that runs has no position in the queue")


class TimedUsage(Usage, frozen=True, forbid_unknown_fields=True):
    circuits_execution_time_ns: Count | UnsetType = UNSET


class MiddleMetrics(Strict, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """At 2026-03-15: the time of the circuits is part of the usage."""

    timestamps: Timestamps
    usage: TimedUsage
    caller: Text | UnsetType = UNSET
    qiskit_version: Text | UnsetType = UNSET


class NewMetrics(Strict, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """At 2026-04-15: it stands at the root."""

    timestamps: Timestamps
    usage: Usage
    caller: Text | UnsetType = UNSET
    circuits_execution_time_ns: Count | UnsetType = UNSET
    qiskit_version: Text | UnsetType = UNSET


class FoundTags(Strict, frozen=True, forbid_unknown_fields=True):
    tags: list[str]
