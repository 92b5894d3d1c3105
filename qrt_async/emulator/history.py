"""Jobs of the past, so that a listing can be as long as a real user's from the first moment."""

from __future__ import annotations

from typing import Annotated

import msgspec

from .books import Books
from .iam import user_id
from .job import Job, Plan, Posted
from .wishes import Wish

NotNegative = Annotated[float, msgspec.Meta(ge=0.0)]


class History(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many jobs of one user, cancelled in the queue long ago: they cost nothing and have no results."""

    count: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    instance: str
    key: str | None = None
    """The API key of the user whose jobs they are; or give the ``user`` itself."""
    user: str | None = None
    youngest: NotNegative = 3600.0
    """Age of the youngest in seconds; each other one is ``apart`` seconds older than the one before."""
    apart: NotNegative = 60.0
    tags: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"History(count={self.count})"

    @property
    def owner(self) -> str:
        return self.user if self.user is not None else user_id(self.key or "")


def write(books: Books, history: History, now: float) -> list[str]:
    """Enter the jobs, and answer their ids, youngest first."""
    jobs = [
        _job(books, history, now - history.youngest - step * history.apart) for step in range(history.count)
    ]
    for job in jobs:
        books.ledger.add_past(job)
    return [job.id for job in jobs]


def _job(books: Books, history: History, created: float) -> Job:
    at = round(created, 6)
    return Job(
        id=books.ids.next(at),
        user_id=history.owner,
        crn=history.instance,
        created=at,
        posted=Posted(program_id="sampler", backend=books.fleet.names()[0], params=b"{}", cost=600),
        plan=Plan(queue=0.0, run=0.0, lag=0.0, expected_queue=0.0, expected_run=0.0),
        wish=Wish(ending="cancelled"),
        tags=history.tags,
        status="Cancelled",
        finished=at,
    )
