"""The account file of IBM's own client: which account is taken, and what one is told of a broken one."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import pytest

from qrt_async.errors import InvalidInput, NoAccount, QrtError
from tests.transport.accounts import CRN, EMULATOR, FRANKFURT, IBM, IBM_IAM, KEY, Find, saved

FLAGGED = {"is_default_account": True}
CLOUD = {"channel": "ibm_cloud"}
DEFAULTS = [
    ({"a": saved("a"), "b": saved("b", **CLOUD, **FLAGGED)}, {}, "b"),
    ({"a": saved("a", **FLAGGED), "b": saved("b", **CLOUD, **FLAGGED)}, {"channel": "ibm_cloud"}, "b"),
    ({"a": saved("a"), "default-ibm-quantum-platform": saved("d"), "x": saved("x")}, {}, "d"),
    ({"a": saved("a"), "b": saved("b")}, {}, "b"),
    ({"a": saved("a"), "b": saved("b", **CLOUD)}, {}, "a"),
    ({"a": saved("a"), "b": saved("b", **CLOUD)}, {"environ": {"QISKIT_IBM_CHANNEL": "ibm_cloud"}}, "b"),
    ({"default-ibm-cloud": saved("c", **CLOUD)}, {}, "c"),
    ({"default": saved("old", **CLOUD)}, {}, "old"),
    ({"a": saved("a", channel="ibm_quantum", **FLAGGED), "b": saved("b")}, {}, "b"),
    ({"default-ibm-cloud": saved("c", **CLOUD), "n": 5}, {"channel": "ibm_quantum_platform"}, "c"),
]


@pytest.mark.parametrize(("records", "asked", "token"), DEFAULTS)
def test_the_default_account_is_chosen_as_the_official_client_does(
    find: Find, path: Path, records: dict[str, Any], asked: dict[str, Any], token: str
) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps(records))
    assert find(**asked).token == token


def test_a_file_with_no_account_of_a_usable_name_or_channel_is_no_account(find: Find, save: Any) -> None:
    save(mine=saved(**CLOUD))
    with pytest.raises(NoAccount, match="holds 'mine'"):
        find()


@pytest.mark.parametrize(
    ("more", "url", "iam"),
    [
        ({"url": None}, IBM, IBM_IAM),
        (
            {"private_endpoint": True, "instance": FRANKFURT},
            "https://private.eu-de.quantum.cloud.ibm.com/api/v1",
            "https://private.iam.cloud.ibm.com/identity/token",
        ),
        ({"url": EMULATOR}, f"{EMULATOR}/api/v1", f"{EMULATOR}/identity/token"),
    ],
)
def test_a_saved_account_says_where_it_belongs(find: Find, save: Any, more: Any, url: str, iam: str) -> None:
    save(work=saved(**more))
    found = find(name="work")
    assert (found.url, found.iam_url) == (url, iam)


def test_saved_trust_and_proxies_hold_unless_arguments_say_otherwise(find: Find, save: Any) -> None:
    save(work=saved(verify=False, proxies={"urls": {"https": "http://me:pw@proxy:3128", "http": "proxy:80"}}))
    found = find(name="work")
    assert found.verify is False
    assert found.proxies == {"https": "http://me:pw@proxy:3128", "http": "http://proxy:80"}
    found = find(name="work", verify="/etc/ca.pem", proxy="http://other:1")
    assert (found.verify, found.proxies) == ("/etc/ca.pem", {"all": "http://other:1"})


BROKEN = [
    ({"work": saved(channel="ibm_quantum")}, InvalidInput, "'ibm_quantum', which IBM has switched off"),
    ({"work": {"channel": "ibm_cloud", "instance": CRN}}, InvalidInput, "'work' of .* has no token"),
    ({"work": saved(token="")}, InvalidInput, "has no token"),
    ({"work": saved(token=17)}, InvalidInput, "has no token"),
    ({"work": saved(url=17)}, InvalidInput, r"'work' of .* cannot be read: .*\$.url"),
    ({"work": [KEY]}, InvalidInput, "is not a JSON object"),
    ({"work": saved(instance=None)}, NoAccount, "There is a key .* and no instance"),
    ({"work": saved(instance="auto")}, InvalidInput, "is 'auto'; it must be the CRN"),
    ({"work": saved(instance="my-instance")}, InvalidInput, "not a CRN; .* by name is not supported"),
    ({"work": saved(channel="ibm_mars")}, InvalidInput, "is of an unknown channel; it must be one of"),
    ({"home": saved()}, NoAccount, "no account named 'work': .*holds 'home'"),
    ({}, NoAccount, "no account named 'work': .*holds no account"),
    ([saved()], NoAccount, "not a JSON object of accounts"),
    (
        {"work": saved(proxies={"urls": {}, "username_ntlm": "me", "password_ntlm": KEY})},
        InvalidInput,
        "NTLM authentication, which is not supported",
    ),
    ({"work": saved(proxies={"urls": {"https": f"socks5://me:{KEY}@host"}})}, InvalidInput, "HTTP proxy"),
]


@pytest.mark.parametrize(("records", "kind", "words"), BROKEN)
def test_a_record_that_cannot_be_used_says_why(
    find: Find, path: Path, records: Any, kind: type[QrtError], words: str
) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps(records))
    with pytest.raises(kind, match=words) as caught:
        find(name="work")
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert "saved-key" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("raw", [b'{"work": {"token": "saved-key"', b"saved-key", b"\xff\xfe{", b""])
def test_broken_json_is_reported_without_its_content(find: Find, path: Path, raw: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(raw)
    with pytest.raises(NoAccount, match="not valid JSON") as caught:
        find()
    assert "saved-key" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_reported(find: Find, path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(NoAccount, match="cannot be read"):
        find()
