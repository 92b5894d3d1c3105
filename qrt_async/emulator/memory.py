"""The emulator without sockets: for simulated time, and for tests that need no network."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from .config import EmulatorConfig
from .host import Host
from .wire import Reply, Request
from .work import Simulates


class MemoryEmulator:
    """The same machine, asked directly. It lives in the loop that makes it; all times are that loop's."""

    def __init__(self, config: EmulatorConfig | None = None, *, simulator: Simulates | None = None) -> None:
        self._host = Host(config or EmulatorConfig(), simulator)

    async def send(
        self, method: str, target: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """One exchange. A connection that a fault cuts is a ``ConnectionResetError``."""
        named = {name.lower(): value for name, value in (headers or {}).items()}
        reply = await self._host.exchange(Request(method=method, target=target, headers=named, body=body))
        mishap = reply.mishap
        if mishap is None:
            return reply
        await asyncio.sleep(mishap.delay + mishap.spread)
        if mishap.cut != "never":
            raise ConnectionResetError("the emulator cut the connection")
        return reply

    async def close(self) -> None:
        """End every simulation."""
        await self._host.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
