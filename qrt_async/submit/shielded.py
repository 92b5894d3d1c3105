"""Clean-up that has to finish, whoever cancels whom meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from qrt_async.errors import QrtError
from qrt_async.jobs.job import AsyncJob

_CANCELLING = 30.0
"""Seconds that cancelling all jobs may take."""


async def noting(error: BaseException, work: Coroutine[Any, Any, None]) -> None:
    """Do the work on the way out with ``error``, which a failure of it must not replace: it becomes a note."""
    try:
        await work
    except QrtError as failure:
        error.add_note(f"Besides: {failure}")


async def shielded(work: Coroutine[Any, Any, None]) -> None:
    """Finish the work even if this task is cancelled meanwhile, as often as that happens; then let the
    cancellation go on. The work has to be bounded by itself."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()
        raise cancelled
    task.result()


async def at_most(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, or as much of it as can be done in time."""
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        pass


async def cancel_each(jobs: Sequence[AsyncJob[Any]]) -> None:
    """Ask the service to cancel them; those that cannot be cancelled in time go on."""
    places = asyncio.Semaphore(8)

    async def cancel(job: AsyncJob[Any]) -> None:
        async with places:
            await job.cancel()

    async def cancel_all() -> None:
        await asyncio.gather(*map(cancel, jobs), return_exceptions=True)

    await at_most(_CANCELLING, cancel_all())
