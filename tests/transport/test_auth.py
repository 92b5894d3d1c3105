from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from qrt_async.errors import NotAuthorized, Unavailable
from qrt_async.transport.auth import (
    Clocks,
    Renew,
    Token,
    conversation,
    exchange,
    given_token,
    read_token,
    subject,
)
from qrt_async.transport.wire import Reply, Request

NOW = Clocks(100.0, 1_700_000_000.0)
ASKED = Request(method="GET", path="/jobs", template="/jobs")
OPEN = Request(method="GET", path="/versions", template="/versions", authorize=False)


def reply(code: int, kind: str = "application/json", body: bytes = b"{}") -> Reply:
    return Reply(code=code, headers={"content-type": kind}, body=body)


def token(text: str = "t", life: float = 3600.0) -> Token:
    return Token(text=text, born=NOW, life=life)


def lead(request: Request, at_hand: Token | None, *answers: Reply | Token) -> tuple[list[str], Reply]:
    """Answer the conversation in order; what it asked for, in words, and how it ended."""
    talk = conversation(request, at_hand)
    said: list[str] = []
    wish = next(talk)
    for answer in answers:
        said.append(_words(wish))
        try:
            wish = talk.send(answer)
        except StopIteration as end:
            return said, end.value
    raise AssertionError(f"it asks on: {_words(wish)}")


def _words(wish: Request | Renew) -> str:
    if isinstance(wish, Renew):
        return f"renew {wish.worn.text if wish.worn else None}"
    return dict(wish.headers).get("Authorization", "unsigned")


def test_with_a_token_at_hand_it_is_one_request() -> None:
    assert lead(ASKED, token(), reply(200)) == (["Bearer t"], reply(200))


def test_without_a_token_one_is_fetched_first() -> None:
    assert lead(ASKED, None, token("new"), reply(200))[0] == ["renew None", "Bearer new"]


def test_a_401_brings_one_new_token_and_one_repetition() -> None:
    said, end = lead(ASKED, token("old"), reply(401), token("new"), reply(200))
    assert said == ["Bearer old", "renew old", "Bearer new"]
    assert end.code == 200


def test_a_second_401_is_the_answer() -> None:
    said, end = lead(ASKED, token("old"), reply(401), token("new"), reply(401))
    assert (len(said), end.code) == (3, 401)


def test_a_web_page_with_401_says_nothing_about_the_token() -> None:
    assert lead(ASKED, token(), reply(401, "text/html")) == (["Bearer t"], reply(401, "text/html"))


@pytest.mark.parametrize("code", [200, 403, 404, 500])
def test_other_answers_need_no_new_token(code: int) -> None:
    assert lead(ASKED, token(), reply(code))[0] == ["Bearer t"]


def test_what_needs_no_authorization_gets_none_even_after_a_401() -> None:
    assert lead(OPEN, None, reply(401)) == (["unsigned"], reply(401))


@pytest.mark.parametrize(
    ("age", "state"),
    [(0, "fresh"), (79, "fresh"), (80, "ageing"), (89, "ageing"), (90, "dead"), (1e9, "dead")],
)
def test_a_token_of_100_seconds_ages_at_80_and_is_dead_10_before_its_end(age: float, state: str) -> None:
    assert token(life=100).freshness(Clocks(NOW.loop + age, NOW.wall + age)) == state


def test_the_clock_that_moved_further_decides() -> None:
    slept = Clocks(NOW.loop + 1, NOW.wall + 5000)
    set_back = Clocks(NOW.loop + 5000, NOW.wall - 9999)
    assert token().freshness(slept) == token().freshness(set_back) == "dead"


def test_the_exchange_is_iams_form() -> None:
    asked = exchange("https://iam.test/identity/token", "k&y=1")
    assert (asked.method, asked.path, asked.template) == (
        "POST",
        "https://iam.test/identity/token",
        "/identity/token",
    )
    assert parse_qs((asked.body or b"").decode()) == {
        "grant_type": ["urn:ibm:params:oauth:grant-type:apikey"],
        "apikey": ["k&y=1"],
        "response_type": ["cloud_iam"],
    }
    assert asked.repeat == "always"
    assert not asked.authorize
    assert "k&y" not in repr(asked)


@pytest.mark.parametrize(
    ("body", "life"),
    [
        (b'{"access_token":"t","expires_in":3600,"token_type":"Bearer","expiration":1}', 3600.0),
        (b'{"access_token":"t","expires_in":"60"}', 60.0),
        (b'{"access_token":"t","expires_in":null}', 300.0),
        (b'{"access_token":"t"}', 300.0),
    ],
)
def test_what_iam_grants(body: bytes, life: float) -> None:
    assert read_token(reply(200, body=body), NOW) == Token(text="t", born=NOW, life=life)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<html>",
        b'{"access_token":""}',
        b'{"access_token":"a\\r\\nX: 1"}',
        b'{"access_token":7}',
        b"\xff",
        b"[" * 10**5,
    ],
)
def test_a_grant_without_a_token_is_unavailable_and_may_be_tried_again(body: bytes) -> None:
    with pytest.raises(Unavailable, match="without a token") as caught:
        read_token(reply(200, body=body), NOW)
    assert caught.value.retry == "after"
    assert caught.value.__cause__ is None


def jwt(claims: Any) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{middle}.sign"


@pytest.mark.parametrize(
    ("text", "life"),
    [
        (jwt({"exp": NOW.wall + 1000}), 1000.0),
        (jwt({"exp": int(NOW.wall) - 5}), -5.0),
        (jwt({"exp": "nan"}), 300.0),
        (jwt({"exp": 10**400}), 300.0),
        (jwt({}), 300.0),
        (jwt([1]), 300.0),
        ("a.!!!.c", 300.0),
        ("opaque", 300.0),
    ],
)
def test_a_given_token_says_itself_when_it_ends(text: str, life: float) -> None:
    assert given_token(text, NOW) == Token(text=text, born=NOW, life=life)


def test_a_line_end_around_a_given_token_is_no_part_of_it() -> None:
    assert given_token(" abc\n", NOW).text == "abc"


@pytest.mark.parametrize("wrong", ["", "  ", "a b", "a\nb", "ü", None, b"t"])
def test_a_source_that_returns_no_token(wrong: Any) -> None:
    with pytest.raises(NotAuthorized, match="token source") as caught:
        given_token(wrong, NOW)
    assert caught.value.retry == "never"


def test_a_token_does_not_show_itself() -> None:
    assert repr(Token(text="hidden", born=NOW, life=60.0)) == "Token(life=60)"
    assert "hidden" not in repr(Renew(Token(text="hidden", born=NOW, life=60.0)))


@pytest.mark.parametrize(
    ("claims", "whose"),
    [
        ({"iam_id": "IBMid-1", "sub": "me@here"}, "IBMid-1"),
        ({"sub": "me@here"}, "me@here"),
        ({"sub": 5, "exp": 1}, None),
        ([], None),
    ],
)
def test_a_token_says_whose_it_is(claims: object, whose: str | None) -> None:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    assert subject(token(f"h.{body}.s")) == whose


def test_a_token_that_is_no_jwt_does_not_say_whose_it_is() -> None:
    assert subject(token("opaque")) is None
