"""A lazy walk over all pages of jobs that stays right while the list changes under it.

Pages are cut by the creation time of the last row, not by a count of rows: a new job shifts every offset
(the same row comes twice), a deleted one shifts them back (a row is never seen). Only where more rows
than a page holds were created in the same instant must rows be counted; then each page begins with the
last row of the one before, and where it does not, the list has shrunk and that instant is read again.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta

import msgspec

from qrt_async.api.call import Ask
from qrt_async.api.job_calls import PAGE, JobFilter, list_jobs
from qrt_async.api.models import JobPage, JobRecord
from qrt_async.errors import InvalidInput

_TICK = timedelta(microseconds=1)
"""The resolution of ``created``. The cursor reaches one tick beyond the last row, so that it does not
matter whether the service counts the bound itself in (api.md 8: not known)."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the walk stands: the filter of the next page, and how many of its rows to pass over.

    ``anchor`` is the id of a row that must be on that page, or rows before it were missed.
    """

    chosen: JobFilter
    offset: int = 0
    anchor: str | None = None


def onward(place: Place, page: JobPage) -> Place | None:
    """The place after this page; ``None`` at the end of the list."""
    if place.anchor is not None and all(row.id != place.anchor for row in page.jobs):
        return Place(chosen=place.chosen)
    if len(page.jobs) < page.limit or not page.jobs:
        return None
    last = page.jobs[-1]
    beyond = _beyond(place.chosen, last)
    if beyond is not None:
        return Place(chosen=beyond)
    return Place(chosen=place.chosen, offset=place.offset + len(page.jobs) - 1, anchor=last.id)


def _beyond(chosen: JobFilter, last: JobRecord) -> JobFilter | None:
    """The filter for what comes after ``last`` and beside it, where that is narrower than before."""
    if last.created is None:
        return None
    if chosen.sort == "ASC":
        after = last.created - _TICK
        narrower = chosen.created_after is None or after > chosen.created_after
        return msgspec.structs.replace(chosen, created_after=after) if narrower else None
    before = last.created + _TICK
    narrower = chosen.created_before is None or before < chosen.created_before
    return msgspec.structs.replace(chosen, created_before=before) if narrower else None


class JobWalk:
    """Iterates over job records, asking for a page when the last one is used up. Safe to ``break``."""

    def __init__(self, ask: Ask, chosen: JobFilter, page_size: int = PAGE) -> None:
        if page_size not in range(2, PAGE + 1):
            raise InvalidInput(f"page_size is {page_size!r}; allowed: 2 to {PAGE}.")
        self._ask = ask
        self._page_size = page_size
        self._place: Place | None = Place(chosen=chosen)
        self._rows: deque[JobRecord] = deque()
        self._seen: set[str] = set()

    def __aiter__(self) -> JobWalk:
        return self

    async def __anext__(self) -> JobRecord:
        while not self._rows:
            if self._place is None:
                raise StopAsyncIteration
            place = self._place
            self._take(place, await self._ask(list_jobs(place.chosen, self._page_size, place.offset)))
        return self._rows.popleft()

    def _take(self, place: Place, page: JobPage) -> None:
        for row in page.jobs:
            if row.id not in self._seen:
                self._seen.add(row.id)
                self._rows.append(row)
        self._place = onward(place, page)
