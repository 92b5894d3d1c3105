"""What arguments and environment say about the account, merged: an argument wins. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from qrt_async.errors import InvalidInput
from qrt_async.transport.saved import LEGACY, PLATFORM

TokenSource = Callable[[], Awaitable[str]]
"""Called whenever a new bearer token is needed; returns one that the service accepts. IAM is not asked."""

LOCAL = "local"
CHANNELS = (PLATFORM, "ibm_cloud", LOCAL)
VARIABLES = {
    "channel": "QISKIT_IBM_CHANNEL",
    "token": "QISKIT_IBM_TOKEN",
    "instance": "QISKIT_IBM_INSTANCE",
    "url": "QISKIT_IBM_URL",
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The wishes so far. What nobody has said yet is ``None``."""

    channel: str | None = None
    token: str | TokenSource | None = None
    instance: str | None = None
    url: str | None = None
    name: str | None = None
    iam: str | None = None
    private: bool = False
    verify: bool | str = True
    proxies: Mapping[str, str] | None = None
    usual_channel: str | None = None
    """The environment's channel, which only helps to choose among saved accounts."""
    by: Mapping[str, str] = {}
    """Who said it, of each thing said."""

    def __repr__(self) -> str:
        return f"Asked(by={dict(self.by)!r})"


def merge(arguments: Asked, environ: Mapping[str, str]) -> Asked:
    """The arguments, completed by the environment; with ``name=``, only by the saved account."""
    _check_channel(arguments.channel, "channel=")
    _check_text(arguments)
    spoken = {word: f"{word}=" for word in VARIABLES if getattr(arguments, word) is not None}
    base = msgspec.structs.replace(arguments, by=spoken, iam=_variable(environ, "IAM_URL"))
    if arguments.name is not None:
        return _refuse_both(base, "name=", ("token", "url"))
    if arguments.channel == LOCAL:
        return _refuse_both(base, 'channel="local"', ("url",))
    heard = {word: value for word, key in VARIABLES.items() if (value := _variable(environ, key))}
    usual = heard.pop("channel", None)
    if arguments.channel is None:
        _check_channel(usual, VARIABLES["channel"])
        if usual == LOCAL and arguments.token is None and arguments.url is None:
            return _local_by_environment(base, heard)
    added = {word: value for word, value in heard.items() if word not in spoken}
    by = spoken | {word: VARIABLES[word] for word in added}
    return msgspec.structs.replace(base, by=by, usual_channel=None if usual == LOCAL else usual, **added)


def _variable(environ: Mapping[str, str], key: str) -> str | None:
    return environ.get(key, "").strip() or None


def _local_by_environment(base: Asked, heard: Mapping[str, str]) -> Asked:
    if "url" in heard:
        raise InvalidInput(
            "QISKIT_IBM_CHANNEL=local starts an emulator of its own, and QISKIT_IBM_URL names another "
            "server; unset one of them."
        )
    return msgspec.structs.replace(base, channel=LOCAL)


def _refuse_both(asked: Asked, first: str, words: tuple[str, ...]) -> Asked:
    also = [f"{word}=" for word in words if word in asked.by]
    if also:
        raise InvalidInput(f"{first} and {' and '.join(also)} contradict each other; give one or the other.")
    return asked


def _check_channel(channel: str | None, origin: str) -> None:
    if channel is None or channel in CHANNELS:
        return
    if channel == LEGACY:
        raise InvalidInput(f"{origin} is {LEGACY!r}, which IBM has switched off; use {PLATFORM!r}.")
    allowed = ", ".join(repr(known) for known in CHANNELS)
    raise InvalidInput(f"{origin} is {channel!r}; it must be one of {allowed}.")


def _check_text(arguments: Asked) -> None:
    for word in ("instance", "url", "name"):
        value = getattr(arguments, word)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise InvalidInput(f"{word}= must be text that is not empty; leave it out to have it looked up.")
    token = arguments.token
    if token is None or callable(token):
        return
    if not isinstance(token, str) or not token.strip():
        raise InvalidInput("token= must be an API key, or an async callable that returns a bearer token.")
    if token.startswith("crn:"):
        raise InvalidInput("token= is a CRN; have token= and instance= been exchanged?")
