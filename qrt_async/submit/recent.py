"""What the user's recent submissions have left of the rate limit, by the service's own listing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from qrt_async.api.call import Ask, Call
from qrt_async.api.job_calls import JobFilter, list_jobs
from qrt_async.api.models import JobPage
from qrt_async.errors import QrtError
from qrt_async.submit.bucket import RateLimit
from qrt_async.transport.wire import Reply, server_date

_SAME = timedelta(seconds=2)
"""Clocks that differ by no more need no second question: an HTTP date has whole seconds."""


async def recent_ages(ask: Ask, limit: RateLimit) -> list[float]:
    """How many seconds old the user's jobs of the last period are, by the server's ``Date``.

    Empty where that cannot be told: what was used then is met as a refusal.
    """
    now = datetime.now(UTC)
    try:
        page, date = await ask(_jobs_since(now, limit))
        if date is not None and abs(date - now) > _SAME:
            page, date = await ask(_jobs_since(date, limit))
    except QrtError:
        return []
    return ages(page, date or now, limit)


def ages(page: JobPage, date: datetime, limit: RateLimit) -> list[float]:
    """Never more than they are: a second that ``Date`` cuts off makes a job look younger."""
    found = [(date - job.created).total_seconds() for job in page.jobs if job.created is not None]
    return [max(0.0, age) for age in found if age < limit.hold]


def _jobs_since(now: datetime, limit: RateLimit) -> Call[tuple[JobPage, datetime | None]]:
    """Of more jobs than the limit allows, the newest are enough."""
    chosen = JobFilter(created_after=now - timedelta(seconds=limit.hold))
    call = list_jobs(chosen, limit=min(200, limit.submissions))

    def read(reply: Reply) -> tuple[JobPage, datetime | None]:
        return call.read(reply), server_date(reply.headers)

    return Call(call.request, read)
