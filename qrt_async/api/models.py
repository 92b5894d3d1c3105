"""What the service says of jobs, as frozen structs in its own words (api.md 2).

Unknown fields are ignored; ``null`` and missing ones are ``None``, but ``private`` is then ``False``.
Moments are aware UTC datetimes.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec
from msgspec.structs import force_setattr

from qrt_async.api.status import RAN_TOO_LONG, JobStatus, UsageStatus


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Something the service told us. A moment sent without a time zone means UTC."""

    moments: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name in self.moments:
            found = getattr(self, name)
            if found is not None and found.tzinfo is not UTC:
                naive = found.tzinfo is None
                force_setattr(self, name, found.replace(tzinfo=UTC) if naive else found.astimezone(UTC))


class ProgramName(Record, frozen=True, kw_only=True):
    """Which program a job runs."""

    id: str


class JobState(Record, frozen=True, kw_only=True):
    """``state`` of a job: decide on ``status``; ``status_text`` is the service's own word."""

    status_text: str = msgspec.field(name="status")
    reason: str | None = None
    reason_code: int | str | None = None
    reason_solution: str | None = None
    legacy_code: int | str | None = msgspec.field(name="reasonCode", default=None)

    @property
    def status(self) -> JobStatus:
        return JobStatus.read(self.status_text)

    @property
    def code(self) -> int | None:
        """The reason code, in whichever of the two spellings it came."""
        for found in (self.reason_code, self.legacy_code):
            if isinstance(found, int):
                return found
            if found is not None and re.fullmatch("[0-9]{1,9}", found):
                return int(found)
        return None


class Usage(Record, frozen=True, kw_only=True):
    """What a job is charged, in seconds of QPU time, whatever the API date called it.

    ``status`` is ``None`` at dates before 2026-03-15, which do not say whether the charge is settled.
    """

    qpu_charge_time_seconds: float | None = None
    status_text: str | None = msgspec.field(name="status", default=None)
    quantum_seconds: float | None = None
    seconds: float | None = None

    @property
    def charged(self) -> float | None:
        """The charge in seconds, from the first of the three shapes that is there."""
        for found in (self.qpu_charge_time_seconds, self.quantum_seconds, self.seconds):
            if found is not None:
                return found
        return None

    @property
    def status(self) -> UsageStatus | None:
        return None if self.status_text is None else UsageStatus.read(self.status_text)


class JobRecord(Record, frozen=True, kw_only=True):
    """A job as the service shows it: one row of a listing, or ``GET /v1/jobs/{id}``."""

    moments = ("created",)

    id: str
    state: JobState
    backend: str | None = None
    status: str | None = None
    """The older, flattened status, such as ``Cancelled - Ran too long``; decide on ``state``."""
    params: dict[str, Any] | None = None
    program: ProgramName | None = None
    created: datetime | None = None
    cost: int | None = None
    runtime: str | None = None
    tags: tuple[str, ...] | None = None
    session_id: str | None = None
    user_id: str | None = None
    calibration_id: str | None = None
    remote_storage: dict[str, Any] | None = None
    usage: Usage | None = None
    private: bool | None = False
    estimated_running_time_seconds: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.private is None:
            force_setattr(self, "private", False)

    @property
    def cancelled(self) -> bool:
        """Did it end by being cancelled, by whomever?"""
        return self.state.status is JobStatus.CANCELLED

    @property
    def ran_too_long(self) -> bool:
        """Did the service end it for its length?"""
        said = (self.status or "", self.state.status_text, self.state.reason or "")
        return self.state.code == RAN_TOO_LONG or any(text.lower().endswith("ran too long") for text in said)


class JobPage(Record, frozen=True, kw_only=True):
    """One page of ``GET /v1/jobs``; ``count`` is the total that matches, where the service says it."""

    jobs: tuple[JobRecord, ...]
    limit: int
    offset: int
    count: int | None = None


class CreatedJob(Record, frozen=True, kw_only=True):
    """The answer to a submission."""

    id: str
    backend: str | None = None
    session_id: str | None = None
    private: bool | None = None
    calibration_id: str | None = None


class JobTimestamps(Record, frozen=True, kw_only=True):
    """When a job reached its stations; ``None`` until it does. "Running" begins with classical work."""

    moments = ("created", "running", "finished")

    created: datetime | None = None
    running: datetime | None = None
    finished: datetime | None = None


class ExecutedUsage(Usage, frozen=True, kw_only=True):
    """Usage in ``/metrics``, which at dates before 2026-04-15 also holds the circuits' time."""

    circuits_execution_time_ns: int | None = None


class JobMetrics(Record, frozen=True, kw_only=True):
    """``GET /v1/jobs/{id}/metrics`` in all its dates' shapes; none sends everything."""

    moments = ("estimated_start_time", "estimated_completion_time")

    timestamps: JobTimestamps | None = None
    usage: ExecutedUsage | None = None
    bss: Usage | None = None
    caller: str | None = None
    qiskit_version: str | None = None
    executions: int | None = None
    num_circuits: int | None = None
    num_qubits: tuple[int, ...] | None = None
    circuit_depths: tuple[int, ...] | None = None
    estimated_start_time: datetime | None = None
    estimated_completion_time: datetime | None = None
    position_in_queue: int | None = None
    position_in_provider: int | None = None
    circuits_execution_time_ns: int | None = None

    @property
    def charged(self) -> float | None:
        """The charge in seconds of QPU time, in whichever shape it came."""
        for found in (self.usage, self.bss):
            if found is not None and found.charged is not None:
                return found.charged
        return None

    @property
    def execution_seconds(self) -> float | None:
        """How long the circuits themselves took."""
        found = self.circuits_execution_time_ns
        if found is None and self.usage is not None:
            found = self.usage.circuits_execution_time_ns
        return None if found is None else found / 1e9
