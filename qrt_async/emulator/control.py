"""``/_emulator/``: what happened, and what shall happen next. No part of the service."""

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
    """Control requests are not counted, need no headers and meet no faults."""
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
