"""Clean-up that has to finish, whoever cancels whom meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from qrt_async.errors import QrtError


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
