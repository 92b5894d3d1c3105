"""What was asked of a run, and what a run asks of those who carry it out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol, TypeAlias

from msgspec import Struct

from qrt_async.programs.program import Program
from qrt_async.submit.budget import Budget
from qrt_async.submit.counter import Counter
from qrt_async.submit.intake import Isa
from qrt_async.submit.passage import Passage
from qrt_async.sweep.plan import Pack

Mode: TypeAlias = Literal["job", "batch"]
OverUsage: TypeAlias = Literal["refuse", "allow"]
Transform: TypeAlias = Callable[[Any], Any]


class Order(Struct, frozen=True, kw_only=True, eq=False):
    """The arguments of ``Submitter.sweep``."""

    backend: str
    name: str
    pack: Pack = "auto"
    mode: Mode = "job"
    fresh: bool = False
    budget: Budget | None = None
    cost: int | None = None
    transform: Transform | None = None
    executor: Executor | None = None
    extra_jobs: int | None = None
    over_usage: OverUsage = "refuse"
    isa: Isa = "check"
    tenant: str | None = None


class Hands(Protocol):
    """The ``Submitter`` of a run, with the wishes for its jobs."""

    @property
    def counter(self) -> Counter: ...

    @property
    def left(self) -> bool:
        """Is nothing more sent?"""

    def send(self, program: Program[Any], key: str, session_id: str | None) -> Passage:
        """Get in line. Raises ``LineFull``, ``InvalidInput``."""

    def when_room(self, call: Callable[[], None]) -> None:
        """Have it called once, when one fewer waits."""

    def withdraw(self, passage: Passage) -> bool:
        """Out of the line, unless it was sent."""

    def take_up(self, keys: Sequence[str]) -> Awaitable[dict[str, Passage]]:
        """Those that are on their way, or that an earlier process left on it."""

    def batch(self) -> AbstractAsyncContextManager[Any]:
        """A batch of the service, whose ``id`` the jobs are submitted into."""
