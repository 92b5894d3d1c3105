"""Each method asks its endpoint's question and hands the answer on."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from qrt_async.api.resources import (
    Accounts,
    Endpoints,
    Instances,
    Resource,
    Sessions,
    Tags,
    Versions,
    Workloads,
)
from tests.api.script import Script

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "method", "arguments", "answer", "expected"),
    [
        (Sessions, "get", {"session_id": "s"}, {"id": "s"}, "GET /sessions/s"),
        (Sessions, "update", {"session_id": "s", "accepting_jobs": True}, None, "PATCH /sessions/s"),
        (Sessions, "close", {"session_id": "s"}, None, "PATCH /sessions/s"),
        (Sessions, "cancel", {"session_id": "s"}, None, "DELETE /sessions/s/close"),
        (Instances, "get", {}, {"plan_id": "p"}, "GET /instance"),
        (Instances, "usage", {}, {"plan_id": "p"}, "GET /instances/usage"),
        (Instances, "configuration", {}, {"instance_limit": 5}, "GET /instances/configuration"),
        (Instances, "update_configuration", {"instance_limit": 5}, None, "PUT /instances/configuration"),
        (Accounts, "get", {"account_id": "a"}, {"plans": []}, "GET /accounts/a"),
        (Accounts, "get", {"account_id": "a", "plan_id": "p"}, {}, "GET /accounts/a?plan_id=p"),
        (Tags, "list", {"search": "abc"}, {"tags": ["abcd"]}, "GET /tags?type=job&search=abc"),
        (
            Workloads,
            "list",
            {"user": "me", "limit": 5, "status": ["failed"], "tags": ("t",), "created_after": WHEN},
            {"workloads": []},
            "GET /workloads?user=me&limit=5&status=failed&created_after=2026-01-01T00:00:00+00:00&tags=t",
        ),
        (Endpoints, "list", {"wait_times": True}, {"devices": []}, "GET /backends?fields=wait_time_seconds"),
        (Endpoints, "status", {"name": "b"}, {"length_queue": 1}, "GET /backends/b/status"),
        (
            Endpoints,
            "configuration",
            {"name": "b", "calibration_id": "c"},
            {"n_qubits": 1},
            "GET /backends/b/configuration?calibration_id=c",
        ),
        (
            Endpoints,
            "properties",
            {"name": "b", "updated_before": WHEN},
            {"qubits": []},
            "GET /backends/b/properties?updated_before=2026-01-01T00:00:00+00:00",
        ),
        (Endpoints, "defaults", {"name": "b"}, b"null", "GET /backends/b/defaults"),
    ],
)
async def test_one_method_one_question(
    kind: type[Resource], method: str, arguments: dict[str, Any], answer: Any, expected: str
) -> None:
    script = Script(answer)
    await getattr(kind(script), method)(**arguments)
    assert script.said == [expected]


async def test_answers_arrive_as_records() -> None:
    assert (await Sessions(Script({"id": "s", "mode": "batch"})).get("s")).mode == "batch"
    assert (await Instances(Script({"usage_consumed_seconds": "7"})).usage()).usage_consumed_seconds == 7.0
    assert (await Tags(Script({"tags": ["abcd"]})).list("abc")).tags == ("abcd",)
    assert (await Endpoints(Script({"devices": [{"name": "ibm_a"}]})).list())[0].name == "ibm_a"
    assert (await Endpoints(Script({"length_queue": 3})).status("b")).length_queue == 3
    assert (await Versions(Script({"versions": ["2026-04-15"]})).get())[0].version == date(2026, 4, 15)
    assert await Accounts(Script({"a": 1})).get("a") == {"a": 1}


async def test_a_session_is_created_with_what_was_said() -> None:
    said: dict[str, Any] = {
        "mode": "dedicated",
        "max_ttl": 60,
        "backend_name": "n",
        "instance": "crn",
        "interactive_ttl": 1,
        "active_ttl": 2,
    }
    script = Script({"id": "s"})
    assert (await Sessions(script).create("b", **said)).id == "s"
    assert json.loads(script.asked[0].body or b"") == {"backend": "b", **said}


@pytest.mark.parametrize("accepting", [True, False])
async def test_closing_gracefully_is_an_update(accepting: bool) -> None:
    script = Script()
    sessions = Sessions(script)
    await sessions.update("s", accepting_jobs=accepting)
    await sessions.close("s")
    assert [json.loads(asked.body or b"") for asked in script.asked] == [
        {"accepting_jobs": accepting},
        {"accepting_jobs": False},
    ]
