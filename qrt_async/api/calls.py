"""The endpoints of everything but jobs, one function each (api.md 4). No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from qrt_async.api.call import Call, decoded, nothing
from qrt_async.api.payload import encoded
from qrt_async.api.records import (
    ApiDate,
    BackendStatus,
    Device,
    InstanceConfiguration,
    InstanceRecord,
    InstanceUsage,
    SessionRecord,
    TagPage,
    WorkloadPage,
)
from qrt_async.errors import InvalidInput
from qrt_async.transport.whole import whole
from qrt_async.transport.wire import Query, Repeat, Reply, Request, query, segment

SessionMode = Literal["batch", "dedicated"]
_JSON = (("Content-Type", "application/json"),)


class _Devices(msgspec.Struct, frozen=True):
    devices: tuple[Device | str, ...]


class _Versions(msgspec.Struct, frozen=True):
    versions: tuple[ApiDate | str, ...]


_object: Callable[[Reply], dict[str, Any]] = decoded(dict[str, Any])
_maybe_object: Callable[[Reply], dict[str, Any] | None] = decoded(dict[str, Any] | None)  # type: ignore[arg-type]  # a union is no type to mypy
_devices = decoded(_Devices)
_status = decoded(BackendStatus)
_session = decoded(SessionRecord)
_instance = decoded(InstanceRecord)
_usage = decoded(InstanceUsage)
_configuration = decoded(InstanceConfiguration)
_tags = decoded(TagPage)
_workloads = decoded(WorkloadPage)
_versions: Callable[[Reply], _Versions | tuple[str, ...]] = decoded(_Versions | tuple[str, ...])  # type: ignore[arg-type]  # likewise


def list_backends(*, wait_times: bool = False) -> Call[tuple[Device, ...]]:
    fields = query([("fields", "wait_time_seconds" if wait_times else None)])
    return Call(_get("/backends", fields), _read_devices)


def _read_devices(reply: Reply) -> tuple[Device, ...]:
    """At the oldest dates a device is only its name."""
    return tuple(Device(name=d) if isinstance(d, str) else d for d in _devices(reply).devices)


def backend_status(name: str) -> Call[BackendStatus]:
    return Call(_backend(name, "status"), _status)


def backend_configuration(name: str, calibration_id: str | None = None) -> Call[dict[str, Any]]:
    pairs = query([("calibration_id", calibration_id)])
    return Call(_backend(name, "configuration", pairs), _object)


def backend_properties(
    name: str, *, updated_before: datetime | None = None, calibration_id: str | None = None
) -> Call[dict[str, Any] | None]:
    pairs = query([("updated_before", updated_before), ("calibration_id", calibration_id)])
    return Call(_backend(name, "properties", pairs), _maybe_object)


def backend_defaults(name: str) -> Call[dict[str, Any] | None]:
    """Today's devices answer with ``null``."""
    return Call(_backend(name, "defaults"), _maybe_object)


