from __future__ import annotations

import pytest

from qrt_async.errors import InvalidInput
from qrt_async.transport.proxies import Proxies

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_any_the_way_is_straight() -> None:
    assert Proxies({}).to("https://a.test/x") is None


@pytest.mark.parametrize(
    ("chosen", "url", "expected"),
    [
        ({"all": "http://p:1"}, "https://a.test/x", "http://p:1"),
        ({"https": "http://p:1"}, "https://a.test/x", "http://p:1"),
        ({"https": "http://p:1"}, "http://a.test/x", None),
        ({"all": "http://p:1", "http": "http://p:2"}, "http://127.0.0.1/x", "http://p:2"),
    ],
)
def test_the_accounts_own_go_first_and_by_scheme(
    monkeypatch: pytest.MonkeyPatch, chosen: dict[str, str], url: str, expected: str | None
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://env:1")
    monkeypatch.setenv("NO_PROXY", "a.test")
    assert Proxies(chosen).to(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.test/x", "http://env:1"),
        ("https://a.test/x", "http://env:2"),
        ("https://b.skip.test:8443/x", None),
        ("http://127.0.0.1:5000/x", None),
        ("http://localhost/x", None),
        ("http://[::1]:80/x", None),
    ],
)
def test_the_environments_but_not_for_no_proxy_nor_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str, expected: str | None
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "env:1")
    monkeypatch.setenv("https_proxy", "http://env:2")
    monkeypatch.setenv("no_proxy", "skip.test,other.test")
    assert Proxies({}).to(url) == expected


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://env:1")
    proxies = Proxies({})
    monkeypatch.setenv("ALL_PROXY", "http://other:1")
    assert [proxies.to("https://a.test/x") for _ in range(2)] == ["http://env:1"] * 2


def test_a_socks_proxy_is_refused_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://u:pw@env:1")
    proxies = Proxies({})
    with pytest.raises(InvalidInput, match=r"'socks5'.*proxy=.*NO_PROXY") as caught:
        proxies.to("https://a.test/x")
    assert "pw" not in str(caught.value)
