"""What a job that has ended was charged, once the service has settled it."""

from __future__ import annotations

import asyncio
from itertools import chain, repeat

from qrt_async.api.models import JobRecord, Usage
from qrt_async.api.status import UsageStatus
from qrt_async.errors import NotFound, QrtError, ServiceClosed
from qrt_async.jobs.job import AsyncJob

_AGAIN = (5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds between questions: a charge may stay pending for a while after the end (api.md 2.6)."""


def settled(usage: Usage | None) -> float | None:
    """The charge of a final job, or ``None`` while it may change. The oldest dates have no word for that: there,
    usage of a final job is settled."""
    if usage is None or usage.status not in {None, UsageStatus.COMPLETE}:
        return None
    return usage.charged


async def charge_of(job: AsyncJob[object], record: JobRecord | None) -> float | None:
    """The settled charge, however long that takes; ``None`` if the job is gone, and nobody will ever know."""
    charged = settled(None if record is None else record.usage)
    waits = chain((0.0,), _AGAIN, repeat(_AGAIN[-1]))
    while charged is None:
        await asyncio.sleep(next(waits))
        try:
            metrics = await job.metrics()
        except NotFound:
            return None
        except ServiceClosed:
            raise
        except QrtError:
            continue
        found = metrics.usage if metrics.usage is not None else metrics.bss
        charged = settled(found)
    return charged