class NewSession(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of ``POST /v1/sessions``. The ``…_ttl`` are seconds, and at least 1."""

    mode: SessionMode
    backend: str
    backend_name: str | None = None
    instance: str | None = None
    max_ttl: int | None = None
    interactive_ttl: int | None = None
    active_ttl: int | None = None

    def __post_init__(self) -> None:
        if self.mode not in {"batch", "dedicated"}:
            raise InvalidInput(f"mode is {self.mode!r}; allowed: 'batch' and 'dedicated'.")
        segment(self.backend, "The backend")
        for name in ("max_ttl", "interactive_ttl", "active_ttl"):
            if (given := getattr(self, name)) is not None:
                whole(name, given, of="seconds")


def create_session(new: NewSession) -> Call[SessionRecord]:
    """Not repeated by itself: a second POST may be a second session."""
    return Call(_send("POST", "/sessions", "/sessions", new, repeat="refused"), _session)


def get_session(session_id: str) -> Call[SessionRecord]:
    return Call(_get(_a_session(session_id), template="/sessions/{id}"), _session)


def update_session(session_id: str, *, accepting_jobs: bool) -> Call[None]:
    path = _a_session(session_id)
    return Call(_send("PATCH", path, "/sessions/{id}", {"accepting_jobs": accepting_jobs}), nothing)


def cancel_session(session_id: str) -> Call[None]:
    path = _a_session(session_id) + "/close"
    return Call(Request(method="DELETE", path=path, template="/sessions/{id}/close"), nothing)


def instance() -> Call[InstanceRecord]:
    return Call(_get("/instance"), _instance)


def instance_usage() -> Call[InstanceUsage]:
    return Call(_get("/instances/usage"), _usage)


def instance_configuration() -> Call[InstanceConfiguration]:
    return Call(_get("/instances/configuration"), _configuration)


def update_instance_configuration(instance_limit: float | None) -> Call[None]:
    path = "/instances/configuration"
    return Call(_send("PUT", path, path, {"instance_limit": instance_limit}), nothing)


def account(account_id: str, plan_id: str | None = None) -> Call[dict[str, Any]]:
    path = "/accounts/" + segment(account_id, "The account id")
    return Call(_get(path, query([("plan_id", plan_id)]), template="/accounts/{id}"), _object)


def list_tags(search: str) -> Call[TagPage]:
    if not isinstance(search, str) or not 3 <= len(search) <= 100:
        raise InvalidInput(f"search is {search!r:.120}; the service wants 3 to 100 characters.")
    return Call(_get("/tags", query([("type", "job"), ("search", search)])), _tags)


class WorkloadFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What ``GET /v1/workloads`` can select by; it lists the oldest first unless ``sort`` is ``-createdAt``.

    ``next`` and ``previous`` are the cursors of a ``WorkloadPage``; ``limit`` is 1 to 50.
    """

    user: Literal["me"] | None = None
    sort: Literal["createdAt", "-createdAt"] | None = None
    limit: int | None = None
    next: str | None = None
    previous: str | None = None
    backend: str | None = None
    search: str | None = None
    status: Sequence[str] = ()
    mode: Sequence[str] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    tags: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.limit is not None and not 1 <= self.limit <= 50:
            raise InvalidInput(f"limit is {self.limit!r}; allowed: 1 to 50.")
        for name in ("status", "mode", "tags"):
            if isinstance(given := getattr(self, name), str):
                raise InvalidInput(f"{name} is the text {given!r}; it must be a list of texts.")


def list_workloads(chosen: WorkloadFilter) -> Call[WorkloadPage]:
    pairs = query((name, getattr(chosen, name)) for name in chosen.__struct_fields__)
    return Call(_get("/workloads", pairs), _workloads)


def versions() -> Call[tuple[ApiDate, ...]]:
    """The only question that needs no authorization."""
    return Call(Request(method="GET", path="/versions", template="/versions", authorize=False), _read_dates)


def _read_dates(reply: Reply) -> tuple[ApiDate, ...]:
    """Older servers list plain dates."""
    page = _versions(reply)
    found = page.versions if isinstance(page, _Versions) else page
    return tuple(msgspec.convert({"version": d}, ApiDate) if isinstance(d, str) else d for d in found)


def _get(path: str, pairs: Query = (), *, template: str | None = None) -> Request:
    return Request(method="GET", path=path, template=template or path, query=pairs)


def _send(method: str, path: str, template: str, payload: object, repeat: Repeat = "always") -> Request:
    body = encoded(payload, "The request")
    return Request(method=method, path=path, template=template, headers=_JSON, body=body, repeat=repeat)


def _backend(name: str, part: str, pairs: Sequence[tuple[str, str]] = ()) -> Request:
    path = f"/backends/{segment(name, 'The backend')}/{part}"
    return _get(path, tuple(pairs), template=f"/backends/{{name}}/{part}")


def _a_session(session_id: str) -> str:
    return "/sessions/" + segment(session_id, "The session id")
