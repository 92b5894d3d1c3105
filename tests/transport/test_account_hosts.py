"""Where an account leads to: emulators, proxies, and never a saved key to a host that is named elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from qrt_async.errors import InvalidInput, NoAccount
from qrt_async.transport.account import LOCAL_INSTANCE, LOCAL_TOKEN
from tests.transport.accounts import CRN, EMULATOR, IBM, KEY, Find, env, saved

# --- the local channel and emulators ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "arguments"),
    [
        ({}, {"channel": "local"}),
        ({"QISKIT_IBM_CHANNEL": "local"}, {}),
        (env(QISKIT_IBM_CHANNEL="local"), {}),
        (env(QISKIT_IBM_URL=EMULATOR), {"channel": "local"}),
        ({}, {"channel": "local", "token": KEY, "instance": CRN}),
        ({"QISKIT_IBM_CHANNEL": "local"}, {"instance": CRN}),
    ],
)
def test_the_local_channel_needs_and_sends_nothing(find: Find, environ: Any, arguments: Any) -> None:
    found = find(environ, **arguments)
    assert (found.channel, found.token, found.instance, found.url) == (
        "local",
        LOCAL_TOKEN,
        LOCAL_INSTANCE,
        "",
    )
    there = found.at(f"{EMULATOR}/")
    assert (there.url, there.iam_url) == (f"{EMULATOR}/api/v1", f"{EMULATOR}/identity/token")


def test_arguments_win_over_a_local_channel_in_the_environment(find: Find) -> None:
    found = find({"QISKIT_IBM_CHANNEL": "local"}, token=KEY, instance=CRN)
    assert (found.channel, found.url) == ("ibm_quantum_platform", IBM)
    assert find({"QISKIT_IBM_CHANNEL": "local"}, url=EMULATOR).url == f"{EMULATOR}/api/v1"


def test_local_and_another_server_contradict_each_other(find: Find) -> None:
    with pytest.raises(InvalidInput, match=r'channel="local" and url= contradict'):
        find(channel="local", url=EMULATOR)
    with pytest.raises(InvalidInput, match="QISKIT_IBM_URL names another server"):
        find({"QISKIT_IBM_CHANNEL": "local", "QISKIT_IBM_URL": EMULATOR})


@pytest.mark.parametrize("environ", [{}, {"QISKIT_IBM_TOKEN": "env-key", "QISKIT_IBM_INSTANCE": CRN}])
def test_an_emulator_is_reached_by_its_root(find: Find, environ: dict[str, str]) -> None:
    by_environment = find({"QISKIT_IBM_URL": EMULATOR} | environ)
    assert (by_environment.url, by_environment.iam_url) == (
        f"{EMULATOR}/api/v1",
        f"{EMULATOR}/identity/token",
    )
    assert by_environment.token == environ.get("QISKIT_IBM_TOKEN", LOCAL_TOKEN)
    assert by_environment.instance == environ.get("QISKIT_IBM_INSTANCE", LOCAL_INSTANCE)
    by_argument = find(environ, url=EMULATOR + "/")
    assert (by_argument.url, by_argument.iam_url) == (by_environment.url, by_environment.iam_url)


def test_a_saved_key_is_never_sent_to_a_host_that_is_named_elsewhere(find: Find, save: Any) -> None:
    save(default_ibm_quantum_platform=saved())
    assert find(url=EMULATOR).token == LOCAL_TOKEN
    assert find({"QISKIT_IBM_URL": EMULATOR}).token == LOCAL_TOKEN
    with pytest.raises(NoAccount, match=r"url= names evil.example, which is not IBM's.*not sent there"):
        find(url="https://evil.example")
    with pytest.raises(InvalidInput, match=r"IAM_URL names 127.0.0.1, which is not IBM's.*not sent there"):
        find({"IAM_URL": EMULATOR})


def test_a_saved_key_goes_where_it_was_saved_for(find: Find, save: Any) -> None:
    save(lab=saved(url="https://lab.example"))
    assert find(name="lab").url == "https://lab.example/api/v1"
    assert find({"IAM_URL": "https://lab.example/iam"}, name="lab").iam_url == (
        "https://lab.example/iam/identity/token"
    )
    assert find({"IAM_URL": "https://private.iam.cloud.ibm.com"}, name="lab").token == "saved-key"


# --- proxies ----------------------------------------------------------------------------------------------


def test_a_proxy_serves_every_scheme(find: Find) -> None:
    assert find(token=KEY, instance=CRN).proxies == {}
    assert find(token=KEY, instance=CRN, proxy="proxy.example:80").proxies == {
        "all": "http://proxy.example:80"
    }


@pytest.mark.parametrize("proxy", ["", "socks5://me:S3CRET@host:1", "http://", "http://me:S3CRET@host:port"])
def test_what_is_no_http_proxy_is_refused_and_not_repeated(find: Find, proxy: str) -> None:
    with pytest.raises(InvalidInput, match="proxy= is not the URL of an HTTP proxy") as caught:
        find(token=KEY, instance=CRN, proxy=proxy)
    assert "S3CRET" not in str(caught.value)
