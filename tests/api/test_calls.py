"""The questions of api.md 4, as they are sent, and the answers that have two shapes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from qrt_async.api import calls
from qrt_async.api.call import Call
from qrt_async.api.calls import NewSession, WorkloadFilter
from qrt_async.errors import InvalidInput, UnexpectedReply
from tests.api.script import Script, finish, said

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("call", "expected", "template"),
    [
        (calls.list_backends(), "GET /backends", "/backends"),
        (calls.list_backends(wait_times=True), "GET /backends?fields=wait_time_seconds", "/backends"),
        (calls.backend_status("b/x"), "GET /backends/b%2Fx/status", "/backends/{name}/status"),
        (
            calls.backend_configuration("b", "c"),
            "GET /backends/b/configuration?calibration_id=c",
            "/backends/{name}/configuration",
        ),
        (
            calls.backend_properties("b", updated_before=WHEN, calibration_id="c"),
            "GET /backends/b/properties?updated_before=2026-01-01T00:00:00+00:00&calibration_id=c",
            "/backends/{name}/properties",
        ),
        (calls.backend_defaults("b"), "GET /backends/b/defaults", "/backends/{name}/defaults"),
        (calls.create_session(NewSession(mode="batch", backend="b")), "POST /sessions", "/sessions"),
        (calls.get_session("s?"), "GET /sessions/s%3F", "/sessions/{id}"),
        (calls.update_session("s", accepting_jobs=False), "PATCH /sessions/s", "/sessions/{id}"),
        (calls.cancel_session("s"), "DELETE /sessions/s/close", "/sessions/{id}/close"),
        (calls.instance(), "GET /instance", "/instance"),
        (calls.instance_usage(), "GET /instances/usage", "/instances/usage"),
        (calls.instance_configuration(), "GET /instances/configuration", "/instances/configuration"),
        (
            calls.update_instance_configuration(5.0),
            "PUT /instances/configuration",
            "/instances/configuration",
        ),
        (calls.account("a", "p"), "GET /accounts/a?plan_id=p", "/accounts/{id}"),
        (calls.list_tags("abc"), "GET /tags?type=job&search=abc", "/tags"),
        (calls.list_workloads(WorkloadFilter()), "GET /workloads", "/workloads"),
        (calls.versions(), "GET /versions", "/versions"),
    ],
)
def test_the_question(call: Call[Any], expected: str, template: str) -> None:
    assert said(call.request) == expected
    assert call.request.template == template
    assert call.request.authorize is (template != "/versions")


def test_workloads_send_every_filter() -> None:
    chosen = WorkloadFilter(
        user="me",
        sort="-createdAt",
        limit=50,
        next="n",
        previous="p",
        backend="b",
        search="s",
        status=["pending", "canceled"],
        mode=("job", "batch"),
        created_after=WHEN,
        created_before=WHEN,
        tags=["t", "u"],
    )
    assert calls.list_workloads(chosen).request.query == (
        ("user", "me"),
        ("sort", "-createdAt"),
        ("limit", "50"),
        ("next", "n"),
        ("previous", "p"),
        ("backend", "b"),
        ("search", "s"),
        ("status", "pending"),
        ("status", "canceled"),
        ("mode", "job"),
        ("mode", "batch"),
        ("created_after", "2026-01-01T00:00:00+00:00"),
        ("created_before", "2026-01-01T00:00:00+00:00"),
        ("tags", "t"),
        ("tags", "u"),
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 51}, "limit"),
        ({"status": "pending"}, "status"),
        ({"mode": "job"}, "mode"),
        ({"tags": "t"}, "tags"),
        ({"created_after": datetime(2026, 1, 1)}, "created_after"),  # noqa: DTZ001 - the point
    ],
)
def test_a_filter_of_workloads_that_means_nothing_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        calls.list_workloads(WorkloadFilter(**wrong))


def test_the_body_of_a_session() -> None:
    small = calls.create_session(NewSession(mode="batch", backend="b")).request
    assert json.loads(small.body or b"") == {"mode": "batch", "backend": "b"}
    assert small.repeat == "refused"
    everything: dict[str, Any] = {
        "mode": "dedicated",
        "backend": "b",
        "backend_name": "n",
        "instance": "crn",
        "max_ttl": 1,
        "interactive_ttl": 2,
        "active_ttl": 3,
    }
    whole = calls.create_session(NewSession(**everything)).request
    assert json.loads(whole.body or b"") == everything
    assert dict(whole.headers) == {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "wrong", [{"mode": "shared"}, {"backend": ""}, {"max_ttl": 0}, {"max_ttl": 1.5}, {"active_ttl": True}]
)
def test_a_session_that_the_service_would_refuse(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        NewSession(**{"mode": "batch", "backend": "b"} | wrong)


def test_the_other_bodies() -> None:
    assert calls.update_session("s", accepting_jobs=False).request.body == b'{"accepting_jobs":false}'
    assert calls.update_instance_configuration(None).request.body == b'{"instance_limit":null}'


@pytest.mark.parametrize("search", ["", "ab", "a" * 101, None])
def test_a_search_for_tags_has_3_to_100_characters(search: Any) -> None:
    with pytest.raises(InvalidInput, match="3 to 100"):
        calls.list_tags(search)


@pytest.mark.parametrize(
    "call",
    [
        calls.backend_status,
        calls.backend_configuration,
        calls.backend_properties,
        calls.backend_defaults,
        calls.get_session,
        calls.cancel_session,
        calls.account,
        lambda name: calls.update_session(name, accepting_jobs=True),
    ],
)
def test_an_empty_name_is_refused_before_anything_is_sent(call: Callable[[str], Any]) -> None:
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        call("")


def answered(call: Call[Any], answer: Any) -> Any:
    return finish(Script(answer)(call))


def test_devices_as_objects_and_at_the_oldest_date_as_names() -> None:
    found = answered(calls.list_backends(), {"devices": ["ibm_a", {"name": "ibm_b", "qubits": 5}]})
    assert [(device.name, device.qubits) for device in found] == [("ibm_a", None), ("ibm_b", 5)]


@pytest.mark.parametrize(
    "answer",
    [
        {"versions": [{"version": "2026-02-15", "status": "live"}, {"version": "2026-04-15"}]},
        {"versions": ["2026-02-15", "2026-04-15"]},
        ["2026-02-15", "2026-04-15"],
    ],
)
def test_versions_in_their_three_shapes(answer: Any) -> None:
    found = answered(calls.versions(), answer)
    assert [entry.version for entry in found] == [date(2026, 2, 15), date(2026, 4, 15)]


def test_defaults_and_properties_may_be_null_and_a_configuration_may_not() -> None:
    assert answered(calls.backend_defaults("b"), b"null") is None
    assert answered(calls.backend_properties("b"), b"null") is None
    assert answered(calls.backend_configuration("b"), {"n_qubits": 5, "dt": 1e-9}) == {
        "n_qubits": 5,
        "dt": 1e-9,
    }
    for broken in (b"null", b"[]", b""):
        with pytest.raises(UnexpectedReply):
            answered(calls.backend_configuration("b"), broken)
