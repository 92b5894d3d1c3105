"""``/_emulator/``: what happened, and what shall happen next. No part of the service.

Requests need no headers, are counted nowhere and meet no faults. Bodies are JSON, times seconds since 1970; what
changes something is answered 204. A body that makes no sense is a 400 that says why, and changes nothing.

``GET stats``
    ``{total, requests: {"GET /v1/jobs": n}, replies: {"GET /v1/jobs": {"200": n}}}``; status 0 was cut off.
``GET timeline``
    ``[{at, kind: "request", request, status} | {at, kind: "job", job, status}]`` in order of time.
``GET jobs``
    Every job ever accepted, deleted ones too: who sent what where, how it ended, what it was charged, and
    ``changes: [{status, at}]`` with the exact time of each.
``GET audit``
    The service's auditing events: ``[{action, job, user, time, outcome: "success" | "failure"}]``.
``POST reset``
    Forgets everything but tokens, and goes back to the configuration it was started with.
``POST config``
    Some fields of ``EmulatorConfig``, which hold from now on; ``seed``, ``backends`` and ``record`` cannot change.
``POST faults``
    ``[Rule]`` (``faults.py``), in the place of all rules so far; ``[]`` ends all trouble.
``POST backends``
    ``{name: {"name": "online" | "paused" | "offline", "reason": text}}``: queued jobs wait for their backend.
``POST history``
    A ``History`` (``history.py``): cancelled jobs of long ago, for a long listing; answers their ids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from .config import EmulatorConfig
from .faults import Faults, Rule
from .fleet import Standing
from .history import History, write
from .job import Job
from .wire import NO_CONTENT, Problem, Reply, Request, decoded, invalid, json_reply
from .world import World

ROOT = "_emulator"
FIXED = ("seed", "backends", "record")
"""What cannot change while an emulator runs."""

Control = Callable[[World, bytes, float], Reply]


def answer(world: World, request: Request, path: tuple[str, ...], now: float) -> Reply:
    """Do what a control request asks."""
    control = CONTROLS.get((request.method, "/".join(path[1:])))
    try:
        if control is None:
            known = ", ".join(f"{method} {name}" for method, name in CONTROLS)
            raise Problem(404, "not_found", f"the emulator's controls are: {known}")
        return control(world, request.body, now)
    except Problem as problem:
        return problem.reply(world.books.trace())


def stats(world: World, body: bytes, now: float) -> Reply:
    """Requests by method and template."""
    return json_reply(world.books.chronicle.stats())


def timeline(world: World, body: bytes, now: float) -> Reply:
    """Requests and changes of jobs, in order of time."""
    return json_reply(world.books.chronicle.timeline())


def audit(world: World, body: bytes, now: float) -> Reply:
    """The service's auditing events."""
    return json_reply(world.books.chronicle.audit())


def jobs(world: World, body: bytes, now: float) -> Reply:
    """Every job ever accepted, with the exact time of each change in seconds since 1970."""
    return json_reply([_job(job) for job in world.books.ledger.all()])


def reset(world: World, body: bytes, now: float) -> Reply:
    """Forget everything but tokens."""
    world.reset(now)
    return NO_CONTENT


def configure(world: World, body: bytes, now: float) -> Reply:
    """Change some fields of the configuration."""
    wanted = decoded(body, dict[str, Any])
    fixed = [name for name in FIXED if name in wanted]
    if fixed:
        raise invalid("body", f"{', '.join(fixed)} cannot change while the emulator runs.")
    fields = {name: getattr(world.books.config, name) for name in EmulatorConfig.__struct_fields__}
    try:
        config = msgspec.convert(msgspec.to_builtins(fields | wanted), EmulatorConfig)
    except msgspec.ValidationError as error:
        raise invalid("body", str(error)) from None
    world.books.reconfigure(config, now)
    return NO_CONTENT


def set_faults(world: World, body: bytes, now: float) -> Reply:
    """Put these rules in the place of all others; an empty list ends all trouble."""
    world.faults = Faults(tuple(decoded(body, list[Rule])))
    return NO_CONTENT


def set_backends(world: World, body: bytes, now: float) -> Reply:
    """Pause backends or take them offline: their queued jobs wait until they are online again."""
    for name, standing in decoded(body, dict[str, Standing]).items():
        world.books.fleet.set_standing(name, standing)
    world.books.ledger.release(now)
    return NO_CONTENT


def add_history(world: World, body: bytes, now: float) -> Reply:
    """Let a user have cancelled many jobs long ago; answers their ids."""
    return json_reply(write(world.books, decoded(body, History), now))


CONTROLS: dict[tuple[str, str], Control] = {
    ("GET", "stats"): stats,
    ("GET", "timeline"): timeline,
    ("GET", "jobs"): jobs,
    ("GET", "audit"): audit,
    ("POST", "reset"): reset,
    ("POST", "config"): configure,
    ("POST", "faults"): set_faults,
    ("POST", "backends"): set_backends,
    ("POST", "history"): add_history,
}


def _job(job: Job) -> dict[str, Any]:
    moments = (("Queued", job.created), ("Running", job.running), (job.status, job.finished))
    return {
        "id": job.id,
        "user": job.user_id,
        "instance": job.crn,
        "backend": job.posted.backend,
        "program": job.posted.program_id,
        "session": job.posted.session_id,
        "tags": list(job.tags),
        "parent": job.posted.parent,
        "status": job.status,
        "reason_code": job.reason_code,
        "charged": job.charged,
        "created": job.created,
        "running": job.running,
        "finished": job.finished,
        "deleted": job.deleted,
        "changes": [{"status": status, "at": at} for status, at in moments if at is not None],
    }
