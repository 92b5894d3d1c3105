"""``GET /v1/workloads``: jobs outside of sessions, batches and sessions, in one list with cursors."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec

from qrt_async.emulator.ask import Ask
from qrt_async.emulator.books import Books
from qrt_async.emulator.dates import read, written
from qrt_async.emulator.job import Job
from qrt_async.emulator.session import Session
from qrt_async.emulator.wire import Reply, invalid, json_reply

from .listing import visible
from .records import new_usage

PATH = "/v1/workloads"
MOST, USUAL = 50, 10
JOB_STATUS = {
    "Queued": "pending",
    "Running": "in_progress",
    "Completed": "completed",
    "Failed": "failed",
    "Cancelled": "canceled",
}
SESSION_STATUS = {"open": "pending", "active": "in_progress", "inactive": "pending", "closed": "completed"}


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the list, with what it is sorted and filtered by."""

    created: float
    mode: str
    status: str
    backend: str | None
    tags: tuple[str, ...]
    shown: dict[str, Any]


def list_workloads(books: Books, ask: Ask) -> Reply:
    """Oldest first, unless sorted by ``-createdAt``; ``next`` and ``previous`` hold cursors."""
    found = [row for row in _rows(books, ask) if _wanted(row, ask)]
    descending = _descending(ask)
    found.sort(key=lambda row: row.created, reverse=descending)
    limit = ask.number("limit", range(1, MOST + 1), USUAL)
    first = _first(found, ask, limit, descending)
    page = found[first : first + limit]
    body: dict[str, Any] = {
        "workloads": [row.shown for row in page],
        "total_count": len(found),
        "limit": limit,
    }
    if page and first + limit < len(found):
        body["next"] = {"href": _href(ask, "next", page[-1].created)}
    if page and first > 0:
        body["previous"] = {"href": _href(ask, "previous", page[0].created)}
    return json_reply(body)


def _descending(ask: Ask) -> bool:
    sort = ask.one("sort") or "createdAt"
    if sort not in ("createdAt", "-createdAt"):
        raise invalid("query", "sort must be createdAt or -createdAt.")
    return sort == "-createdAt"


def _first(found: list[Workload], ask: Ask, limit: int, descending: bool) -> int:
    """Where the page begins: after the cursor of ``next``, or a page before that of ``previous``."""
    sign = -1.0 if descending else 1.0
    if (cursor := _cursor(ask, "next")) is not None:
        return sum(sign * row.created <= sign * cursor for row in found)
    if (cursor := _cursor(ask, "previous")) is not None:
        return max(0, sum(sign * row.created < sign * cursor for row in found) - limit)
    return 0


def _cursor(ask: Ask, name: str) -> float | None:
    text = ask.one(name)
    if text is None:
        return None
    try:
        return read(base64.urlsafe_b64decode(text.encode()).decode())
    except ValueError:
        raise invalid("query", f"{name} is not a cursor.") from None


def _href(ask: Ask, name: str, at: float) -> str:
    kept = [
        (key, value)
        for key, values in ask.query.items()
        if key not in ("next", "previous")
        for value in values
    ]
    cursor = base64.urlsafe_b64encode(written(at).encode()).decode()
    return f"{PATH}?{urlencode([*kept, (name, cursor)])}"


def _rows(books: Books, ask: Ask) -> Iterator[Workload]:
    for job in visible(books, ask):
        if job.posted.session_id is None:
            yield _of_job(job, ask)
    for session in books.sessions.owned(ask.user_id, ask.crn):
        yield _of_session(session, ask)


def _wanted(row: Workload, ask: Ask) -> bool:
    after, before = ask.moment("created_after"), ask.moment("created_before")
    search = (ask.one("search") or "").lower()
    return all(
        (
            _among(row.status, _values(ask, "status")),
            _among(row.mode, _values(ask, "mode")),
            ask.one("backend") in (None, row.backend),
            set(_values(ask, "tags")) <= set(row.tags),
            after is None or row.created >= after,
            before is None or row.created <= before,
            not search or search in row.shown["id"] or any(search in tag.lower() for tag in row.tags),
        )
    )


def _values(ask: Ask, name: str) -> list[str]:
    """An array parameter, with or without brackets."""
    return [*ask.query.get(name, []), *ask.query.get(f"{name}[]", [])]


def _among(value: str, wanted: list[str]) -> bool:
    return not wanted or value in wanted


def _of_job(job: Job, ask: Ask) -> Workload:
    status = JOB_STATUS[job.status]
    shown = {
        "id": job.id,
        "created": written(job.created),
        "ended": None if job.finished is None else written(job.finished),
        "backend": job.posted.backend,
        "instance": job.crn,
        "user_id": job.user_id,
        "mode": "job",
        "status": status,
        "status_reason": job.reason,
        "tags": list(job.tags),
        "usage": new_usage(job, ask.now),
        "estimated_running_time_seconds": round(job.plan.expected_run, 2),
    }
    return _workload(shown, job.created, job.tags)


def _of_session(session: Session, ask: Ask) -> Workload:
    spent: dict[str, Any] = {
        "qpu_charge_time_seconds": round(session.elapsed(ask.now), 3),
        "status": "complete" if session.state == "closed" else "pending",
    }
    shown: dict[str, Any] = {
        "id": session.id,
        "created": written(session.created),
        "ended": None if session.closed_at is None else written(session.closed_at),
        "backend": session.backend,
        "instance": session.crn,
        "user_id": session.user_id,
        "accepting_jobs": session.accepting,
        "mode": "batch" if session.mode == "batch" else "session",
        "status": SESSION_STATUS[session.state],
        "status_reason": session.reason,
        "tags": [],
        "usage": spent,
    }
    return _workload(shown, session.created, ())


def _workload(shown: dict[str, Any], created: float, tags: tuple[str, ...]) -> Workload:
    return Workload(
        created=created,
        mode=shown["mode"],
        status=shown["status"],
        backend=shown["backend"],
        tags=tags,
        shown={name: value for name, value in shown.items() if value is not None},
    )
