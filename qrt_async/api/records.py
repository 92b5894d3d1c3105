"""What the service says of everything but jobs, as frozen structs in its own words (api.md 1.4, 4)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from qrt_async.api.models import Record, Usage
from qrt_async.api.status import DeviceStatus, SessionState, WorkloadStatus


class DeviceState(Record, frozen=True, kw_only=True):
    """Whether a backend takes work, and why not."""

    name_text: str = msgspec.field(name="name")
    reason: str | None = None

    @property
    def name(self) -> DeviceStatus:
        return DeviceStatus.read(self.name_text)


class ProcessorType(Record, frozen=True, kw_only=True):
    """The family of a processor, such as Heron."""

    family: str | None = None
    revision: str | float | None = None
    segment: str | None = None


class Clops(Record, frozen=True, kw_only=True):
    """Circuit layer operations per second."""

    value: float | None = None
    type: str | None = None


class WaitTime(Record, frozen=True, kw_only=True):
    """How long jobs waited of late, in seconds. Sent only if asked for, and not always then."""

    average: float | None = None
    p50: float | None = None
    p95: float | None = None


class Device(Record, frozen=True, kw_only=True):
    """One backend of ``GET /v1/backends``. ``device_class`` is ``"mock"`` for one that only pretends."""

    name: str
    status: DeviceState | None = None
    queue_length: int | None = None
    is_simulator: bool | None = None
    qubits: int | None = None
    clops: Clops | None = None
    processor_type: ProcessorType | None = None
    performance_metrics: dict[str, Any] | None = None
    wait_time_seconds: WaitTime | None = None
    device_class: str | None = msgspec.field(name="class", default=None)


class BackendStatus(Record, frozen=True, kw_only=True):
    """``GET /v1/backends/{name}/status``."""

    length_queue: int
    state: bool | None = None
    status: str | None = None
    message: str | None = None
    backend_version: str | None = None


class SessionMoment(Record, frozen=True, kw_only=True):
    """One step in the life of a session."""

    moments = ("timestamp",)

    status: str
    timestamp: datetime | None = None


class SessionRecord(Record, frozen=True, kw_only=True):
    """A session or batch. Every ``…_ttl`` and ``elapsed_time`` are seconds."""

    moments = ("started_at", "activated_at", "closed_at", "last_job_started", "last_job_completed")

    id: str
    mode: str | None = None
    backend_name: str | None = None
    state_text: str | None = msgspec.field(name="state", default=None)
    state_reason: str | None = None
    accepting_jobs: bool | None = None
    interactive_ttl: float | None = None
    max_ttl: float | None = None
    active_ttl: float | None = None
    started_at: datetime | None = None
    activated_at: datetime | None = None
    closed_at: datetime | None = None
    last_job_started: datetime | None = None
    last_job_completed: datetime | None = None
    timestamps: tuple[SessionMoment, ...] | None = None
    user_id: str | None = None
    elapsed_time: float | None = None

    @property
    def state(self) -> SessionState:
        return SessionState.read(self.state_text)


class UsagePeriod(Record, frozen=True, kw_only=True):
    """The window that usage is counted in."""

    moments = ("start_time", "end_time")

    start_time: datetime | None = None
    end_time: datetime | None = None


class InstanceUsage(Record, frozen=True, kw_only=True):
    """``GET /v1/instances/usage``, in seconds. Limits are absent where none apply."""

    instance_id: str | None = None
    plan_id: str | None = None
    usage_consumed_seconds: float | None = None
    usage_period: UsagePeriod | None = None
    usage_limit_seconds: float | None = None
    usage_allocation_seconds: float | None = None
    usage_limit_reached: bool | None = None

    @property
    def remaining_seconds(self) -> float | None:
        """What is left of the limit, or ``None`` where there is none."""
        if self.usage_limit_seconds is None:
            return None
        return max(0.0, self.usage_limit_seconds - (self.usage_consumed_seconds or 0.0))


class InstanceRecord(Record, frozen=True, kw_only=True):
    """``GET /v1/instance``. The service sends some of these numbers as text; here they are numbers."""

    backends: tuple[Any, ...] | None = None
    plan_id: str | None = None
    instance_limit: float | None = None
    instance_limit_seconds: float | None = None
    usage_allocation_seconds: float | None = None


class InstanceConfiguration(Record, frozen=True, kw_only=True):
    """``GET /v1/instances/configuration``; deprecated by the service."""

    instance_limit: float | None = None


class TagPage(Record, frozen=True, kw_only=True):
    """``GET /v1/tags``."""

    tags: tuple[str, ...]


class Workload(Record, frozen=True, kw_only=True):
    """A job, batch or session as the dashboard lists it."""

    moments = ("created", "ended")

    id: str
    mode: str | None = None
    status_text: str | None = msgspec.field(name="status", default=None)
    status_reason: str | None = None
    created: datetime | None = None
    ended: datetime | None = None
    backend: str | None = None
    instance: str | None = None
    user_id: str | None = None
    accepting_jobs: bool | None = None
    tags: tuple[str, ...] | None = None
    usage: Usage | None = None
    estimated_running_time_seconds: float | None = None

    @property
    def status(self) -> WorkloadStatus:
        return WorkloadStatus.read(self.status_text)


class Link(Record, frozen=True, kw_only=True):
    """Where the next or the previous page is."""

    href: str | None = None


class WorkloadPage(Record, frozen=True, kw_only=True):
    """One page of ``GET /v1/workloads``. Hand ``next_cursor`` to the next call."""

    workloads: tuple[Workload, ...]
    total_count: int | None = None
    limit: int | None = None
    next: Link | None = None
    previous: Link | None = None

    @property
    def next_cursor(self) -> str | None:
        return _cursor(self.next, "next")

    @property
    def previous_cursor(self) -> str | None:
        return _cursor(self.previous, "previous")


class ApiDate(Record, frozen=True, kw_only=True):
    """One date of ``GET /v1/versions``: ``live`` or ``deprecated``, and when it ends."""

    version: date
    status: str | None = None
    sunset_text: str | None = msgspec.field(name="sunset_date", default=None)

    @property
    def sunset_date(self) -> date | None:
        """The day it ends, also where the service names a moment; ``None`` where it says neither."""
        try:
            return date.fromisoformat((self.sunset_text or "")[:10])
        except ValueError:
            return None


def _cursor(link: Link | None, key: str) -> str | None:
    found = parse_qs(urlsplit(link.href).query).get(key) if link is not None and link.href else None
    return found[0] if found else None
