from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from qrt_async.api.call import Call, body, decoded, nothing, text
from qrt_async.api.models import JobRecord
from qrt_async.errors import Conflict, UnexpectedReply
from qrt_async.transport.wire import Reply, Request
from tests.api.script import Script, finish, reply

GET = Request(method="GET", path="/things/1", template="/things/{id}")
POST = Request(method="POST", path="/jobs", template="/jobs", submits=True)


class Thing(msgspec.Struct, frozen=True):
    n: float
    deep: Any = None


def answered(request: Request, read: Any, answer: Any) -> Any:
    return finish(Script(answer)(Call(request, read)))


def test_the_answer_is_read() -> None:
    assert answered(GET, decoded(Thing), {"n": 1}) == Thing(1.0)


def test_numbers_may_come_as_text() -> None:
    assert answered(GET, decoded(Thing), {"n": "1.5"}) == Thing(1.5)


def test_bare_nan_and_infinity_are_read_as_the_service_writes_them() -> None:
    found = answered(GET, decoded(Thing), b'{"n": NaN, "deep": [Infinity, -Infinity]}')
    assert math.isnan(found.n)
    assert found.deep == [math.inf, -math.inf]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"oops",
        b"{",
        b'{"n": "x"}',
        b'{"n": NaN',
        b'{"m": NaN}',
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 10**5,
        b'{"n": 1, "deep": ' + b"[" * 10**5,
    ],
)
def test_a_success_that_is_not_what_was_promised_is_unexpected(answer: bytes) -> None:
    with pytest.raises(UnexpectedReply, match=r"GET /things/\{id\} cannot be read") as caught:
        answered(GET, decoded(Thing), reply(answer))
    assert (caught.value.status, caught.value.submitted, caught.value.retry) == (200, "no", "after")


def test_a_moment_that_no_calendar_holds_is_unexpected_too() -> None:
    row = {"id": "x", "state": {"status": "Queued"}, "created": "0001-01-01T00:00:00+05:00"}
    with pytest.raises(UnexpectedReply):
        answered(GET, decoded(JobRecord), row)


@pytest.mark.parametrize("read", [decoded(Thing), nothing, text, body])
@pytest.mark.parametrize(
    "page", [reply(b"<html>IBM Quantum</html>", kind="text/html"), reply(b"<!DOCTYPE html>", kind="")]
)
def test_a_web_page_is_never_an_answer(read: Any, page: Reply) -> None:
    with pytest.raises(UnexpectedReply, match="web page"):
        answered(GET, read, page)


def test_a_submission_with_an_unreadable_answer_is_unclear() -> None:
    with pytest.raises(UnexpectedReply) as caught:
        answered(POST, decoded(Thing), reply(b"?"))
    assert (caught.value.submitted, caught.value.billed, caught.value.retry) == (
        "unknown",
        "unknown",
        "never",
    )


def test_errors_of_the_transport_pass() -> None:
    with pytest.raises(Conflict):
        answered(GET, decoded(Thing), Conflict("no"))


def test_bodies_without_a_model() -> None:
    assert answered(GET, text, reply("lög\n".encode() + b"\xff", kind="text/plain")) == "lög\n\ufffd"
    assert answered(GET, body, reply(b"[NaN]")) == b"[NaN]"
    assert answered(GET, body, reply(b"", code=204)) is None
    assert answered(GET, body, reply(b"")) is None
    assert answered(GET, nothing, reply(b"", code=204)) is None
