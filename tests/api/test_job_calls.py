"""The questions of api.md 2, as they are sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from qrt_async.api import job_calls
from qrt_async.api.call import Call
from qrt_async.api.job_calls import JobFilter, NewJob, RemoteStorage, StoredObject, create_job
from qrt_async.errors import InvalidInput
from tests.api.script import said

NEEDED: dict[str, Any] = {"program_id": "sampler", "backend": "ibm_fez", "params": msgspec.Raw(b'{"a":1}')}
STORED = StoredObject(region="us-east", region_type="regional", bucket_crn="crn", object_name="o")


def body(call: Call[Any]) -> Any:
    return json.loads(call.request.body or b"")


def test_a_submission_sends_what_was_said_and_nothing_else() -> None:
    call = create_job(NewJob(**NEEDED))
    assert body(call) == {"program_id": "sampler", "backend": "ibm_fez", "params": {"a": 1}}
    assert dict(call.request.headers) == {"Content-Type": "application/json"}
    assert said(call.request) == "POST /jobs"


def test_a_submission_sends_everything_that_can_be_said() -> None:
    more: dict[str, Any] = {
        "runtime": "rt:1",
        "log_level": "info",
        "cost": 0,
        "session_id": "s",
        "calibration_id": "c",
        "private": True,
    }
    storage = RemoteStorage(job_params=STORED, results=STORED, logs=STORED)
    new = NewJob(**NEEDED, **more, tags=("a", "b"), remote_storage=storage)
    call = create_job(new, parent_job_id="parent")
    stored = {
        "type": "ibmcloud_cos",
        "region": "us-east",
        "region_type": "regional",
        "bucket_crn": "crn",
        "object_name": "o",
    }
    assert body(call) == {
        "program_id": "sampler",
        "backend": "ibm_fez",
        "params": {"a": 1},
        **more,
        "tags": ["a", "b"],
        "remote_storage": {"job_params": stored, "results": stored, "logs": stored},
    }
    assert dict(call.request.headers)["Parent-Job-Id"] == "parent"


def test_logs_of_ones_own_storage_may_be_left_out() -> None:
    new = NewJob(**NEEDED, remote_storage=RemoteStorage(job_params=STORED, results=STORED))
    assert body(create_job(new))["remote_storage"].keys() == {"job_params", "results"}


def test_a_submission_is_only_repeated_if_it_never_left() -> None:
    request = create_job(NewJob(**NEEDED)).request
    assert (request.repeat, request.submits, request.action) == (
        "unsent",
        True,
        "quantum-computing.job.create",
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"program_id": ""}, "program_id"),
        ({"backend": None}, "backend"),
        ({"backend": "b" * 10_001}, "backend"),
        ({"session_id": "s" * 37}, "session_id"),
        ({"calibration_id": ""}, "calibration_id"),
        ({"cost": -1}, "cost"),
        ({"cost": 1.5}, "cost"),
        ({"cost": True}, "cost"),
        ({"log_level": "loud"}, "critical, error, warning, info, debug"),
        ({"tags": ("t",) * 9}, "at most 8"),
        ({"tags": ("t" * 87,)}, "1 to 86"),
        ({"tags": ("",)}, "1 to 86"),
        ({"tags": "abc"}, "list of texts"),
    ],
)
def test_what_the_service_would_refuse_is_refused_before(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        NewJob(**NEEDED | wrong)


def test_eight_tags_of_86_code_points_are_fine() -> None:
    assert NewJob(**NEEDED, tags=("𝛉" * 86,) * 8).tags


def test_text_that_is_none_is_refused_and_not_sent() -> None:
    with pytest.raises(InvalidInput, match="The job cannot be sent"):
        create_job(NewJob(**NEEDED, tags=("\ud800",)))
    with pytest.raises(InvalidInput, match="Parent-Job-Id"):
        create_job(NewJob(**NEEDED), parent_job_id="a\r\nX: 1")


def test_tags_are_checked_and_become_a_tuple() -> None:
    assert job_calls.as_tags(["a"]) == ("a",)
    assert job_calls.as_tags([]) == ()
    assert job_calls.as_tags(None) is None
    with pytest.raises(InvalidInput):
        job_calls.as_tags("a")


WHEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("chosen", "more", "expected"),
    [
        ({}, {}, "limit=200&sort=DESC&exclude_params=true"),
        ({}, {"limit": 5, "offset": 10}, "limit=5&offset=10&sort=DESC&exclude_params=true"),
        (
            {"pending": False, "exclude_params": False},
            {},
            "limit=200&pending=false&sort=DESC&exclude_params=false",
        ),
        (
            {"program": "sampler", "backend": "b", "sort": "ASC", "tags": ("x", "y"), "session_id": "s"},
            {},
            "limit=200&program=sampler&backend=b&sort=ASC&tags=x&tags=y&session_id=s&exclude_params=true",
        ),
        (
            {"created_after": WHEN, "created_before": WHEN},
            {},
            "limit=200&created_after=2026-01-01T00:00:00+00:00&created_before=2026-01-01T00:00:00+00:00"
            "&sort=DESC&exclude_params=true",
        ),
    ],
)
def test_the_listing_sends_every_filter(chosen: dict[str, Any], more: dict[str, int], expected: str) -> None:
    assert said(job_calls.list_jobs(JobFilter(**chosen), **more).request) == f"GET /jobs?{expected}"


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"limit": 201}, {"limit": None}, {"limit": 1.5}, {"offset": -1}, {"offset": "0"}]
)
def test_a_page_that_the_service_would_silently_replace_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="limit 1 to 200"):
        job_calls.list_jobs(JobFilter(), **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sort": "asc"},
        {"tags": "abc"},
        {"created_after": datetime(2026, 1, 1)},  # noqa: DTZ001 - the point
        {"created_before": "2026-01-01"},
    ],
)
def test_a_filter_that_means_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        JobFilter(**wrong)


@pytest.mark.parametrize(
    ("call", "expected", "template", "repeat", "verb"),
    [
        (job_calls.get_job("a/b"), "GET /jobs/a%2Fb?exclude_params=false", "/jobs/{id}", "always", "read"),
        (
            job_calls.get_job("a", exclude_params=True),
            "GET /jobs/a?exclude_params=true",
            "/jobs/{id}",
            "always",
            "read",
        ),
        (job_calls.delete_job("a"), "DELETE /jobs/a", "/jobs/{id}", "refused", "delete"),
        (job_calls.cancel_job("a"), "POST /jobs/a/cancel", "/jobs/{id}/cancel", "refused", "cancel"),
        (job_calls.get_logs("a"), "GET /jobs/a/logs", "/jobs/{id}/logs", "always", "read"),
        (job_calls.get_metrics("a"), "GET /jobs/a/metrics", "/jobs/{id}/metrics", "always", "read"),
        (job_calls.get_results("a"), "GET /jobs/a/results", "/jobs/{id}/results", "always", "read"),
        (
            job_calls.get_results_once("a", None),
            "GET /jobs/a/results",
            "/jobs/{id}/results",
            "refused",
            "read",
        ),
        (job_calls.replace_tags("a", ["t"]), "PUT /jobs/a/tags", "/jobs/{id}/tags", "always", "update"),
    ],
)
def test_the_question_the_iam_action_and_whether_it_may_be_repeated(
    call: Call[Any], expected: str, template: str, repeat: str, verb: str
) -> None:
    request = call.request
    assert said(request) == expected
    assert (request.template, request.repeat, request.action) == (
        template,
        repeat,
        f"quantum-computing.job.{verb}",
    )
    assert request.authorize
    assert not request.submits


def test_a_cancellation_names_the_parent_and_has_no_body() -> None:
    request = job_calls.cancel_job("a", parent_job_id="p").request
    assert (request.headers, request.body) == ((("Parent-Job-Id", "p"),), None)


def test_tags_replace_all_and_none_clears() -> None:
    assert body(job_calls.replace_tags("a", ["x", "y"])) == {"tags": ["x", "y"]}
    assert body(job_calls.replace_tags("a", [])) == {"tags": []}
    with pytest.raises(InvalidInput):
        job_calls.replace_tags("a", ["t"] * 9)


@pytest.mark.parametrize("wrong", ["", " ", "..", None])
@pytest.mark.parametrize(
    "call",
    [
        job_calls.get_job,
        job_calls.delete_job,
        job_calls.cancel_job,
        job_calls.get_logs,
        job_calls.get_metrics,
        job_calls.get_results,
        lambda job_id: job_calls.replace_tags(job_id, []),
    ],
)
def test_an_empty_id_is_refused_before_anything_is_sent(call: Callable[[Any], Any], wrong: Any) -> None:
    with pytest.raises(InvalidInput, match=r"The job id is .* Nothing was sent"):
        call(wrong)
