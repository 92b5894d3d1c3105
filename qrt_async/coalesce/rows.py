"""What is written down of shares: who is in which job, what became of it, who waits in a search."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from qrt_async.programs.slicing import Span
from qrt_async.submit.diary import Intent, RowState
from qrt_async.sweep.rows import Failure

Suspicion = Literal["suspect", "held"]
"""Of a member that waits in a search for what made its job fail; see ``sweep.split``."""


class Seat(Struct, frozen=True):
    """A member's place in a bundle."""

    key: str
    span: Span


class Ending(Struct, frozen=True, kw_only=True):
    """What became of a member: its slice of a job, or an error."""

    key: str
    state: Literal["ended", "failed"] = "ended"
    detail: str = "Completed"
    failure: Failure | None = None


class Waiting(Struct, frozen=True, kw_only=True):
    """A member that waits in a search."""

    key: str
    suspicion: Suspicion
    failure: Failure


class Step(Struct, frozen=True, kw_only=True):
    """Written down together, or not at all: who has ended, who goes on to wait in a search, and the job that tests."""

    ended: Sequence[Ending] = ()
    waiting: Sequence[Waiting] = ()
    origin: str = ""
    bundle: Intent | None = None
    seats: Sequence[Seat] = ()


class MemberRow(Struct, frozen=True, kw_only=True):
    """A member as it was left."""

    intent: Intent
    state: RowState
    job_id: str | None
    bundle: str | None
    span: Span
    suspicion: Suspicion | None
    failure: Failure | None
    made: datetime


class BundleRow(Struct, frozen=True, kw_only=True):
    """A job for several as it was left."""

    intent: Intent
    state: RowState
    posts: int
    job_id: str | None
    uncharged: bool
