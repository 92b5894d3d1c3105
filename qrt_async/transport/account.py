"""Where credentials come from: an account given, arguments, the environment, or the account file.

Names and files are those of the official client. The first source that has a key is the one; what it
leaves open comes from the arguments and the environment. Nothing ever falls back to a simulator, and a
key that was read from the file is sent to IBM, or to the host that was saved with it, and never elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from qrt_async.errors import InvalidInput, NoAccount
from qrt_async.transport.address import API_PATH, IAM_PATH, check_url, is_ibm, is_loopback, locate, read_crn
from qrt_async.transport.asked import LOCAL as LOCAL
from qrt_async.transport.asked import VARIABLES, Asked, merge
from qrt_async.transport.asked import TokenSource as TokenSource
from qrt_async.transport.proxy_urls import given_proxy, saved_proxies
from qrt_async.transport.saved import PLATFORM, AccountFile, Record, read_file
from qrt_async.transport.secret import Secret, without_login

LOCAL_TOKEN = "local"  # noqa: S105 - no secret: an emulator without --token accepts any key
LOCAL_INSTANCE = (
    "crn:v1:bluemix:public:quantum-computing:us-east:"
    "a/00000000000000000000000000000000:00000000-0000-0000-0000-000000000000::"
)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and where. Neither its token nor the passwords of its proxies show in any ``repr``."""

    channel: str
    token: str | TokenSource | None = None
    """An API key, or an async callable that returns a bearer token."""
    instance: str | None = None
    """The CRN of the instance."""
    url: str = ""
    """The API's root, without a slash at the end. Empty on the channel "local" until its server listens."""
    iam_url: str = ""
    """The whole URL of IAM's token endpoint."""
    verify: bool | str = True
    """Are TLS certificates checked? Text is the path of a file of trusted ones."""
    proxies: Mapping[str, str] = {}
    """Scheme (or "all") to the proxy's URL. Empty: the environment's are used."""
    source: str = "arguments"
    """Where the credentials came from, in words."""

    def __post_init__(self) -> None:
        if isinstance(self.token, str):
            msgspec.structs.force_setattr(self, "token", Secret(self.token))
        hidden = {scheme: Secret(url) for scheme, url in self.proxies.items()}
        msgspec.structs.force_setattr(self, "proxies", hidden)

    def __repr__(self) -> str:
        return f"Account({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        shown = [(word, getattr(self, word)) for word in ("channel", "instance", "url", "source")]
        proxies = {scheme: without_login(url) for scheme, url in self.proxies.items()}
        return [*shown, ("proxies", proxies)] if proxies else shown

    def at(self, root: str) -> Account:
        """The same account on the server whose root this is, such as an emulator that just came up."""
        root = root.rstrip("/")
        return msgspec.structs.replace(self, url=root + API_PATH, iam_url=root + IAM_PATH)


def find_account(
    *,
    channel: str | None = None,
    token: str | TokenSource | None = None,
    instance: str | None = None,
    url: str | None = None,
    name: str | None = None,
    account: Account | None = None,
    verify: bool | str = True,
    proxy: str | None = None,
    environ: Mapping[str, str],
    path: Path,
) -> Account:
    """The account to use. The first of these that has a key: ``account``, ``name``, ``token``, the
    environment's ``QISKIT_IBM_TOKEN``, the default of the account file at ``path``.

    ``channel="local"`` needs no key and no instance, and neither does a ``url`` on this machine: without
    them placeholders are sent, which an emulator accepts, and never a saved key. Reads at most the one file.

    Raises ``NoAccount``, which says where was looked, and ``InvalidInput``.
    """
    arguments = Asked(
        channel=channel,
        token=Secret(token.strip()) if isinstance(token, str) else token,
        instance=instance,
        url=url,
        name=name,
        verify=verify,
        proxies=None if proxy is None else given_proxy(proxy),
    )
    if account is not None:
        return _given(account, arguments)
    asked = merge(arguments, environ)
    if asked.channel == LOCAL:
        return Account(channel=LOCAL, token=LOCAL_TOKEN, instance=LOCAL_INSTANCE, source="channel 'local'")
    if asked.name is None and asked.token is not None:
        return _account(asked, "environment" if asked.by["token"] == VARIABLES["token"] else "arguments")
    if asked.name is None and asked.url is not None and not is_ibm(check_url(asked.url, asked.by["url"])):
        return _without_key(asked)
    return _saved(asked, read_file(path))


def _given(account: Account, arguments: Asked) -> Account:
    if not isinstance(account, Account):
        raise InvalidInput(f"account= is {type(account).__name__}; it must be an Account.")
    words = ("channel", "token", "instance", "url", "name")
    also = [f"{word}=" for word in words if getattr(arguments, word) is not None]
    if also:
        raise InvalidInput(f"account= says everything; leave {', '.join(also)} out, or account=.")
    verify = _trust(arguments.verify, account.verify)
    proxies = account.proxies if arguments.proxies is None else arguments.proxies
    return msgspec.structs.replace(account, verify=verify, proxies=proxies)


