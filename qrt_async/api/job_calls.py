"""The endpoints of jobs, one function each (api.md 2.1). No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, get_args

import msgspec

from qrt_async.api.call import Call, body, decoded, nothing, text
from qrt_async.api.models import CreatedJob, JobMetrics, JobPage, JobRecord
from qrt_async.api.payload import encoded
from qrt_async.api.pieces import Long
from qrt_async.errors import InvalidInput
from qrt_async.transport.whole import whole
from qrt_async.transport.wire import Keep, Request, aware, header, query, segment

PAGE = 200
"""The most rows the service puts on a page of jobs. Asked for more, it silently uses its default."""
TAGS = 8
TAG_LENGTH = 86

LogLevel = Literal["critical", "error", "warning", "info", "debug"]

_LEVELS = get_args(LogLevel)

_created = decoded(CreatedJob)
_record = decoded(JobRecord)
_page = decoded(JobPage)
_metrics = decoded(JobMetrics)


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """Where one part of a job lies in the caller's own Cloud Object Storage."""

    region: str
    region_type: Literal["regional", "cross-region", "single-site"]
    bucket_crn: str
    object_name: str
    type: Literal["ibmcloud_cos"] = "ibmcloud_cos"


class RemoteStorage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``remote_storage`` of a submission; only some channel partners have it."""

    job_params: StoredObject
    results: StoredObject
    logs: StoredObject | None = None


class NewJob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of ``POST /v1/jobs``, checked where it is made. What is ``None`` is not sent.

    ``cost`` is the longest the job may run, in seconds of QPU time; the service caps it at 10800 and the
    plan's own maximum. ``params`` is JSON, ready to send.
    """

    program_id: str
    backend: str
    params: msgspec.Raw | Long
    runtime: str | None = None
    tags: tuple[str, ...] | None = None
    log_level: LogLevel | None = None
    cost: int | None = None
    session_id: str | None = None
    calibration_id: str | None = None
    private: bool = False
    remote_storage: RemoteStorage | None = None

    def __post_init__(self) -> None:
        _named("program_id", self.program_id, 10_000)
        _named("backend", self.backend, 10_000)
        check_tags(self.tags or ())
        for name, most in (("session_id", 36), ("calibration_id", 100)):
            if (given := getattr(self, name)) is not None:
                _named(name, given, most)
        if self.cost is not None:
            whole("cost", self.cost, of="seconds", least=0)
        if self.log_level is not None and self.log_level not in _LEVELS:
            raise InvalidInput(f"log_level is {self.log_level!r}; allowed: {', '.join(_LEVELS)}.")


def _named(what: str, given: Any, most: int) -> None:
    if not isinstance(given, str) or not 0 < len(given) <= most:
        raise InvalidInput(f"{what} is {given!r:.100}; it must be a text of 1 to {most} characters.")


def as_tags(tags: Sequence[str] | None) -> tuple[str, ...] | None:
    """Tags as they are sent, checked; ``None`` stays ``None``."""
    if tags is None:
        return None
    check_tags(tags)
    return tuple(tags)


def check_tags(tags: Sequence[str]) -> None:
    """At most 8 tags of at most 86 characters (code points) each: the service's rule (api.md 2.2)."""
    if isinstance(tags, str):
        raise InvalidInput(f"tags is the text {tags!r}; it must be a list of texts, such as [{tags!r}].")
    if len(tags) > TAGS:
        raise InvalidInput(f"{len(tags)} tags were given; the service takes at most {TAGS}.")
    for tag in tags:
        if not isinstance(tag, str) or not 0 < len(tag) <= TAG_LENGTH:
            raise InvalidInput(f"The tag {tag!r:.120} must be a text of 1 to {TAG_LENGTH} characters.")


