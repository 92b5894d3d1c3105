"""The table of aiohttp's exceptions is complete, and says of each whether the request may have arrived."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import client_exceptions as theirs
from yarl import URL

from qrt_async.errors import InvalidInput, TimedOut, Unreachable
from qrt_async.transport.trouble import BY_NAME, error_from, origin, understand
from qrt_async.transport.wire import Request

GET = Request(method="GET", path="/jobs", template="/jobs")
POST = Request(method="POST", path="/jobs", template="/jobs", submits=True)
KEY = SimpleNamespace(host="h", port=1, ssl=True, is_ssl=True, proxy=URL("http://u:pw@proxy"))
ABOUT = SimpleNamespace(real_url=URL("http://u:pw@h/?q=1"), headers={"Authorization": "Bearer hidden"})

EXPECTED = {
    "ClientError": "cut",
    "ClientResponseError": "cut",
    "ContentTypeError": "cut",
    "WSServerHandshakeError": "cut",
    "ClientHttpProxyError": "unsent",
    "TooManyRedirects": "cut",
    "ClientConnectionError": "cut",
    "ClientConnectionResetError": "cut",
    "ClientOSError": "cut",
    "ClientConnectorError": "unsent",
    "ClientConnectorDNSError": "unsent",
    "ClientProxyConnectionError": "unsent",
    "UnixClientConnectorError": "unsent",
    "ServerConnectionError": "cut",
    "ServerDisconnectedError": "cut",
    "ServerTimeoutError": "late",
    "ConnectionTimeoutError": "unsent",
    "SocketTimeoutError": "late",
    "ServerFingerprintMismatch": "unsent",
    "ClientPayloadError": "cut",
    "UploadAbortedError": "cut",
    "InvalidURL": "unsent",
    "InvalidUrlClientError": "unsent",
    "RedirectClientError": "cut",
    "NonHttpUrlClientError": "unsent",
    "InvalidUrlRedirectClientError": "unsent",
    "NonHttpUrlRedirectClientError": "unsent",
    "ClientSSLError": "unsent",
    "ClientConnectorSSLError": "unsent",
    "ClientConnectorCertificateError": "unsent",
}


def family(kind: type[aiohttp.ClientError]) -> Iterator[type[aiohttp.ClientError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from family(child)


def made(kind: type[Exception]) -> Exception:
    """One of that kind, whatever its constructor wants."""
    found = kind.__new__(kind)
    found.args = ()
    return found


def test_every_exception_of_aiohttp_has_been_thought_of() -> None:
    found = {
        kind.__name__: kind for kind in family(aiohttp.ClientError) if kind.__module__ == theirs.__name__
    }
    assert {name: understand(made(kind)).kind for name, kind in found.items()} == {
        name: EXPECTED[name] for name in found
    }
    assert found.keys() >= BY_NAME.keys() - {"TimeoutError", "OSError"}


@pytest.mark.parametrize(
    ("error", "kind"),
    [(TimeoutError(), "late"), (ConnectionResetError(), "cut"), (ssl.SSLError(), "cut"), (OSError(), "cut")],
)
def test_the_systems_own_errors_are_in_the_table_too(error: Exception, kind: str) -> None:
    assert understand(error).kind == kind


def test_what_aiohttp_may_invent_counts_as_cut() -> None:
    new = type("NewError", (aiohttp.ClientError,), {})
    assert understand(new()).kind == "cut"


def proxy_said(status: int) -> aiohttp.ClientHttpProxyError:
    return aiohttp.ClientHttpProxyError(ABOUT, (), status=status, message="no")  # type: ignore[arg-type]  # a stand-in


@pytest.mark.parametrize(
    ("error", "lasting"),
    [
        (made(aiohttp.ClientConnectorCertificateError), True),
        (made(aiohttp.ClientConnectorSSLError), False),
        (made(aiohttp.InvalidURL), True),
        (made(aiohttp.ClientConnectorDNSError), False),
        (proxy_said(407), True),
        (proxy_said(503), False),
    ],
)
def test_what_stays_so_is_not_tried_again(error: Exception, lasting: bool) -> None:
    assert understand(error).lasting is lasting


def described(request: Request, error: Exception) -> Any:
    return error_from(request, understand(error), error)


def test_no_connection_is_also_a_connection_error_and_nothing_was_submitted() -> None:
    error = described(POST, aiohttp.ClientConnectorError(KEY, OSError(111, "refused")))  # type: ignore[arg-type]  # a stand-in
    assert isinstance(error, Unreachable)
    assert isinstance(error, ConnectionError)
    assert (error.submitted, error.method, error.path, error.status) == ("no", "POST", "/jobs", None)
    assert "No connection" in str(error)
    assert "refused" in str(error)


@pytest.mark.parametrize(("request_", "submitted"), [(POST, "unknown"), (GET, "no")])
def test_silence_is_also_a_timeout_error_and_leaves_a_submission_unclear(
    request_: Request, submitted: str
) -> None:
    error = described(request_, aiohttp.SocketTimeoutError("slow"))
    assert isinstance(error, TimedOut)
    assert isinstance(error, TimeoutError)
    assert error.submitted == submitted


@pytest.mark.parametrize(("request_", "submitted"), [(POST, "unknown"), (GET, "no")])
def test_a_cut_leaves_a_submission_unclear(request_: Request, submitted: str) -> None:
    error = described(request_, aiohttp.ServerDisconnectedError())
    assert type(error) is Unreachable
    assert error.submitted == submitted
    assert "The connection broke (ServerDisconnectedError: Server disconnected)." in str(error)


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.InvalidURL("http://"),
        aiohttp.InvalidUrlClientError("x"),
        aiohttp.NonHttpUrlClientError("ftp:"),
    ],
)
def test_a_wrong_url_is_the_callers_to_mend(error: Exception) -> None:
    assert isinstance(described(GET, error), InvalidInput)
    assert "url=" in str(described(GET, error))


def test_aiohttps_exceptions_do_not_travel_along_for_they_hold_headers_and_passwords() -> None:
    refused = OSError(111, "refused")
    connector = aiohttp.ClientConnectorError(KEY, refused)  # type: ignore[arg-type]  # a stand-in
    assert "pw" in repr(connector)
    assert origin(connector) is refused
    assert origin(proxy_said(407)) is None
    assert origin(aiohttp.ClientOSError(104, "reset")) is None
    assert type(origin(TimeoutError())) is TimeoutError
    said = str(described(GET, proxy_said(407)))
    assert "HTTP 407 no" in said
    assert "pw" not in said
