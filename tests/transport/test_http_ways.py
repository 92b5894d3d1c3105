"""The transport's ways to a server: redirects and proxies."""

from __future__ import annotations

import asyncio

import pytest

from qrt_async.errors import (
    Refused,
    Unreachable,
)
from qrt_async.transport.redirects import MOST
from tests.transport.lab import (
    KEY,
    ONCE,
    SUBMISSION,
    Bench,
    closed_port,
    lab,
    other_server,
    reply,
    request,
    secrets_in,
)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


# Redirects


async def test_another_host_gets_neither_authorization_nor_instance() -> None:
    async with other_server() as other, lab() as (server, bench):
        server.script.append(reply(302, headers={"Location": f"{other.root}/elsewhere?x=%20"}))
        other.script.append(reply(200, b'"theirs"'))
        assert (await bench.send(request(query=(("limit", "1"),)))).body == b'"theirs"'
    (seen,) = other.seen
    assert seen.target == "/elsewhere?x=%20"
    assert {"Authorization", "Service-CRN"}.isdisjoint(seen.headers)
    assert KEY not in repr(dict(seen.headers))


async def test_the_same_host_keeps_them() -> None:
    async with lab() as (server, bench):
        server.script.append(reply(307, headers={"Location": "/api/v2/jobs"}))
        await bench.send(SUBMISSION)
    assert [(seen.method, seen.target, seen.token) for seen in server.seen] == [
        ("POST", "/api/v1/jobs", "Bearer token-1"),
        ("POST", "/api/v2/jobs", "Bearer token-1"),
    ]
    assert server.seen[1].body == b"{}"


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_submission_is_not_carried_to_another_host(code: int) -> None:
    async with other_server() as other, lab() as (server, bench):
        server.script.append(reply(code, headers={"Location": other.root}))
        with pytest.raises(Refused, match="redirects") as caught:
            await bench.send(SUBMISSION)
    assert (caught.value.status, caught.value.submitted) == (code, "no")
    assert other.seen == []


async def test_the_key_is_not_carried_to_another_host() -> None:
    async with other_server() as other, lab() as (server, bench):
        server.iam.append(reply(307, headers={"Location": f"{other.root}/identity/token"}))
        with pytest.raises(Refused):
            await bench.send(request())
    assert other.exchanges == []


async def test_a_circle_has_an_end() -> None:
    async with lab() as (server, bench):
        server.script.extend([reply(302, headers={"Location": "/again"})] * 20)
        with pytest.raises(Refused, match="redirects"):
            await bench.send(request())
    assert len(server.seen) == MOST


# Proxies


class Proxy:
    """A proxy that answers itself: plain requests with ``{}``, tunnels with ``tunnel``."""

    def __init__(self, tunnel: int = 407) -> None:
        self.heads: list[str] = []
        self._tunnel = tunnel

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        body = b'{"access_token":"through"}' if "identity" in head.splitlines()[0] else b"{}"
        code = f"{self._tunnel} No" if head.startswith("CONNECT") else "200 OK"
        writer.write(
            f"HTTP/1.1 {code}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    @property
    def lines(self) -> list[str]:
        return [head.splitlines()[0] for head in self.heads]


THROUGH = ["POST http://api.test/identity/token HTTP/1.1", "GET http://api.test/api/v1/jobs HTTP/1.1"]


async def test_the_accounts_proxy_serves_the_api_and_iam() -> None:
    async with Proxy() as proxy:
        bench = Bench("http://api.test", proxies={"all": f"http://user:pass@{proxy.address}"})
        await bench.send(request())
        await bench.close()
    assert proxy.lines == THROUGH
    assert "Proxy-Authorization: Basic dXNlcjpwYXNz" in proxy.heads[1]
    assert "Authorization: Bearer through" in proxy.heads[1]


async def test_the_environments_proxy_serves_both_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Proxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
        bench = Bench("http://api.test")
        await bench.send(request())
        await bench.close()
    assert proxy.lines == THROUGH


async def test_no_proxy_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Proxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
        monkeypatch.setenv("NO_PROXY", "api.invalid")
        bench = Bench("http://api.invalid", retry=ONCE)
        with pytest.raises(Unreachable):
            await bench.send(request())
        await bench.close()
    assert proxy.lines == []


async def test_an_emulator_on_this_machine_is_not_asked_for_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    async with lab(retry=ONCE) as (server, bench):
        await bench.send(request())
    assert len(server.seen) == 1


@pytest.mark.parametrize(("code", "tries"), [(407, 1), (503, 6)])
async def test_a_proxy_that_refuses_is_named_without_its_password(code: int, tries: int) -> None:
    async with Proxy(code) as proxy:
        bench = Bench("https://api.test", proxies={"https": f"http://user:pass-word@{proxy.address}"})
        with pytest.raises(Unreachable, match=f"ClientHttpProxyError: HTTP {code}") as caught:
            await bench.send(request())
        await bench.close()
    assert proxy.lines == ["CONNECT api.test:443 HTTP/1.1"] * tries
    assert secrets_in(caught.value, "pass-word") == []


async def test_a_proxy_that_is_not_there_is_no_connection() -> None:
    bench = Bench(
        "https://api.test", retry=ONCE, proxies={"all": f"http://u:pass-word@127.0.0.1:{closed_port()}"}
    )
    with pytest.raises(Unreachable, match="ClientProxyConnectionError") as caught:
        await bench.send(SUBMISSION)
    await bench.close()
    assert caught.value.submitted == "no"
    assert secrets_in(caught.value, "pass-word") == []
