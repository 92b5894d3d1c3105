"""Pages of a listing: how they are asked for, and what their rows mean. Pure."""

from __future__ import annotations

import msgspec

from qrt_async.api.call import Call
from qrt_async.api.job_calls import PAGE, list_request
from qrt_async.api.models import JobRecord
from qrt_async.jobs.cover import Listing
from qrt_async.transport.wire import Reply


def read_page(listing: Listing, offset: int, left: frozenset[str]) -> Call[Rows]:
    """One page of the listing, of which the rows ``left`` are wanted.

    But for listings of what is pending, finished rows are included, so that the row itself is the proof of
    an end.
    """
    request = list_request(listing.chosen, PAGE, offset)
    return Call(request, lambda reply: read_rows(reply, left))


class _RawPage(msgspec.Struct, frozen=True):
    jobs: list[msgspec.Raw]
    limit: int


class _Name(msgspec.Struct, frozen=True):
    id: str


class Row(msgspec.Struct, frozen=True):
    """One row, not yet read."""

    id: str
    raw: bytes

    def record(self) -> JobRecord:
        return _record.decode(self.raw)


class Rows(msgspec.Struct, frozen=True):
    """What one page showed of the jobs that were asked for."""

    found: tuple[Row, ...]
    read: int
    last: bool
    """Is this the end of the list?"""


_page = msgspec.json.Decoder(_RawPage, strict=False)
_name = msgspec.json.Decoder(_Name)
_record = msgspec.json.Decoder(JobRecord, strict=False)


def read_rows(reply: Reply, wanted: frozenset[str]) -> Rows:
    """Keep only the rows that are wanted: a stranger's odd row must not end anybody's wait."""
    page = _page.decode(reply.body)
    named = ((_name.decode(raw).id, raw) for raw in page.jobs)
    found = tuple(Row(job_id, bytes(raw)) for job_id, raw in named if job_id in wanted)
    return Rows(found, len(page.jobs), len(page.jobs) < page.limit or not page.jobs)