def _trust(asked: bool | str, usual: bool | str | None) -> bool | str:
    """``verify=True`` is the default, so it leaves alone what was decided elsewhere."""
    return usual if asked is True and usual is not None else asked


def _account(asked: Asked, source: str) -> Account:
    """The account, once a key is there."""
    local = asked.url is not None and is_loopback(check_url(asked.url, asked.by["url"]))
    instance = asked.instance or (LOCAL_INSTANCE if local else None)
    if instance is None:
        raise NoAccount(
            f"There is a key (from {source}) and no instance: give instance=, set QISKIT_IBM_INSTANCE, or "
            "save it with the account. It is the CRN at https://quantum.cloud.ibm.com/instances; instances "
            'are not looked up. channel="local" needs none.'
        )
    crn = read_crn(instance.strip(), asked.by.get("instance", "the placeholder"))
    address = locate(asked.url, crn, private=asked.private, iam=asked.iam)
    return Account(
        channel=asked.channel or asked.usual_channel or PLATFORM,
        token=asked.token,
        instance=crn.text,
        url=address.api,
        iam_url=address.iam,
        verify=asked.verify,
        proxies=asked.proxies or {},
        source=source,
    )


def _without_key(asked: Asked) -> Account:
    """A host that is not IBM's was named, and no key: one on this machine is an emulator."""
    parts = check_url(asked.url or "", asked.by["url"])
    if not is_loopback(parts):
        raise NoAccount(
            f"{asked.by['url']} names {parts.hostname}, which is not IBM's, and no key was given "
            "for it: a saved key is not sent there. Give token= and instance=, or set QISKIT_IBM_TOKEN and "
            "QISKIT_IBM_INSTANCE."
        )
    return _account(msgspec.structs.replace(asked, token=LOCAL_TOKEN), f"{asked.by['url']}, no key needed")


def _saved(asked: Asked, file: AccountFile) -> Account:
    name = asked.name or file.default(asked.channel, asked.usual_channel)
    if name is None or name not in file:
        raise _nothing(asked, file)
    record = file.record(name)
    where = f"the account {name!r} of {file.path}"
    if asked.name and asked.channel and asked.channel != record.channel:
        raise InvalidInput(
            f"channel= is {asked.channel!r}, and {where} is of {record.channel!r}; leave it out."
        )
    _guard(asked, record, where)
    return _account(_completed(asked, record, where), where)


def _completed(asked: Asked, record: Record, where: str) -> Asked:
    said = {"instance": record.instance, "url": record.url}
    added = {word: value for word, value in said.items() if value and getattr(asked, word) is None}
    return msgspec.structs.replace(
        asked,
        token=Secret(record.token.strip()),
        channel=record.channel,
        private=bool(record.private_endpoint),
        verify=_trust(asked.verify, record.verify),
        proxies=saved_proxies(record.proxies, where) if asked.proxies is None else asked.proxies,
        by={**asked.by, **dict.fromkeys(added, where)},
        **added,
    )


def _guard(asked: Asked, record: Record, where: str) -> None:
    """A leftover ``IAM_URL`` must not lead a saved key astray."""
    if asked.iam is None:
        return
    iam = check_url(asked.iam, "IAM_URL")
    home = check_url(record.url, where).hostname if record.url else None
    if not is_ibm(iam) and iam.hostname != home:
        raise InvalidInput(
            f"IAM_URL names {iam.hostname}, which is not IBM's, and the key is that of {where}: "
            "it is not sent there. Unset IAM_URL, or set QISKIT_IBM_TOKEN to the key meant for it."
        )


def _nothing(asked: Asked, file: AccountFile) -> NoAccount:
    """Nothing was found: the error that says where was looked."""
    if asked.name is not None:
        found = f"There is no account named {asked.name!r}: {file.summary()}."
    else:
        wanted = f" for the channel {asked.channel!r}" if asked.channel else ""
        found = (
            f"No credentials were found{wanted}. Searched: the arguments (no token=, name= or account=); the "
            "environment (QISKIT_IBM_TOKEN is not set; without it QISKIT_IBM_INSTANCE, QISKIT_IBM_CHANNEL, "
            f"QISKIT_IBM_URL and IAM_URL do not suffice); the account file {file.summary()}."
        )
    return NoAccount(
        f"{found} Give token= and instance=, or set QISKIT_IBM_TOKEN and QISKIT_IBM_INSTANCE; "
        'channel="local" needs no account and simulates circuits on this machine.'
    )
