"""The account file of the official client: ``~/.qiskit/qiskit-ibm.json``, read and never written.

Its format and the order in which accounts are preferred are those of ``qiskit-ibm-runtime`` (api.md 1.7).
No error repeats a value from the file, which could be a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from qrt_async.errors import InvalidInput
from qrt_async.transport.secret import Secret

PLATFORM = "ibm_quantum_platform"
LEGACY = "ibm_quantum"
_DEFAULT_NAMES = {PLATFORM: "default-ibm-quantum-platform", "ibm_cloud": "default-ibm-cloud"}


class SavedProxies(msgspec.Struct, frozen=True, kw_only=True):
    """Proxies as the official client saves them: scheme to URL, in the manner of ``requests``."""

    urls: dict[str, str] = {}
    username_ntlm: Any = None
    password_ntlm: Any = None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One saved account, in the file's own words."""

    token: str
    channel: str = PLATFORM
    url: str | None = None
    instance: str | None = None
    verify: bool | str | None = True
    private_endpoint: bool | None = False
    proxies: SavedProxies | None = None

    def __repr__(self) -> str:
        return f"Record(channel={self.channel!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("channel", self.channel)]


class AccountFile:
    """What the file holds, or why it holds nothing (``trouble``)."""

    def __init__(self, path: Path, records: Mapping[str, Any], trouble: str | None = None) -> None:
        self.path = path
        self.records = {name: _hidden(found) for name, found in records.items()}
        self.trouble = trouble

    def __contains__(self, name: object) -> bool:
        return name in self.records

    def record(self, name: str) -> Record:
        """The account of that name, checked."""
        found = self.records[name]
        where = f"The account {name!r} of {self.path}"
        if not isinstance(found, dict):
            raise InvalidInput(f"{where} is not a JSON object; save it again.")
        if found.get("channel") == LEGACY:
            raise InvalidInput(
                f"{where} belongs to the channel {LEGACY!r}, which IBM has switched off; {_RENEW}"
            )
        if not isinstance(found.get("token"), str) or not found["token"].strip():
            raise InvalidInput(f"{where} has no token; {_RENEW}")
        if found.get("channel", PLATFORM) not in _DEFAULT_NAMES:
            raise InvalidInput(
                f"{where} is of an unknown channel; it must be one of {_names(_DEFAULT_NAMES)}."
            )
        try:
            return msgspec.convert(found, Record)
        except msgspec.ValidationError as error:
            raise InvalidInput(f"{where} cannot be read: {error}. Save it again.") from None

    def default(self, channel: str | None, usual: str | None) -> str | None:
        """The name of the account to take where none was named.

        ``channel`` was asked for; ``usual`` is the environment's. A record marked as default wins, then the
        channel's own default name, then any of the channel, then any record with a default name.
        """
        if channel is None and (marked := self._marked(None)):
            return marked
        wanted = channel or usual or PLATFORM
        of_channel = [name for name in self._usable() if self._usable()[name].get("channel") == wanted]
        named = [name for name in (_DEFAULT_NAMES.get(wanted),) if name in of_channel]
        others = [name for name in (*_DEFAULT_NAMES.values(), "default") if name in self._usable()]
        candidates = [self._marked(wanted), *named, *of_channel[-1:], *others]
        return next((name for name in candidates if name), None)

    def _marked(self, channel: str | None) -> str | None:
        for name, found in self._usable().items():
            if found.get("is_default_account") and channel in {None, found.get("channel")}:
                return name
        return None

    def _usable(self) -> dict[str, dict[str, Any]]:
        return {
            name: found
            for name, found in self.records.items()
            if isinstance(found, dict) and found.get("channel") != LEGACY
        }

    def summary(self) -> str:
        """What was found there, for the error that says where was looked."""
        if self.trouble:
            return f"{self.path} ({self.trouble})"
        legacy = [name for name in self.records if name not in self._usable()]
        words = [f"holds {_names(self.records)}" if self.records else "holds no account"]
        if legacy:
            words.append(f"of which {_names(legacy)} cannot be used: the channel {LEGACY!r} is switched off")
        return f"{self.path} ({', '.join(words)})"


_RENEW = "get a new API key at https://quantum.cloud.ibm.com and save it again."


def _hidden(found: Any) -> Any:
    if isinstance(found, dict) and isinstance(found.get("token"), str):
        return found | {"token": Secret(found["token"])}
    return found


def _names(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def read_file(path: Path) -> AccountFile:
    """One small blocking read. A file that is missing or broken is not an error before it is needed."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return AccountFile(path, {}, "no such file")
    except OSError as error:
        return AccountFile(path, {}, f"it cannot be read: {error.strerror}")
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return AccountFile(path, {}, f"it is not valid JSON: {error}")
    if not isinstance(found, dict):
        return AccountFile(path, {}, "it is not a JSON object of accounts")
    return AccountFile(path, found)
