"""Everything else as the reference of the wire describes it, strictly: IAM, errors, sessions, instances."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from tests.journeys.wire.jobs import Count, Moment, Seconds, SessionId, Strict, Text, Usage, UserId

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
Trace = Annotated[str, Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
Crn = Annotated[str, Meta(pattern=r"^crn:v1(:[^:]*){8}$")]
Figures = Annotated[str, Meta(pattern=r"^\d+(\.\d+)?$")]


class Token(Strict, frozen=True, forbid_unknown_fields=True):
    """What IAM answers; the recording hides both tokens."""

    access_token: Text
    refresh_token: Text
    token_type: Literal["Bearer"]
    expires_in: Count
    expiration: Annotated[int, Meta(ge=10**9)]
    scope: Literal["ibm openid"]


class IamRefusal(Strict, frozen=True, forbid_unknown_fields=True):
    errorCode: Annotated[str, Meta(pattern="^BXNIM[0-9]{4}E$")]  # noqa: N815 - IAM's own spelling
    errorMessage: Text  # noqa: N815
    context: dict[str, str]
    errorDetails: Text | UnsetType = UNSET  # noqa: N815


class Error(Strict, frozen=True, forbid_unknown_fields=True):
    """Codes are integers of four digits, or one of the terse words."""

    code: Annotated[int, Meta(ge=1000, le=9999)] | Literal["not_found", "bad_request", "internal_error"]
    message: Text
    more_info: Annotated[str, Meta(pattern="^https://")]
    solution: Text | UnsetType = UNSET


class Refusal(Strict, frozen=True, forbid_unknown_fields=True):
    errors: Annotated[list[Error], Meta(min_length=1)]
    trace: Trace


class Stamp(Strict, frozen=True, forbid_unknown_fields=True):
    status: Literal["open", "active", "inactive", "closed"]
    timestamp: Moment


class Session(Strict, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: SessionId
    backend_name: Text | None
    mode: Literal["batch", "dedicated"]
    interactive_ttl: Count | UnsetType = UNSET
    max_ttl: Annotated[int, Meta(ge=1, le=28800)] | UnsetType = UNSET
    active_ttl: Count | UnsetType = UNSET
    state: Literal["open", "active", "inactive", "closed"]
    state_reason: Text | UnsetType = UNSET
    accepting_jobs: bool
    started_at: Moment | UnsetType = UNSET
    activated_at: Moment | UnsetType = UNSET
    closed_at: Moment | UnsetType = UNSET
    last_job_started: Moment | UnsetType = UNSET
    last_job_completed: Moment | UnsetType = UNSET
    timestamps: Annotated[list[Stamp], Meta(min_length=1)]
    user_id: UserId | UnsetType = UNSET
    elapsed_time: Seconds | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.timestamps[0].status != "open" or self.timestamps[-1].status != self.state:
            raise ValueError(f"the history {self.timestamps} does not lead to {self.state}")
        if (self.state == "closed") != (self.closed_at is not UNSET):
            raise ValueError("closed_at and the state differ")


class Period(Strict, frozen=True, forbid_unknown_fields=True):
    start_time: Moment
    end_time: Moment


class InstanceUsage(Strict, frozen=True, forbid_unknown_fields=True, kw_only=True):
    instance_id: Crn
    plan_id: Text
    usage_consumed_seconds: Seconds
    usage_period: Period | UnsetType = UNSET
    usage_limit_seconds: Seconds | UnsetType = UNSET
    usage_allocation_seconds: Seconds | UnsetType = UNSET
    usage_limit_reached: bool | UnsetType = UNSET


class Instance(Strict, frozen=True, forbid_unknown_fields=True):
    backends: list[Text]
    plan_id: Text
    instance_limit: Seconds | UnsetType = UNSET
    instance_limit_seconds: Figures | UnsetType = UNSET
    usage_allocation_seconds: Figures | UnsetType = UNSET


class InstanceConfiguration(Strict, frozen=True, forbid_unknown_fields=True):
    instance_limit: Seconds | UnsetType = UNSET


class Account(Strict, frozen=True, forbid_unknown_fields=True):
    plan_id: Text
    backends: list[Text]
    functions: list[Any]
    max_job_seconds: Count
    max_ttl: Count
    active_ttl: Count
    interactive_ttl: Count


class Workload(Strict, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: Annotated[str, Meta(pattern="^([0-9a-v]{20}|[0-9a-f-]{36})$")]
    created: Moment
    ended: Moment | UnsetType = UNSET
    backend: Text | UnsetType = UNSET
    instance: Crn
    user_id: UserId
    accepting_jobs: bool | UnsetType = UNSET
    mode: Literal["job", "session", "batch"]
    status: Literal["pending", "in_progress", "completed", "failed", "canceled"]
    status_reason: Text | UnsetType = UNSET
    tags: list[str]
    usage: Usage
    estimated_running_time_seconds: Seconds | UnsetType = UNSET


class Link(Strict, frozen=True, forbid_unknown_fields=True):
    href: Text


class Workloads(Strict, frozen=True, forbid_unknown_fields=True):
    workloads: list[Workload]
    total_count: Count
    limit: Annotated[int, Meta(ge=1, le=50)]
    next: Link | UnsetType = UNSET
    previous: Link | UnsetType = UNSET


class Version(Strict, frozen=True, forbid_unknown_fields=True):
    version: Day
    status: Literal["live", "deprecated"]
    sunset_date: Day | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.status == "deprecated") != (self.sunset_date is not UNSET):
            raise ValueError("deprecated versions are those with an end")


class Versions(Strict, frozen=True, forbid_unknown_fields=True):
    versions: Annotated[list[Version], Meta(min_length=1)]
