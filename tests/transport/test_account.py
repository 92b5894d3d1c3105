"""Which account is found: who wins, what is refused, and that no key is ever shown."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from qrt_async.errors import InvalidInput, NoAccount
from qrt_async.transport.account import Account
from tests.transport.accounts import CRN, EMULATOR, FRANKFURT, IBM, IBM_IAM, KEY, Find, env, saved

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
