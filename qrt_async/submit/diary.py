"""What is written down of submissions, and the one who writes nothing. On disk it is ``journal``."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

RowState = Literal["waiting", "sending", "accepted", "ended", "failed", "withdrawn"]
"""``waiting``: provably never sent. ``sending``: a request may have left. ``accepted``: there is a job."""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A submission before it leaves: enough to make it in another process. Never holds a token."""

    key: str
    program_id: str
    backend: str
    body: bytes | None
    """The body of the POST; forgotten once there is a job."""
    priority: int = 0
    tenant: str | None = None
    cost: int | None = None
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    private: bool = False
    instance: str | None = None
    watch: bool = True


class Diary(Protocol):
    """Each returns once what it says is safe."""

    @property
    def keeps(self) -> bool:
        """Will it be there after this process?"""

    async def intend(self, intent: Intent) -> None:
        """It is to be sent."""

    async def leaving(self, key: str) -> None:
        """A request is about to leave: from now on, there may be a job."""

    async def accepted(self, key: str, job_id: str, session_id: str | None) -> None:
        """The service took it in."""

    async def moved(self, key: str, state: RowState, detail: str | None = None) -> None:
        """It came to an end, one way or the other."""

    async def close(self) -> None:
        """Nothing more will be written."""


class NoDiary:
    """While the process lives, its memory is enough."""

    keeps = False

    async def intend(self, intent: Intent) -> None: ...

    async def leaving(self, key: str) -> None: ...

    async def accepted(self, key: str, job_id: str, session_id: str | None) -> None: ...

    async def moved(self, key: str, state: RowState, detail: str | None = None) -> None: ...

    async def close(self) -> None: ...
