from __future__ import annotations

from typing import Any

import pytest

from qrt_async.transport.redirects import follow
from qrt_async.transport.wire import Reply, Request

HERE = "https://a.test/api/v1/jobs?limit=1"
HEADERS = (("Authorization", "Bearer t"), ("service-crn", "crn"), ("Accept", "*/*"))


def request(method: str = "GET") -> Request:
    return Request(method=method, path="/jobs", template="/jobs", query=(("limit", "1"),), headers=HEADERS)


def led(location: str | None, code: int = 302, method: str = "GET", url: str = HERE) -> Request | None:
    headers: dict[str, str] = {} if location is None else {"location": location}
    return follow(request(method), url, Reply(code=code, headers=headers, body=b""))


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/other?x=1", "https://a.test/other?x=1"),
        ("next", "https://a.test/api/v1/next"),
        ("https://a.test/b", "https://a.test/b"),
        (" /a b ", "https://a.test/a%20b"),
        ("/a%2Fb", "https://a.test/a%2Fb"),
    ],
)
def test_on_the_same_origin_everything_comes_along(location: str, target: str) -> None:
    found = led(location)
    assert found is not None
    assert (found.path, found.query, found.headers) == (target, (), HEADERS)
    assert found.template == "/jobs"


@pytest.mark.parametrize("location", ["https://b.test/", "//b.test/x", "https://a.test:8443/"])
def test_another_origin_gets_neither_authorization_nor_instance(location: str) -> None:
    found = led(location)
    assert found is not None
    assert found.headers == (("Accept", "*/*"),)


@pytest.mark.parametrize(
    "location",
    [None, "", "http://a.test/", "ftp://a.test/", "javascript:x", "https://[oops", "https://u:p@b.test/"],
)  # fmt: skip
def test_where_a_redirect_may_not_lead(location: str | None) -> None:
    assert led(location) is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("code", "location", "followed"),
    [
        (307, "/x", True),
        (308, "/x", True),
        (301, "/x", False),
        (302, "/x", False),
        (303, "/x", False),
        (307, "https://b.test/", False),
    ],
)
def test_a_change_is_led_only_where_its_method_and_its_server_stay(
    method: str, code: int, location: str, followed: bool
) -> None:
    found: Any = led(location, code, method)
    assert (found is not None) is followed
    assert not followed or found.method == method


def test_plain_http_may_become_https() -> None:
    found = led("https://a.test/", url="http://a.test/")
    assert found is not None
    assert found.headers == (("Accept", "*/*"),)
