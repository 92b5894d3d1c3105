"""Judges one exchange by the reference of the wire: what may answer what, in which shape, at which date.

It shares nothing with the emulator nor with the client: neither can confirm its own mistake here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from tests.journeys.wire import backends, jobs, resources

DATES = ("2025-01-01", "2025-05-01", "2025-06-01", "2026-02-01", "2026-02-15", "2026-03-15", "2026-04-15")
NEW_USAGE, TIME_AT_ROOT = "2026-03-15", "2026-04-15"
COMMON = frozenset({400, 401, 403, 404})
TROUBLE = frozenset({413, 429, 500, 502, 503, 504})
"""What stands in front of the service, or scripted faults, may answer anywhere."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its reply, as ``--record`` writes them."""

    method: str
    target: str
    request_headers: Mapping[str, str]
    request_body: str
    status: int
    reply_headers: Mapping[str, str]
    reply_body: str
    mishap: Any = None

    @property
    def path(self) -> str:
        """Below the API's root."""
        return re.sub(r"^(/experimental)?/api(?=/v1)", "", self.target.partition("?")[0])

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(self.target.partition("?")[2], keep_blank_values=True)

    @property
    def date(self) -> str:
        """The API date asked for; without one, the newest."""
        return self.request_headers.get("ibm-api-version", DATES[-1])

    @property
    def kind(self) -> str:
        return self.reply_headers.get("Content-Type", "").partition(";")[0]


class Endpoint(msgspec.Struct, frozen=True):
    """What a path may answer besides trouble; ``shape`` is that of a 200, by ascending dates."""

    method: str
    path: str
    success: frozenset[int]
    refusals: frozenset[int]
    shapes: tuple[tuple[str, Any], ...] = ()

    def matches(self, exchange: Exchange) -> bool:
        pattern = re.sub(r"\{\w+\}", "[^/]+", self.path)
        return exchange.method == self.method and re.fullmatch(pattern, exchange.path) is not None

    def shape(self, date: str) -> Any:
        return [shape for since, shape in self.shapes if since <= date][-1]


def _gives(method: str, path: str, *shapes: Any, also: tuple[int, ...] = ()) -> Endpoint:
    """A 200 of one shape, or of several from given dates on."""
    dated = tuple(shape if isinstance(shape, tuple) else ("", shape) for shape in shapes)
    return Endpoint(method, path, frozenset({200}), COMMON | {*also}, dated)


def _does(method: str, path: str, *also: int) -> Endpoint:
    """A 204 without a body."""
    return Endpoint(method, path, frozenset({204}), COMMON | {*also})


ENDPOINTS = (
    _gives("POST", "/identity/token", resources.Token),
    _gives("POST", "/v1/jobs", jobs.Accepted, also=(409,)),
    _gives("GET", "/v1/jobs", jobs.OldPage, (NEW_USAGE, jobs.NewPage)),
    _gives("GET", "/v1/jobs/{id}", jobs.OldJob, (NEW_USAGE, jobs.NewJob)),
    _does("DELETE", "/v1/jobs/{id}"),
    _does("POST", "/v1/jobs/{id}/cancel", 409),
    _does("PUT", "/v1/jobs/{id}/tags"),
    Endpoint("GET", "/v1/jobs/{id}/logs", frozenset({200}), COMMON),
    _gives("GET", "/v1/jobs/{id}/metrics", jobs.OldMetrics, (NEW_USAGE, jobs.MiddleMetrics),
           (TIME_AT_ROOT, jobs.NewMetrics)),
    Endpoint("GET", "/v1/jobs/{id}/results", frozenset({200, 204}), COMMON),
    _gives("GET", "/v1/tags", jobs.FoundTags),
    _gives("GET", "/v1/workloads", resources.Workloads),
    _gives("GET", "/v1/backends", backends.Names, ("2025-01-01", backends.Devices)),
    _gives("GET", "/v1/backends/{name}/status", backends.BackendStatus),
    _gives("GET", "/v1/backends/{name}/configuration", backends.Configuration),
    _gives("GET", "/v1/backends/{name}/properties", backends.Properties),
    _gives("GET", "/v1/backends/{name}/defaults", None),
    _gives("POST", "/v1/sessions", resources.Session),
    _gives("GET", "/v1/sessions/{id}", resources.Session),
    _does("PATCH", "/v1/sessions/{id}"),
    _does("DELETE", "/v1/sessions/{id}/close"),
    _gives("GET", "/v1/instance", resources.Instance),
    _gives("GET", "/v1/instances/usage", resources.InstanceUsage),
    _gives("GET", "/v1/instances/configuration", resources.InstanceConfiguration),
    _does("PUT", "/v1/instances/configuration"),
    _gives("GET", "/v1/accounts/{id}", resources.Account),
    _gives("GET", "/v1/versions", resources.Versions),
)  # fmt: skip


def endpoint(exchange: Exchange) -> Endpoint | None:
    return next((one for one in ENDPOINTS if one.matches(exchange)), None)


def objections(exchange: Exchange) -> list[str]:
    """What is wrong with the reply; empty when nothing is. A reply that trouble spoils on its way is let be."""
    if exchange.mishap is not None or exchange.path.startswith("/_emulator"):
        return []
    found = endpoint(exchange)
    try:
        if found is None:
            _refused(exchange)
        elif exchange.status in found.success:
            _succeeded(exchange, found)
        elif exchange.status in found.refusals | TROUBLE:
            _refused(exchange)
        else:
            raise ValueError("a status that is not documented")
    except (msgspec.MsgspecError, ValueError) as error:
        where = f"{exchange.method} {unquote(exchange.target)} at {exchange.date} -> {exchange.status}"
        return [f"{where}: {error}: {exchange.reply_body[:400]}"]
    return []


def _succeeded(exchange: Exchange, found: Endpoint) -> None:
    if exchange.status == 204:
        _expect(exchange.reply_body == "", "a 204 with a body")
        return
    if not found.shapes:
        _expect(exchange.kind in ("text/plain", "application/json"), f"text as {exchange.kind!r}")
        return
    _expect(exchange.kind == "application/json", f"JSON as {exchange.kind!r}")
    value = msgspec.json.decode(exchange.reply_body, type=found.shape(exchange.date))
    if isinstance(value, jobs.Page):
        _check_params(exchange, value.jobs, default=True)
    if isinstance(value, jobs.Job):
        _check_params(exchange, [value], default=False)


def _check_params(exchange: Exchange, found: list[jobs.Job], *, default: bool) -> None:
    asked = exchange.query.get("exclude_params", [str(default).lower()])[0]
    for job in found:
        if asked == "true":
            _expect(job.params in (msgspec.UNSET, {}), "params that were excluded")
        else:
            _expect(job.params is not msgspec.UNSET, "no params")


def _refused(exchange: Exchange) -> None:
    """An error body as the service, IAM or the edge in front of both writes it."""
    if exchange.kind == "text/html":
        _expect(exchange.reply_body.lower().startswith(("<html", "<!doctype")), "HTML that is none")
    elif exchange.path == "/identity/token":
        msgspec.json.decode(exchange.reply_body, type=resources.IamRefusal)
    else:
        refusal = msgspec.json.decode(exchange.reply_body, type=resources.Refusal)
        throttled = exchange.status == 429
        _expect(throttled == (refusal.errors[0].code == 1202), f"{exchange.status} with {refusal.errors[0]}")
        wait = exchange.reply_headers.get("Retry-After")
        _expect(wait is None or (wait.isdigit() and int(wait) > 0), f"Retry-After: {wait}")


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
