"""The endpoints of backends."""

from __future__ import annotations

from typing import Any

from qrt_async.emulator.ask import Ask
from qrt_async.emulator.books import Books
from qrt_async.emulator.dates import BACKENDS_AS_OBJECTS
from qrt_async.emulator.fleet import Standing
from qrt_async.emulator.wire import Reply, json_reply, text_reply

WORDS = {"online": "active", "paused": "internal", "offline": "maintenance"}


def list_backends(books: Books, ask: Ask) -> Reply:
    """``GET /v1/backends``: objects, or names only at dates before 2025."""
    names = books.fleet.names()
    if ask.date < BACKENDS_AS_OBJECTS:
        return json_reply({"devices": names})
    fields = {field for value in ask.query.get("fields", []) for field in value.split(",")}
    return json_reply({"devices": [_device(books, name, "wait_time_seconds" in fields) for name in names]})


def status(books: Books, ask: Ask) -> Reply:
    """``GET /v1/backends/{name}/status``."""
    name = ask.ids["name"]
    books.fleet.device(name)
    standing = books.fleet.standing(name)
    return json_reply(
        {
            "state": standing.name != "offline",
            "status": WORDS[standing.name],
            "message": standing.reason,
            "length_queue": books.ledger.queue_length(name),
            "backend_version": str(books.fleet.listing(name).get("backend_version", "")),
        }
    )


def configuration(books: Books, ask: Ask) -> Reply:
    """``GET /v1/backends/{name}/configuration``."""
    return text_reply(books.fleet.configuration(ask.ids["name"]), kind="application/json")


def properties(books: Books, ask: Ask) -> Reply:
    """``GET /v1/backends/{name}/properties``, as they were at ``updated_before``."""
    before = ask.moment("updated_before")
    at = ask.now if before is None else max(0.0, min(before, ask.now))
    return text_reply(books.fleet.properties(ask.ids["name"], at), kind="application/json")


def defaults(books: Books, ask: Ask) -> Reply:
    """``GET /v1/backends/{name}/defaults``: a literal ``null``, as for today's devices."""
    books.fleet.device(ask.ids["name"])
    return json_reply(None)


def _device(books: Books, name: str, waits: bool) -> dict[str, Any]:
    standing: Standing = books.fleet.standing(name)
    device = books.fleet.listing(name) | {
        "name": name,
        "status": {"name": standing.name, "reason": standing.reason},
        "queue_length": books.ledger.queue_length(name),
    }
    if waits:
        mean = books.config.queue_seconds
        late = mean * (1.0 + books.config.jitter)
        device["wait_time_seconds"] = {"average": mean, "p50": mean, "p95": late}
    return device
