from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qrt_async.errors import InvalidInput, NoAccount, QrtError
from qrt_async.transport.account import LOCAL_INSTANCE, LOCAL_TOKEN, Account, find_account

KEY = "S3CRET-api-key-of-the-user"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::"
FRANKFURT = CRN.replace("us-east", "eu-de")
STAGING = CRN.replace("bluemix", "staging")
IBM = "https://quantum.cloud.ibm.com/api/v1"
IBM_IAM = "https://iam.cloud.ibm.com/identity/token"
EMULATOR = "http://127.0.0.1:8123"

Find = Callable[..., Account]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".qiskit" / "qiskit-ibm.json"


@pytest.fixture
def find(path: Path) -> Find:
    def find(environ: dict[str, str] | None = None, **arguments: Any) -> Account:
        return find_account(environ=environ or {}, path=path, **arguments)

    return find


@pytest.fixture
def save(path: Path) -> Callable[..., None]:
    def save(**records: Any) -> None:
        path.parent.mkdir(exist_ok=True)
        named = {name.replace("_", "-"): record for name, record in records.items()}
        path.write_text(json.dumps(named, sort_keys=True, indent=4))

    return save


def saved(token: Any = "saved-key", **more: Any) -> dict[str, Any]:  # noqa: S107 - made up
    return {
        "channel": "ibm_quantum_platform",
        "token": token,
        "instance": CRN,
        "url": "https://cloud.ibm.com",
    } | more


def env(**more: str) -> dict[str, str]:
    return {"QISKIT_IBM_TOKEN": "env-key", "QISKIT_IBM_INSTANCE": CRN} | more


# --- precedence -------------------------------------------------------------------------------------------


def test_arguments_win_over_environment_and_file(find: Find, save: Callable[..., None]) -> None:
    save(default_ibm_quantum_platform=saved())
    found = find(env(), token=KEY, instance=FRANKFURT)
    assert (found.token, found.instance, found.source) == (KEY, FRANKFURT, "arguments")
    assert found.channel == "ibm_quantum_platform"


def test_the_environment_wins_over_the_file(find: Find, save: Callable[..., None]) -> None:
    save(default_ibm_quantum_platform=saved())
    found = find(env(QISKIT_IBM_CHANNEL="ibm_cloud"))
    assert (found.token, found.channel, found.source) == ("env-key", "ibm_cloud", "environment")


def test_a_name_wins_over_the_environment(find: Find, save: Callable[..., None], path: Path) -> None:
    save(default_ibm_quantum_platform=saved("other"), work=saved("work-key", instance=FRANKFURT))
    found = find(env(QISKIT_IBM_URL=EMULATOR), name="work")
    assert (found.token, found.instance) == ("work-key", FRANKFURT)
    assert found.url == "https://eu-de.quantum.cloud.ibm.com/api/v1"
    assert found.source == f"the account 'work' of {path}"


def test_an_account_is_taken_as_it_is(find: Find) -> None:
    given = Account(channel="ibm_cloud", token=KEY, instance=CRN, url=IBM, iam_url=IBM_IAM, verify=False)
    assert find(env(), account=given) == given
    changed = find(env(), account=given, verify="/etc/ca.pem", proxy="http://proxy:3128")
    assert (changed.verify, changed.proxies) == ("/etc/ca.pem", {"all": "http://proxy:3128"})


@pytest.mark.parametrize("word", ["channel", "token", "instance", "url", "name"])
def test_an_account_excludes_the_other_arguments(find: Find, word: str) -> None:
    given = Account(channel="local")
    with pytest.raises(ValueError, match=f"leave {word}= out"):
        find(account=given, **{word: "ibm_cloud"})


@pytest.mark.parametrize("word", ["token", "url"])
def test_a_name_excludes_what_its_record_says(find: Find, save: Callable[..., None], word: str) -> None:
    save(work=saved())
    with pytest.raises(InvalidInput, match=f"name= and {word}= contradict"):
        find(name="work", **{word: "https://cloud.ibm.com"})


def test_the_environment_completes_the_arguments(find: Find) -> None:
    found = find(env(QISKIT_IBM_URL=EMULATOR, QISKIT_IBM_CHANNEL="ibm_cloud"), token=KEY)
    assert (found.token, found.instance, found.channel) == (KEY, CRN, "ibm_cloud")
    assert found.url == f"{EMULATOR}/api/v1"


@pytest.mark.parametrize("name", [None, "work"])
def test_an_instance_given_overrides_the_saved_one(
    find: Find, save: Callable[..., None], name: str | None
) -> None:
    save(work=saved(is_default_account=True))
    found = find(name=name, instance=FRANKFURT)
    assert (found.instance, found.url) == (FRANKFURT, "https://eu-de.quantum.cloud.ibm.com/api/v1")


def test_empty_variables_count_as_unset(find: Find, save: Callable[..., None]) -> None:
    save(default_ibm_quantum_platform=saved())
    found = find({"QISKIT_IBM_TOKEN": " ", "QISKIT_IBM_URL": "", "QISKIT_IBM_CHANNEL": "", "IAM_URL": ""})
    assert (found.token, found.iam_url) == ("saved-key", IBM_IAM)


def test_an_async_callable_is_kept_as_the_source_of_tokens(find: Find) -> None:
    async def bearer() -> str:
        return "token"

    assert find(token=bearer, instance=CRN).token is bearer


# --- the account file -------------------------------------------------------------------------------------

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


