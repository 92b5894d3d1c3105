"""Which requests cover all watched jobs, and what a page of rows means. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from qrt_async.api.call import Call
from qrt_async.api.job_calls import PAGE, JobFilter, list_request
from qrt_async.api.models import JobRecord
from qrt_async.transport.wire import Reply

_SKEW = timedelta(seconds=60)
"""How far the service's clock may be ahead of ours before a window misses a new job."""
_OLD = timedelta(days=1)
"""A window that reaches further back would list too many jobs of no interest."""


class Sight(msgspec.Struct, frozen=True):
    """A watched job, as far as looking is concerned. ``created`` is ``None`` where it is not known yet."""

    id: str
    created: datetime | None


class Window(msgspec.Struct, frozen=True):
    """Read pages of the listing, back to ``since``, until all of ``ids`` were seen."""

    since: datetime
    ids: frozenset[str]


class Cover(msgspec.Struct, frozen=True):
    """One look: at most one window, and single reads."""

    window: Window | None
    singles: tuple[str, ...]


def cover(sights: Sequence[Sight], missing: Iterable[str], now: datetime, rows_seen: int = 0) -> Cover:
    """The cheaper of one window with a few single reads, and single reads alone.

    Single reads are for jobs whose creation is unknown or long ago, and for those that are ``missing``
    from listings. ``rows_seen`` is how many rows the last window had to read.
    """
    lost = set(missing)
    inside = [s for s in sights if s.created is not None and s.id not in lost and now - s.created < _OLD]
    pages = max(1, -(-max(rows_seen, len(inside)) // PAGE))
    if len(inside) <= pages:
        return Cover(None, tuple(s.id for s in sights))
    ids = frozenset(s.id for s in inside)
    since = min(s.created for s in inside if s.created is not None) - _SKEW
    return Cover(Window(since, ids), tuple(s.id for s in sights if s.id not in ids))


def read_window(window: Window, offset: int, left: frozenset[str]) -> Call[Rows]:
    """One page of the window, of which the rows ``left`` are wanted.

    Finished rows are included, so that the row itself is the proof of an end.
    """
    request = list_request(JobFilter(created_after=window.since), PAGE, offset)
    return Call(request, lambda reply: read_rows(reply, left))


class _RawPage(msgspec.Struct, frozen=True):
    jobs: list[msgspec.Raw]
    limit: int


class _Name(msgspec.Struct, frozen=True):
    id: str


class Rows(msgspec.Struct, frozen=True):
    """What one page showed of the jobs that were asked for."""

    found: tuple[JobRecord, ...]
    read: int
    last: bool
    """Is this the end of the list?"""


_page = msgspec.json.Decoder(_RawPage, strict=False)
_name = msgspec.json.Decoder(_Name)
_record = msgspec.json.Decoder(JobRecord, strict=False)


def read_rows(reply: Reply, wanted: frozenset[str]) -> Rows:
    """Decode only the rows that are wanted: a stranger's odd row must not end anybody's wait."""
    page = _page.decode(reply.body)
    found = tuple(_record.decode(raw) for raw in page.jobs if _name.decode(raw).id in wanted)
    return Rows(found, len(page.jobs), len(page.jobs) < page.limit or not page.jobs)
