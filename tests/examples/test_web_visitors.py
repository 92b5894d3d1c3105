"""Cookies are made by nobody else, forms come from their owner's pages, and other sites get nothing done."""

from __future__ import annotations

import base64
import json

import pytest

from examples.web_backend.guard import foreign
from examples.web_backend.visitors import LIFETIME, Visitor, newcomer, opened, seal, token_of

SECRET = b"secret"
ADA = Visitor("1", "Ada")
HOST = {"host": "here.example:8000"}


def test_a_cookie_says_whose_it_is_while_it_is_good() -> None:
    cookie = seal(ADA, SECRET, 1000.0)
    assert opened(cookie, SECRET, 1000.0 + LIFETIME - 1) == ADA
    assert opened(cookie, SECRET, 1000.0 + LIFETIME) is None
    assert opened(cookie, b"other secret", 1000.0) is None


def test_a_cookie_that_was_changed_is_nobodys() -> None:
    body, _, signature = seal(ADA, SECRET, 0.0).partition(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    said[1] = "Bob"
    forged = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    assert opened(f"{forged}.{signature}", SECRET, 0.0) is None
    assert opened(f"{body}.{token_of(ADA, SECRET)}", SECRET, 0.0) is None
    for nonsense in ("", ".", "a", f"{body}.", f"{body}.ä", f"{body}{body}.{signature}", "!.!"):
        assert opened(nonsense, SECRET, 0.0) is None


def test_every_login_has_a_token_of_its_own() -> None:
    tokens = {token_of(visitor, SECRET) for visitor in (newcomer("Ada"), newcomer("Ada"), newcomer())}
    assert len(tokens) == 3
    assert token_of(ADA, SECRET) == token_of(ADA, SECRET) != token_of(ADA, b"other secret")


def test_a_tenant_follows_from_the_name_in_any_script() -> None:
    assert Visitor("1", "佐藤").tenant == Visitor("2", "佐藤").tenant != Visitor("1", "Ada").tenant
    assert Visitor("1", "佐藤").tenant.isascii()


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "http://here.example:8000"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "http://elsewhere.example"},
        {"origin": "http://here.example"},
        {"origin": "null"},
    ],
)
def test_a_post_of_another_site_is_foreign(headers: dict[str, str]) -> None:
    assert foreign("POST", HOST | headers) is not None
    assert foreign("DELETE", HOST | headers) is not None
    assert foreign("GET", HOST | headers) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin", "origin": "http://here.example:8000"},
        {"origin": "https://HERE.example:8000"},
        {},
    ],
)
def test_a_post_of_this_site_is_not(headers: dict[str, str]) -> None:
    assert foreign("POST", HOST | headers) is None