# --- nothing found ----------------------------------------------------------------------------------------


def test_no_credentials_says_where_was_looked_and_mentions_local(find: Find, path: Path) -> None:
    with pytest.raises(NoAccount) as caught:
        find({"QISKIT_IBM_INSTANCE": CRN})
    text = str(caught.value)
    for place in ("token=", "name=", "account=", "QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL"):
        assert place in text
    for word in ("QISKIT_IBM_CHANNEL", "IAM_URL", f"{path} (no such file)", 'channel="local"'):
        assert word in text


def test_no_credentials_names_what_the_file_holds(find: Find, save: Any) -> None:
    save(old=saved(channel="ibm_quantum"))
    with pytest.raises(NoAccount, match="holds 'old', of which 'old' cannot be used"):
        find()


def test_a_key_without_an_instance_says_how_to_find_one(find: Find) -> None:
    with pytest.raises(NoAccount, match=r"no instance: give instance=, set QISKIT_IBM_INSTANCE.*/instances"):
        find(token=KEY)


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


# --- channel, token, instance -----------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["ibm_quantum", "IBM_CLOUD", "", "lokal"])
def test_an_unknown_channel_says_what_is_allowed(find: Find, channel: str) -> None:
    with pytest.raises(InvalidInput, match="channel= is"):
        find(channel=channel, token=KEY, instance=CRN)
    if channel:
        with pytest.raises(InvalidInput, match="QISKIT_IBM_CHANNEL is"):
            find(env(QISKIT_IBM_CHANNEL=channel))


def test_the_channel_of_a_named_account_cannot_be_another(find: Find, save: Any) -> None:
    save(work=saved())
    assert find(name="work", channel="ibm_quantum_platform").token == "saved-key"
    with pytest.raises(InvalidInput, match="of 'ibm_quantum_platform'; leave it out"):
        find(name="work", channel="ibm_cloud")


@pytest.mark.parametrize("token", ["", "  ", 7, b"key"])
def test_a_token_that_is_none_is_refused(find: Find, token: Any) -> None:
    with pytest.raises(InvalidInput, match="token= must be an API key"):
        find(token=token, instance=CRN)


def test_a_key_in_the_place_of_the_instance_is_not_repeated(find: Find) -> None:
    with pytest.raises(InvalidInput, match="exchanged"):
        find(token=CRN, instance=KEY)
    with pytest.raises(InvalidInput, match="not a CRN") as caught:
        find(token="x", instance=KEY)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("instance", "words"),
    [
        (CRN.rstrip(":"), "has 8 fields between colons; it must have 10"),
        (CRN + ":", "has 11 fields"),
        (CRN.replace("us-east", ""), "names the region ''"),
        (CRN.replace("us-east", "evil.example/"), "names the region 'evil.example/'"),
        ("auto", "by name is not supported"),
        ("my-instance", "by name is not supported"),
    ],
)
def test_an_instance_that_is_no_crn_says_what_is_wrong(find: Find, instance: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        find(token=KEY, instance=instance)
    with pytest.raises(InvalidInput, match="QISKIT_IBM_INSTANCE"):
        find({"QISKIT_IBM_INSTANCE": instance}, token=KEY)


@pytest.mark.parametrize("word", ["instance", "url", "name"])
def test_empty_text_is_refused(find: Find, word: str) -> None:
    with pytest.raises(InvalidInput, match=f"{word}= must be text"):
        find(**{word: " "})


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


# --- secrets ----------------------------------------------------------------------------------------------


def test_an_account_shows_neither_token_nor_passwords(find: Find, caplog: pytest.LogCaptureFixture) -> None:
    found = find(token=KEY, instance=CRN, proxy=f"http://me:{KEY}@proxy.example:3128")
    other = msgspec.structs.replace(found, source="elsewhere")
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%s %r %s", found, found, [found])
    shown = [
        repr(found),
        str(found),
        f"{found}",
        repr(other),
        repr(found.token),
        repr({"all": found.proxies}),
    ]
    shown += [repr(found.__rich_repr__()), repr(msgspec.structs.asdict(found)), caplog.text]
    shown += [repr(msgspec.structs.astuple(found)), repr([*vars(type(found)).items()])]
    assert not any(KEY in text for text in shown)
    assert "http://***@proxy.example:3128" in repr(found)
    assert (found.token, found.proxies["all"]) == (KEY, f"http://me:{KEY}@proxy.example:3128")


def test_an_account_cannot_be_written_as_json_by_accident(find: Find) -> None:
    with pytest.raises(TypeError, match="Secret"):
        msgspec.json.encode(find(token=KEY, instance=CRN))


@pytest.mark.parametrize("record", [{"instance": "crn:short"}, {"url": 17}, {"channel": "ibm_quantum"}])
def test_frames_of_an_error_show_no_token(find: Find, save: Any, record: dict[str, Any]) -> None:
    """What tools print that show local variables (rich, Sentry, ``pytest -l``)."""
    save(work=saved(**record))
    for arguments in ({"token": KEY, "instance": "crn:short"}, {"name": "work"}):
        with pytest.raises(InvalidInput) as caught:
            find(**arguments)
        trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        # The outermost frame holds the argument as the caller gave it.
        frames = [frame for frame in trace.stack if "/qrt_async/" in Path(frame.filename).as_posix()][1:]
        assert len(frames) >= 2
        assert not any(secret in str(frame.locals) for frame in frames for secret in (KEY, "saved-key"))
