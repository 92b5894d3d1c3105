from __future__ import annotations

import pytest

from qrt_async.emulator.routes import ROUTES, match
from qrt_async.emulator.wire import segments


@pytest.mark.parametrize("prefix", ["/api", "/experimental/api"])
@pytest.mark.parametrize(
    ("method", "template"),
    [(route.method, route.template) for route in ROUTES if route.template.startswith("/v1")],
)
def test_every_endpoint_answers_under_both_prefixes(prefix: str, method: str, template: str) -> None:
    found = match(method, segments(prefix + template.replace("{id}", "x").replace("{name}", "x")))
    assert found is not None
    assert found.route is not None
    assert (found.route.method, found.route.template) == (method, template)


def test_ids_are_decoded_and_never_empty() -> None:
    found = match("GET", segments("/api/v1/jobs/a%2Fb/metrics"))
    assert found is not None
    assert found.ids == {"id": "a/b"}
    assert match("GET", segments("/api/v1/jobs/")) is None
    assert match("GET", segments("/api/v1/jobs//metrics")) is None


def test_a_path_without_the_method_is_known_and_has_no_route() -> None:
    found = match("PATCH", segments("/api/v1/jobs"))
    assert found is not None
    assert (found.template, found.route) == ("/v1/jobs", None)


@pytest.mark.parametrize("target", ["/", "/v1/jobs", "/api", "/api/v2/jobs", "/api/identity/token"])
def test_anything_else_is_unknown(target: str) -> None:
    assert match("GET", segments(target)) is None


def test_job_endpoints_need_the_documented_actions() -> None:
    needed = {f"{route.method} {route.template}": route.action for route in ROUTES if route.action}
    assert needed == {
        "POST /v1/jobs": "quantum-computing.job.create",
        "GET /v1/jobs": "quantum-computing.job.read",
        "GET /v1/jobs/{id}": "quantum-computing.job.read",
        "GET /v1/jobs/{id}/logs": "quantum-computing.job.read",
        "GET /v1/jobs/{id}/metrics": "quantum-computing.job.read",
        "GET /v1/jobs/{id}/results": "quantum-computing.job.read",
        "DELETE /v1/jobs/{id}": "quantum-computing.job.delete",
        "POST /v1/jobs/{id}/cancel": "quantum-computing.job.cancel",
        "PUT /v1/jobs/{id}/tags": "quantum-computing.job.update",
    }
