"""What is written down of submissions, and the one who writes nothing. On disk it is ``journal``."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from qrt_async.errors import NotSent


class Withdrawn(NotSent):
    """It was taken back, or over, perhaps by another process that shares the diary."""


def withdrawn(key: str) -> Withdrawn:
    """What whoever waits for it hears."""
    return Withdrawn(f"Submission {key} was withdrawn before it was sent.")


def taken_over(key: str) -> Withdrawn:
    """The same where somebody took us for dead: it is theirs to send."""
    return Withdrawn(f"Submission {key} was taken up by another process, which sends it; find() follows it.")


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
    shared: Literal["member", "bundle"] | None = None
    """One that shares a job with others, or the job itself."""
    size: str | None = None
    """Of a member: what it takes of a job, as JSON."""
    origin: str | None = None
    """Of a bundle that looks for what made another fail: the key of that one."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of QPU time under a budget: ``settled`` by all, ``elsewhere`` reserved by others who share the diary."""

    settled: float = 0.0
    elsewhere: float = 0.0
    granted: bool = False
    """Was there room for what was asked for?"""


class Diary(Protocol):
    """Each returns once what it says is safe."""

    @property
    def keeps(self) -> bool:
        """Will it be there after this process?"""

    async def intend(self, intent: Intent) -> None:
        """It is to be sent."""

    async def leaving(self, key: str) -> None:
        """A request is about to leave: from now on, there may be a job. Raises ``Withdrawn``."""

    async def reserve(self, key: str, cost: float, room: float) -> Account:
        """A request of this cost is about to leave, if what is settled and reserved elsewhere is no more than
        ``room``; else nothing is written. Raises ``Withdrawn``."""

    async def refused(self, key: str) -> None:
        """The request that left became no job, for certain."""

    async def charged(self, key: str, seconds: float) -> Account:
        """The charge of its job is settled."""

    async def doubled(self, key: str, kept: str, job_id: str, charged: float | None) -> None:
        """A submission had become two jobs, and this one was cancelled."""

    async def accepted(self, key: str, job_id: str, session_id: str | None) -> None:
        """The service took it in."""

    async def moved(self, key: str, state: RowState, detail: str | None = None) -> None:
        """It came to an end, one way or the other."""

    async def close(self) -> None:
        """Nothing more will be written."""


class NoDiary:
    """While the process lives, its memory is enough."""

    keeps = False

    def __init__(self) -> None:
        self._settled = 0.0

    async def intend(self, intent: Intent) -> None: ...

    async def leaving(self, key: str) -> None: ...

    async def reserve(self, key: str, cost: float, room: float) -> Account:
        return Account(settled=self._settled, granted=self._settled <= room)

    async def refused(self, key: str) -> None: ...

    async def charged(self, key: str, seconds: float) -> Account:
        self._settled += seconds
        return Account(settled=self._settled, granted=True)

    async def doubled(self, key: str, kept: str, job_id: str, charged: float | None) -> None:
        self._settled += charged or 0.0

    async def accepted(self, key: str, job_id: str, session_id: str | None) -> None: ...

    async def moved(self, key: str, state: RowState, detail: str | None = None) -> None: ...

    async def close(self) -> None: ...