def create_job(job: NewJob, parent_job_id: str | None = None) -> Call[CreatedJob]:
    """Never repeated by itself: a second POST may be a second job. Slow where the params are ``Long``."""
    request = Request(
        method="POST",
        path="/jobs",
        template="/jobs",
        headers=(("Content-Type", "application/json"), *_parent(parent_job_id)),
        body=encoded(job, "The job"),
        repeat="unsent",
        action="quantum-computing.job.create",
        submits=True,
    )
    return Call(request, _created)


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What ``GET /v1/jobs`` can select by. Several ``tags`` must all be there.

    ``pending``: ``True`` for queued and running jobs, ``False`` for final ones, ``None`` for all.
    ``created_after`` and ``created_before`` need a time zone. ``sort`` is by creation.
    """

    pending: bool | None = None
    program: str | None = None
    backend: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    sort: Literal["ASC", "DESC"] = "DESC"
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    exclude_params: bool = True

    def __post_init__(self) -> None:
        check_tags(self.tags)
        if self.sort not in {"ASC", "DESC"}:
            raise InvalidInput(f"sort is {self.sort!r}; allowed: 'ASC' and 'DESC'.")
        for name in ("created_after", "created_before"):
            if (given := getattr(self, name)) is not None:
                aware(name, given)


def list_request(chosen: JobFilter, limit: int, offset: int) -> Request:
    """The question for one page; who needs only a few fields reads the answer in their own way."""
    if not (isinstance(limit, int) and isinstance(offset, int) and 1 <= limit <= PAGE and offset >= 0):
        raise InvalidInput(
            f"limit={limit!r}, offset={offset!r}; allowed: limit 1 to {PAGE}, offset 0 or more."
            " The service would not complain and use its defaults instead."
        )
    fields = [(name, getattr(chosen, name)) for name in chosen.__struct_fields__]
    pairs = query([("limit", limit), ("offset", offset or None), *fields])
    return _read("/jobs", "/jobs", pairs)


def list_jobs(chosen: JobFilter, limit: int = PAGE, offset: int = 0) -> Call[JobPage]:
    return Call(list_request(chosen, limit, offset), _page)


def get_job(job_id: str, *, exclude_params: bool = False) -> Call[JobRecord]:
    pairs = query([("exclude_params", exclude_params)])
    return Call(_read(_job(job_id), "/jobs/{id}", pairs), _record)


def delete_job(job_id: str) -> Call[None]:
    return Call(_change("DELETE", _job(job_id), "/jobs/{id}", "delete"), nothing)


def cancel_job(job_id: str, parent_job_id: str | None = None) -> Call[None]:
    request = _change("POST", _job(job_id) + "/cancel", "/jobs/{id}/cancel", "cancel")
    return Call(request.with_headers(*_parent(parent_job_id)), nothing)


def get_logs(job_id: str) -> Call[str]:
    return Call(_read(_job(job_id) + "/logs", "/jobs/{id}/logs"), text)


def get_metrics(job_id: str) -> Call[JobMetrics]:
    return Call(_read(_job(job_id) + "/metrics", "/jobs/{id}/metrics"), _metrics)


def get_results(job_id: str, keep: Keep | None = None) -> Call[bytes | None]:
    """``None`` for 204: not finished, cancelled, or a private result that was read before. ``keep`` is given
    each piece as it arrives, and may hold up those that follow."""
    request = _read(_job(job_id) + "/results", "/jobs/{id}/results")
    return Call(msgspec.structs.replace(request, keep=keep), body)


def get_results_once(job_id: str, keep: Keep | None) -> Call[bytes | None]:
    """The same where the read itself deletes the result: not repeated once it began."""
    call = get_results(job_id, keep)
    return Call(msgspec.structs.replace(call.request, repeat="refused"), call.read)


def replace_tags(job_id: str, tags: Sequence[str]) -> Call[None]:
    """The new tags replace all old ones."""
    check_tags(tags)
    request = Request(
        method="PUT",
        path=_job(job_id) + "/tags",
        template="/jobs/{id}/tags",
        headers=(("Content-Type", "application/json"),),
        body=encoded({"tags": list(tags)}, "The list of tags"),
        action="quantum-computing.job.update",
    )
    return Call(request, nothing)


def _job(job_id: str) -> str:
    return "/jobs/" + segment(job_id, "The job id")


def _parent(parent_job_id: str | None) -> tuple[tuple[str, str], ...]:
    return () if parent_job_id is None else (header("Parent-Job-Id", parent_job_id),)


def _read(path: str, template: str, pairs: tuple[tuple[str, str], ...] = ()) -> Request:
    return Request(
        method="GET", path=path, template=template, query=pairs, action="quantum-computing.job.read"
    )


def _change(method: str, path: str, template: str, verb: str) -> Request:
    """After a 5xx the change may have happened: the caller reads the job instead of asking twice."""
    action = f"quantum-computing.job.{verb}"
    return Request(method=method, path=path, template=template, repeat="refused", action=action)
