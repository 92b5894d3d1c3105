"""After an unclear end: is the job there? Looked up by its tag, at moments by which listings have caught up."""

from __future__ import annotations

import asyncio

from qrt_async.api.call import Ask
from qrt_async.api.job_calls import JobFilter, list_jobs
from qrt_async.api.models import JobRecord
from qrt_async.errors import ServiceError

MOMENTS = (0.0, 2.0, 10.0, 30.0, 60.0, 120.0)
"""Seconds after the unclear end."""

_EXTRA = 10
"""More looks, should the last not be answered: that nothing was heard proves nothing."""
_BETWEEN = 30.0


class Unanswered(Exception):
    """The service could not be asked whether the job is there."""


def moments(settle: float | None) -> tuple[float, ...]:
    """When to look: the last time after ``settle`` seconds."""
    if settle is None:
        return MOMENTS
    return (*(moment for moment in MOMENTS if moment < settle), settle)


async def search(ask: Ask, tag: str, settle: float | None) -> JobRecord | None:
    """The oldest job with the tag, as soon as it is listed; ``None`` once it is proven not to be.

    Raises ``Unanswered`` where the proof could not be had.
    """
    waited, answered = 0.0, False
    planned = moments(settle)
    for moment in (*planned, *(planned[-1] + _BETWEEN * n for n in range(1, _EXTRA + 1))):
        if answered and moment > planned[-1]:
            return None
        await asyncio.sleep(moment - waited)
        waited = moment
        try:
            found = await with_tag(ask, tag)
        except ServiceError:
            answered = False
            continue
        answered = moment >= planned[-1]
        if found:
            return found[0]
    if not answered:
        raise Unanswered
    return None


async def with_tag(ask: Ask, tag: str) -> list[JobRecord]:
    """Jobs that carry the tag, the oldest first."""
    page = await ask(list_jobs(JobFilter(tags=(tag,), sort="ASC")))
    return [row for row in page.jobs if tag in (row.tags or ())]
