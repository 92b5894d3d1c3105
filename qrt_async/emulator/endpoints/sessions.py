"""The endpoints of sessions and batches."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from qrt_async.emulator.ask import Ask
from qrt_async.emulator.books import Books
from qrt_async.emulator.dates import written
from qrt_async.emulator.session import Session
from qrt_async.emulator.wire import NO_CONTENT, Problem, Reply, decoded, invalid, json_reply

INTERACTIVE_TTL = 60
Seconds = Annotated[int, msgspec.Meta(ge=1)]


class CreateSession(msgspec.Struct, frozen=True):
    """The body of ``POST /v1/sessions``. A mode that does not exist gets through here, and breaks later."""

    mode: str
    backend: str | None = None
    backend_name: str | None = None
    max_ttl: Seconds | None = None
    interactive_ttl: Seconds = INTERACTIVE_TTL
    active_ttl: Seconds | None = None
    instance: str | None = None


class UpdateSession(msgspec.Struct, frozen=True):
    """The body of ``PATCH /v1/sessions/{id}``."""

    accepting_jobs: bool


def create(books: Books, ask: Ask) -> Reply:
    """``POST /v1/sessions``."""
    wanted = decoded(ask.body, CreateSession)
    _check(books, wanted)
    most = books.config.max_session
    max_ttl = min(wanted.max_ttl or most, most)
    session = Session(
        id=books.trace(),
        user_id=ask.user_id,
        crn=ask.crn,
        backend=wanted.backend or wanted.backend_name,
        mode=wanted.mode,
        created=ask.now,
        max_ttl=max_ttl,
        interactive_ttl=wanted.interactive_ttl,
        active_ttl=min(wanted.active_ttl or max_ttl, max_ttl),
        stamps=(("open", ask.now),),
    )
    books.sessions.add(session)
    return json_reply(describe(session, ask.now))


def get(books: Books, ask: Ask) -> Reply:
    """``GET /v1/sessions/{id}``."""
    return json_reply(describe(_session(books, ask), ask.now))


def update(books: Books, ask: Ask) -> Reply:
    """``PATCH /v1/sessions/{id}``: not accepting closes gracefully, queued jobs still run."""
    wanted = decoded(ask.body, UpdateSession)
    books.sessions.set_accepting(_session(books, ask), wanted.accepting_jobs, ask.now)
    return NO_CONTENT


def cancel(books: Books, ask: Ask) -> Reply:
    """``DELETE /v1/sessions/{id}/close``: queued jobs fail with 1217, running ones finish."""
    books.sessions.cancel(_session(books, ask), ask.now)
    return NO_CONTENT


def describe(session: Session, now: float) -> dict[str, Any]:
    """The session object; moments that have not come are left out."""
    facts = {
        "id": session.id,
        "mode": session.mode,
        "state": session.state,
        "state_reason": session.reason,
        "accepting_jobs": session.accepting,
        "interactive_ttl": session.interactive_ttl,
        "max_ttl": session.max_ttl,
        "active_ttl": session.active_ttl,
        "user_id": session.user_id,
        "elapsed_time": round(session.elapsed(now), 3),
        "started_at": _moment(session.activated_at),
        "activated_at": _moment(session.activated_at),
        "closed_at": _moment(session.closed_at),
        "last_job_started": _moment(session.last_job_started),
        "last_job_completed": _moment(session.last_job_completed),
        "timestamps": [{"status": state, "timestamp": written(at)} for state, at in session.stamps],
    }
    known = {name: value for name, value in facts.items() if value is not None}
    return {"backend_name": session.backend, **known}


def _check(books: Books, wanted: CreateSession) -> None:
    if wanted.mode not in ("batch", "dedicated"):
        raise Problem(500, "internal_error", "Internal server error")
    if wanted.mode == "dedicated" and books.config.plan == "open":
        raise Problem(
            400,
            1352,
            "You are not authorized to run a session when using the open plan.",
            "Create an instance of a different plan type or use a different execution mode.",
        )
    backend = wanted.backend or wanted.backend_name
    if backend is None and wanted.mode == "dedicated":
        raise invalid("body", "a dedicated session needs a backend.")
    if backend is not None and not books.fleet.knows(backend):
        raise Problem(404, 1216, f"Backend {backend} not found.", "Check the name of the backend.")


def _session(books: Books, ask: Ask) -> Session:
    return books.sessions.find(ask.ids["id"], ask.crn)


def _moment(at: float | None) -> str | None:
    return None if at is None else written(at)
