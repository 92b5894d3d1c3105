"""Every path of the service: which handler, and which IAM action it needs."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from .ask import Ask
from .books import Books
from .endpoints import backends, create, identity, instances, jobs, listing, sessions, workloads
from .wire import Reply

Handler = Callable[[Books, Ask], Reply]


class Route(msgspec.Struct, frozen=True):
    """One endpoint. ``guarded`` ones need a bearer token, a CRN and a date."""

    method: str
    template: str
    handler: Handler
    action: str | None = None
    guarded: bool = True

    @property
    def creates_job(self) -> bool:
        """Whether the reply names a job that the path does not."""
        return self.action == _job("create")

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.template.split("/")[1:])


def _job(verb: str) -> str:
    return f"quantum-computing.job.{verb}"


ROUTES = (
    Route("POST", "/identity/token", identity.token, guarded=False),
    Route("POST", "/v1/jobs", create.create, _job("create")),
    Route("GET", "/v1/jobs", listing.list_jobs, _job("read")),
    Route("GET", "/v1/jobs/{id}", jobs.get, _job("read")),
    Route("DELETE", "/v1/jobs/{id}", jobs.delete, _job("delete")),
    Route("POST", "/v1/jobs/{id}/cancel", jobs.cancel, _job("cancel")),
    Route("GET", "/v1/jobs/{id}/logs", jobs.logs, _job("read")),
    Route("GET", "/v1/jobs/{id}/metrics", jobs.job_metrics, _job("read")),
    Route("GET", "/v1/jobs/{id}/results", jobs.results, _job("read")),
    Route("PUT", "/v1/jobs/{id}/tags", jobs.replace_tags, _job("update")),
    Route("GET", "/v1/tags", listing.search_tags),
    Route("GET", "/v1/workloads", workloads.list_workloads),
    Route("GET", "/v1/backends", backends.list_backends),
    Route("GET", "/v1/backends/{name}/status", backends.status),
    Route("GET", "/v1/backends/{name}/configuration", backends.configuration),
    Route("GET", "/v1/backends/{name}/properties", backends.properties),
    Route("GET", "/v1/backends/{name}/defaults", backends.defaults),
    Route("POST", "/v1/sessions", sessions.create),
    Route("GET", "/v1/sessions/{id}", sessions.get),
    Route("PATCH", "/v1/sessions/{id}", sessions.update),
    Route("DELETE", "/v1/sessions/{id}/close", sessions.cancel),
    Route("GET", "/v1/instance", instances.instance),
    Route("GET", "/v1/instances/usage", instances.usage),
    Route("GET", "/v1/instances/configuration", instances.configuration),
    Route("PUT", "/v1/instances/configuration", instances.update_configuration),
    Route("GET", "/v1/accounts/{id}", instances.account),
    Route("GET", "/v1/versions", instances.list_versions, guarded=False),
)

API_PREFIXES = (("api",), ("experimental", "api"))
"""The second is for the official client, which takes a URL as it stands when it says ``experimental``."""


class Match(msgspec.Struct, frozen=True):
    """What a path means: the template without the prefix, its ids, and the route if the method has one."""

    template: str
    ids: dict[str, str]
    route: Route | None = None


def match(method: str, path: tuple[str, ...]) -> Match | None:
    """Find the endpoint of a path; ``None`` when there is none of any method."""
    inner = _inner(path)
    found: Match | None = None
    for route in ROUTES:
        ids = _ids(route.parts, inner)
        if ids is not None and route.method == method:
            return Match(route.template, ids, route)
        if ids is not None:
            found = Match(route.template, ids)
    return found


def _inner(path: tuple[str, ...]) -> tuple[str, ...]:
    for prefix in API_PREFIXES:
        if path[: len(prefix)] == prefix and path[len(prefix) :][:1] == ("v1",):
            return path[len(prefix) :]
    return path if path[:1] == ("identity",) else ()


def _ids(parts: tuple[str, ...], path: tuple[str, ...]) -> dict[str, str] | None:
    """The ids where the template has braces; ``None`` when the path is another one. No id is empty."""
    if len(parts) != len(path):
        return None
    ids: dict[str, str] = {}
    for part, given in zip(parts, path, strict=True):
        if part.startswith("{") and given:
            ids[part[1:-1]] = given
        elif part != given:
            return None
    return ids
