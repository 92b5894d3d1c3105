"""What the environment says. The command writes there what its options say, so that every worker reads the same."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "WEB_BACKEND_"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """``local``: no account is named, so an emulator runs inside the process. ``data``: the folder of the journal and
    of what else is kept. ``secret`` signs cookies; whoever has it can be anybody. ``hosts``: the names under which the
    site may be asked for. ``https``: cookies travel encrypted or not at all. ``max_waiting``: so many submissions of
    all users together may wait in each worker."""

    local: bool
    data: Path
    secret: bytes = field(repr=False)
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    https: bool = False
    max_waiting: int = 1000

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        said = {name.removeprefix(PREFIX): text for name, text in environ.items() if name.startswith(PREFIX)}
        return cls(
            local=local(environ),
            data=Path(said.get("DATA", "web_backend_data")),
            secret=said.get("SECRET", secrets.token_hex()).encode(),
            hosts=tuple(said.get("HOSTS", "127.0.0.1,localhost").split(",")),
            https=said.get("HTTPS") == "1",
            max_waiting=int(said.get("MAX_WAITING", "1000")),
        )


def local(environ: Mapping[str, str]) -> bool:
    """Whoever has set ``QISKIT_IBM_...`` variables runs on that account; everybody else on the emulator."""
    named = {name for name in environ if name.startswith("QISKIT_IBM_")}
    return not named or environ.get("QISKIT_IBM_CHANNEL") == "local"
