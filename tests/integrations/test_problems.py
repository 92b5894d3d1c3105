"""Errors as their clients see them: a fitting code, words about their own doing, nothing of the inside."""

from __future__ import annotations

import asyncio
import inspect
import json
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async import errors
from qrt_async.errors import LineFull, QrtError, ServiceError
from qrt_async.integrations import asgi
from qrt_async.integrations.problems import Problem
from qrt_async.integrations.replies import Message

SECRETS = [
    "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222::",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl",
    "Bearer abc123.def",
    "user:password@",
]
CLASSES = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, QrtError)]


def made(kind: type[QrtError], text: str = "words") -> QrtError:
    """One of each class."""
    if issubclass(kind, LineFull):
        return kind(text, retry_after=12.3)
    return kind(text)


async def call(app: Any, path: str = "/x", method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    sent: list[Message] = []

    async def receive() -> Message:
        return await asyncio.Future[Message]()

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "path": path, "method": method, "headers": []}, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
async def test_every_error_has_a_problem(kind: type[QrtError]) -> None:
    error = made(kind)
    status, headers, body = await call(asgi.problem(error, instance="/jobs"))
    said = json.loads(body)
    assert headers["content-type"] == "application/problem+json"
    assert int(headers["content-length"]) == len(body)
    assert said["status"] == status >= 400
    assert said["title"]
    assert said["type"].startswith("urn:qrt-async:")
    assert (said["submitted"], said["billed"], said["retry"]) == (error.submitted, error.billed, error.retry)
    assert said["instance"] == "/jobs"


def test_each_class_has_a_type_of_its_own() -> None:
    assert len({asgi.problem(made(kind)).type for kind in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidInput("x"), 422),
        (errors.NotISA("x"), 422),
        (errors.UnknownSubmission("x"), 404),
        (errors.NotFound("x", status=404), 404),
        (errors.Throttled("x", status=429, retry_after=2), 503),
        (errors.Unreachable("x"), 502),
        (errors.Unavailable("x", status=500), 503),
        (errors.TimedOut("x"), 504),
        (errors.NotAuthorized("x", status=401), 502),
        (errors.Refused("x", status=400), 422),
        (errors.Refused("x", status=405), 502),
        (errors.JournalError("x"), 503),
        (errors.ServiceClosed("x"), 503),
        (QrtError("x"), 500),
    ],
)
def test_codes(error: QrtError, status: int) -> None:
    assert asgi.problem(error).status == status


async def test_a_full_line_says_when_to_come_back() -> None:
    status, headers, body = await call(asgi.problem(LineFull("full", retry_after=12.3)))
    assert (status, headers["retry-after"]) == (503, "13")
    assert json.loads(body)["retry_after"] == 13


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_nothing_secret_is_told(kind: type[QrtError], secret: str) -> None:
    url = f"https://{secret}host/x" if secret.endswith("@") else secret
    error = made(kind, f"it was {url} and more")
    for name in ("solution", "reason", "trace"):
        if hasattr(error, name):
            setattr(error, name, f"see {url}")
    assert secret not in asgi.problem(error).body.decode()


def test_what_is_the_applications_own_affair_is_not_told() -> None:
    said = asgi.problem(errors.JournalError("The journal /srv/app/runs.db cannot be used")).to_dict()
    assert "/srv" not in str(said)
    denied = errors.NotAuthorized("account 0815 may not", status=403, trace="t1", solution="ask ops", code=7)
    said = asgi.problem(denied).to_dict()
    assert ("0815" in str(said), "ops" in str(said)) == (False, False)
    assert (said["trace"], said["code"]) == ("t1", 7)


def test_how_a_job_failed_is_told() -> None:
    error = qrt.JobFailed("Job x failed", job_id="x", reason="bad", reason_code=1517, solution="transpile it")
    said = asgi.problem(error).to_dict()
    assert {name: said[name] for name in ("job_id", "reason", "reason_code", "solution")} == {
        "job_id": "x",
        "reason": "bad",
        "reason_code": 1517,
        "solution": "transpile it",
    }


def test_an_error_of_a_kind_to_come_is_told_as_what_it_is_besides() -> None:
    class Newer(ServiceError):
        """Not known here."""

    assert asgi.problem(Newer("x")).type == "urn:qrt-async:service-error"


# --- the middleware ---------------------------------------------------------------------------------------


async def test_the_middleware_answers_for_what_a_handler_raises() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise LineFull("full", retry_after=3)

    status, headers, body = await call(asgi.Problems(app), path="/jobs")
    assert (status, headers["retry-after"], json.loads(body)["instance"]) == (503, "3", "/jobs")


async def test_also_for_what_a_task_group_wrapped() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ExceptionGroup("g", [ExceptionGroup("g", [errors.UnknownSubmission("x")])])

    assert (await call(asgi.Problems(app)))[0] == 404


@pytest.mark.parametrize(
    "error",
    [
        asyncio.CancelledError(),
        ZeroDivisionError(),
        KeyboardInterrupt(),
        ExceptionGroup("g", [QrtError("x"), ZeroDivisionError()]),
        BaseExceptionGroup("g", [QrtError("x"), asyncio.CancelledError()]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_everything_else_passes(error: BaseException) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        await call(asgi.Problems(app))
    assert caught.value is error


async def test_once_an_answer_has_begun_nothing_is_added_to_it() -> None:
    sent: list[Message] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise QrtError("late")

    async def send(message: Message) -> None:
        sent.append(message)

    with pytest.raises(QrtError, match="late"):
        await asgi.Problems(app)({"type": "http", "path": "/"}, lambda: asyncio.Future(), send)
    assert len(sent) == 1


async def test_what_is_no_http_passes() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise QrtError("x")

    with pytest.raises(QrtError):
        await asgi.Problems(app)({"type": "websocket"}, lambda: asyncio.Future(), lambda _: asyncio.Future())


async def test_head_has_the_headers_alone() -> None:
    status, headers, body = await call(asgi.problem(QrtError("x")), method="HEAD")
    assert (status, body) == (500, b"")
    assert int(headers["content-length"]) > 0


def test_in_fastapi_it_is_one_of_its_responses() -> None:
    import starlette.responses

    found = asgi.problem(QrtError("x"))
    assert isinstance(found, starlette.responses.Response)
    assert isinstance(found, Problem)
    assert found.headers["content-type"] == "application/problem+json"
