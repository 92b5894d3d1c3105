"""Every body shape of api.md 3.1 and every code of 3.2, as the error that a caller gets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import (
    Conflict,
    NotAuthorized,
    NotFound,
    Refused,
    ServiceError,
    Throttled,
    Unavailable,
    UnexpectedReply,
)
from qrt_async.transport.failures import IAM_TEMPLATE, error_for, read_body, unexpected
from qrt_async.transport.wire import Reply, Request

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GET = Request(method="GET", path="/jobs/x", template="/jobs/{id}", action="quantum-computing.job.read")
POST = Request(method="POST", path="/jobs", template="/jobs", submits=True)
IAM = Request(method="POST", path="https://iam/identity/token", template=IAM_TEMPLATE)
HTML = b"<html><head><title>413 Request Entity Too Large</title></head></html>"


def reply(code: int, body: Any = b"", kind: str = "application/json", **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(code=code, headers={"content-type": kind, **headers}, body=content)


def listed(code: Any, message: str, **more: str) -> dict[str, Any]:
    return {"errors": [{"code": code, "message": message, **more}], "trace": "c4dd86aa"}


@pytest.mark.parametrize(
    ("request_", "answer", "kind", "code", "words"),
    [
        (GET, reply(400, listed(1208, "Request validation of body failed")), Refused, 1208, "validation"),
        (GET, reply(400, listed(1352, "open plan")), Refused, 1352, "open plan"),
        (GET, reply(400, listed("1241", "Invalid CRN.")), Refused, 1241, "Invalid CRN"),
        (GET, reply(401, listed(1201, "Invalid credentials.")), NotAuthorized, 1201, "Invalid credentials"),
        (GET, reply(403, listed(1200, "Not authorized")), NotAuthorized, 1200, "quantum-computing.job.read"),
        (GET, reply(404, listed(1291, "Job not found. Job ID: x")), NotFound, 1291, "Job ID: x"),
        (GET, reply(404, listed(1279, "Instance crn:x not found")), NotFound, 1279, "crn:x"),
        (GET, reply(409, listed(1306, "Job is not cancellable.")), Conflict, 1306, "not cancellable"),
        (POST, reply(409, listed(None, "Usage exceeds instance limit")), Conflict, None, "instance limit"),
        (POST, reply(429, listed(1202, "too many requests: limit is 5 per 1m")), Throttled, 1202, "5 per 1m"),
        (GET, reply(500, listed(9999, "Internal server error")), Unavailable, 9999, "Internal"),
        (GET, reply(503, listed(1999, "planned outage")), Unavailable, 1999, "planned outage"),
        (GET, reply(404, {"error": {"code": 3250, "message": "gone"}}), NotFound, 3250, "gone"),
        (GET, reply(404, {"error": "not here"}), NotFound, None, "not here"),
        (GET, reply(404, {"error": "Not Found", "message": "device not found"}), NotFound, None, "device not"),
        (GET, reply(404, {"errors": ["logs not found"]}), NotFound, None, "logs not found"),
        (GET, reply(404, {"message": "logs not found", "code": "not_found"}), NotFound, "not_found", "logs"),
        (GET, reply(404, {"code": 1217, "message": "flat", "errors": []}), NotFound, 1217, "flat"),
        (GET, reply(404, b"logs not found", "text/plain"), NotFound, None, "logs not found"),
        (GET, reply(404, "a bare string"), NotFound, None, "a bare string"),
        (GET, reply(404, b"null"), NotFound, None, "does not know"),
        (GET, reply(404, [1, 2]), NotFound, None, "does not know"),
        (GET, reply(404), NotFound, None, "does not know"),
        (GET, reply(413, HTML, "text/html"), Refused, None, "larger than the service takes"),
        (GET, reply(403, HTML, "text/html"), Refused, None, "web page"),
        (GET, reply(401, HTML, "text/html"), Refused, None, "web page"),
        (GET, reply(520, HTML, "text/html"), Unavailable, None, "web page"),
        (GET, reply(418), Refused, None, "said no"),
        (GET, reply(302, location="https://elsewhere"), Refused, None, "redirects"),
        (IAM, reply(400, {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."}),
         NotAuthorized, "BXNIM0415E", "Check the API key"),
        (IAM, reply(400, {"errorCode": "BXNIM0109E", "errorMessage": "empty"}), NotAuthorized, "BXNIM0109E", "empty"),
        (IAM, reply(400, HTML, "text/html"), Refused, None, "web page"),
        (IAM, reply(429, {"errorCode": "BXNIM0500E", "errorMessage": "slow"}), Throttled, "BXNIM0500E", "slow"),
        (IAM, reply(500), Unavailable, None, "could not"),
    ],
)  # fmt: skip
def test_the_error_for_every_shape(
    request_: Request, answer: Reply, kind: type[ServiceError], code: int | str | None, words: str
) -> None:
    error = error_for(request_, answer, NOW)
    assert type(error) is kind
    assert error.code == code
    assert words in str(error)
    assert (error.status, error.method, error.path) == (answer.code, request_.method, request_.template)


def test_an_error_carries_what_support_will_ask_for() -> None:
    body = listed(1291, "Job not found.", solution="Verify the job ID.")
    error = error_for(GET, reply(404, body, **{"retry-after": "7"}), NOW)
    assert (error.message, error.solution, error.trace) == (
        "Job not found.",
        "Verify the job ID.",
        "c4dd86aa",
    )
    assert error.action == "quantum-computing.job.read"
    assert error.retry_after == 7.0
    assert str(error) == (
        "Job not found. Verify the job ID. [HTTP 404, code 1291, GET /jobs/{id}, trace c4dd86aa]"
    )


def test_iam_names_its_request_and_its_details() -> None:
    body = {"errorCode": "X", "errorMessage": "no", "errorDetails": "why", "context": {"requestId": "r-1"}}
    error = error_for(IAM, reply(400, body), NOW)
    assert (error.solution, error.trace) == ("why", "r-1")


@pytest.mark.parametrize(
    ("code", "submitted", "retry"),
    [
        (400, "no", "never"),
        (409, "no", "never"),
        (429, "no", "after"),
        (500, "unknown", "never"),
        (504, "unknown", "never"),
    ],
)
def test_after_a_5xx_a_submission_is_unclear_and_after_a_4xx_it_is_not(
    code: int, submitted: str, retry: str
) -> None:
    error = error_for(POST, reply(code), NOW)
    assert (error.submitted, error.billed, error.retry) == (submitted, submitted, retry)


def test_a_question_submits_nothing() -> None:
    assert error_for(GET, reply(500), NOW).submitted == "no"
    assert error_for(GET, reply(500), NOW).retry == "after"


def test_a_success_that_cannot_be_one() -> None:
    error = unexpected(POST, reply(200, b"<html>"), "a web page")
    assert isinstance(error, UnexpectedReply)
    assert (error.submitted, error.status) == ("unknown", 200)
    assert unexpected(GET, reply(200), "empty").submitted == "no"


@pytest.mark.parametrize(
    "body",
    [
        b"the key k-123 is bad",
        b'{"errors":[{"message":"k-123","solution":"not k-123","code":"k-123"}],"trace":"k-123"}',
        b'{"error":"k-123"}',
        b'"k-123"',
    ],
)
def test_a_secret_that_the_service_repeats_is_blotted_out(body: bytes) -> None:
    error = error_for(GET, reply(400, body), NOW, secrets=("", "k-123"))
    assert "k-123" not in f"{error} {error.__dict__}"
    assert "***" in str(error)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"error":' * 50_000, b'{"code":"' + b"9" * 5000 + b'"}'])
def test_a_hostile_body_is_still_an_error_of_ours(body: bytes) -> None:
    assert type(error_for(GET, reply(404, body), NOW)) is NotFound


def test_no_text_is_endless() -> None:
    assert len(str(error_for(GET, reply(400, {"message": "x" * 10**6}), NOW))) < 5000
    assert len(str(error_for(GET, reply(400, b"x" * 10**6), NOW))) < 5000


@given(st.binary())
def test_any_bytes_can_be_read(body: bytes) -> None:
    said = read_body(reply(500, body))
    assert said.message is None or isinstance(said.message, str)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["errors", "error", "code", "message", "trace", "context"]), inner)
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_json_can_be_read(body: Any) -> None:
    said = read_body(reply(500, json.dumps(body).encode()))
    assert said.code is None or isinstance(said.code, (int, str))
    assert said.trace is None or isinstance(said.trace, str)
