from __future__ import annotations

import pytest

from qrt_async.transport.secret import Secret, without_login


def test_a_secret_is_text_that_its_repr_does_not_show() -> None:
    secret = Secret("key")
    assert secret == "key"
    assert secret.encode() == b"key"
    assert repr([secret, {"token": secret}]) == "['***', {'token': '***'}]"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("http://me:pw@proxy:3128", "http://***@proxy:3128"),
        ("http://me:p@w@proxy:3128/x", "http://***@proxy:3128/x"),
        ("me:pw@proxy:3128", "***@proxy:3128"),
        ("proxy:3128", "proxy:3128"),
    ],
)
def test_a_url_is_shown_without_its_login(url: str, shown: str) -> None:
    assert without_login(url) == shown
