"""``POST /v1/jobs``: what is checked before a job is accepted. Circuits are not: they fail later."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec

from qrt_async.emulator.ask import Ask
from qrt_async.emulator.books import Books
from qrt_async.emulator.job import Job, Posted
from qrt_async.emulator.wire import Problem, Reply, decoded, invalid, json_reply
from qrt_async.emulator.wishes import wish

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=10000)]
LOG_LEVELS = frozenset({"critical", "error", "warning", "info", "debug"})
RETIRED = frozenset({"circuit-runner", "qasm3-runner"})
PROGRAMS = frozenset({"sampler", "estimator", "noise-learner", "executor", "calibrate"})
MOST_TAGS, LONGEST_TAG = 8, 86


class StoredObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an object of a channel partner lies."""

    type: Literal["ibmcloud_cos"]
    region: str
    region_type: Literal["regional", "cross-region", "single-site"]
    bucket_crn: str
    object_name: str


class RemoteStorage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The channel partners' variant of params and results."""

    job_params: StoredObject
    results: StoredObject
    logs: StoredObject | msgspec.UnsetType = msgspec.UNSET


class CreateJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body. ``params`` stays bytes: it may be large, and only the simulator reads it."""

    program_id: Name
    backend: Name
    params: msgspec.Raw = msgspec.Raw(b"{}")
    runtime: str | msgspec.UnsetType = msgspec.UNSET
    tags: list[str] | msgspec.UnsetType = msgspec.UNSET
    log_level: str = "info"
    cost: Annotated[int, msgspec.Meta(ge=0)] = 0
    session_id: Annotated[str, msgspec.Meta(max_length=36)] | msgspec.UnsetType = msgspec.UNSET
    calibration_id: Annotated[str, msgspec.Meta(max_length=100)] | msgspec.UnsetType = msgspec.UNSET
    private: bool = False
    remote_storage: RemoteStorage | msgspec.UnsetType = msgspec.UNSET


class SamplerParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys that a sampler's params may have."""

    pubs: list[msgspec.Raw]
    options: msgspec.Raw = msgspec.Raw(b"null")
    shots: int | None = None
    version: int | None = None
    support_qiskit: bool | None = None


class EstimatorParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys that an estimator's params may have."""

    pubs: list[msgspec.Raw]
    options: msgspec.Raw = msgspec.Raw(b"null")
    precision: float | None = None
    resilience_level: int | None = None
    version: int | None = None
    support_qiskit: bool | None = None


PARAMS: dict[str, Any] = {"sampler": SamplerParams, "estimator": EstimatorParams}


def create(books: Books, ask: Ask) -> Reply:
    """Accept a job, or say why not. The rate is counted before the body is looked at."""
    books.limit.check(ask.user_id, ask.now)
    body = decoded(ask.body, CreateJob)
    posted = _posted(books, ask, body)
    if not books.fleet.knows(posted.backend):
        raise Problem(404, 1216, f"Backend {posted.backend} not found.", "Check the name of the backend.")
    if posted.calibration_id is not None and books.config.plan == "open":
        raise Problem(
            400,
            1200,
            "You are not authorized to use custom calibrations with your current service plan.",
            "Leave out calibration_id, or create an instance of a different plan type.",
        )
    if posted.session_id is not None:
        books.sessions.accept(posted.session_id, ask.crn)
    books.usage.check(ask.crn, ask.now)
    _check_pending(books, ask)
    return json_reply(_accepted(_add(books, ask, posted)))


def checked_tags(tags: list[str]) -> tuple[str, ...]:
    """At most 8 tags of at most 86 characters (code points)."""
    if len(tags) > MOST_TAGS:
        raise Problem(400, 1204, f"Too many tags: at most {MOST_TAGS} are allowed.", "Remove some tags.")
    if any(len(tag) > LONGEST_TAG for tag in tags):
        raise Problem(400, 1205, f"Tag too long: at most {LONGEST_TAG} characters.", "Shorten the tag.")
    return tuple(tags)


def _posted(books: Books, ask: Ask, body: CreateJob) -> Posted:
    if body.log_level.lower() not in LOG_LEVELS:
        raise invalid("body", f"log_level must be one of {', '.join(sorted(LOG_LEVELS))}.")
    client = ask.headers.get("x-qx-client-application", "")
    qiskit = re.search(r"(?:^|,)qiskit-(\d[^,*/]*)", client)
    most = books.config.max_cost
    return Posted(
        program_id=_program(body.program_id),
        backend=body.backend,
        params=_params(body),
        cost=min(body.cost or most, most),
        tags=checked_tags(_or_none(body.tags) or []),
        runtime=_or_none(body.runtime),
        log_level=body.log_level.lower(),
        session_id=_or_none(body.session_id) or None,
        calibration_id=_or_none(body.calibration_id),
        private=body.private,
        remote_storage=msgspec.to_builtins(_or_none(body.remote_storage)),
        caller=client.rpartition("/")[2] or None,
        qiskit_version=qiskit[1] if qiskit else None,
        parent=ask.headers.get("parent-job-id"),
    )


def _program(program_id: str) -> str:
    if program_id in RETIRED:
        raise Problem(400, 1213, f"Program {program_id} is retired.", "Use the primitives instead.")
    if program_id not in PROGRAMS:
        raise Problem(404, "not_found", f"program {program_id} not found")
    return program_id


def _params(body: CreateJob) -> bytes:
    params = bytes(body.params)
    if not params.startswith(b"{"):
        raise invalid("body", "Expected `object` - at `$.params`")
    if body.program_id in PARAMS and body.remote_storage is msgspec.UNSET:
        decoded(params, PARAMS[body.program_id])
    return params


def _check_pending(books: Books, ask: Ask) -> None:
    cap = books.config.pending_cap
    if cap is not None and books.ledger.pending(ask.user_id) >= cap:
        raise Problem(
            400,
            3458,
            f"You have reached the limit of {cap} pending jobs. "
            "Please wait for a job to complete or cancel one before submitting anything new.",
        )


def _add(books: Books, ask: Ask, posted: Posted) -> Job:
    wished = wish(posted.tags)
    job = Job(
        id=books.ids.next(ask.now),
        user_id=ask.user_id,
        crn=ask.crn,
        created=ask.now,
        posted=posted,
        plan=books.plan(wished),
        wish=wished,
        tags=posted.tags,
    )
    books.ledger.add(job)
    return job


def _accepted(job: Job) -> dict[str, Any]:
    reply: dict[str, Any] = {"id": job.id, "backend": job.posted.backend}
    if job.posted.session_id is not None:
        reply["session_id"] = job.posted.session_id
    if job.posted.private:
        reply["private"] = True
    if job.posted.calibration_id is not None:
        reply["calibration_id"] = job.posted.calibration_id
    return reply


def _or_none(value: Any) -> Any:
    return None if value is msgspec.UNSET else value
