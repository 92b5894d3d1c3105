"""What is told as it happens, as server-sent events. Whoever was away says the last id that it heard, and hears only
what is new, of whichever worker it reaches."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from qrt_async.integrations import asgi

from .desk import Desk
from .pages import At, Of, Who, rows_of

router = APIRouter()

PAUSE = 5.0
"""Seconds after which is looked again even where nothing was heard: other workers change things, too."""


@router.get("/jobs/{id}/events", name="job_events", response_model=None)
async def job_events(request: Request, record: Of, desk: At) -> Any:
    """Of one job, or one sweep."""
    if record.order.kind == "job":
        return asgi.events(await desk.submitter.tenant(record.tenant).find(record.id))
    run = await desk.sweeps.find(record)
    if desk.sweeps.ours(record) or run.done:
        return asgi.events(run)
    return _stream(_changes(request, record.tenant, desk))


@router.get("/events", name="events")
async def events(request: Request, who: Who, desk: At) -> Response:
    """Of everything in the table."""
    return _stream(_changes(request, who.tenant, desk))


def _stream(frames: AsyncIterator[str]) -> Response:
    return StreamingResponse(frames, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _changes(request: Request, tenant: str, desk: Desk) -> AsyncIterator[str]:
    """Says that something changed, and not what: the page has the words. Its id is a digest of all that is shown."""
    last = request.headers.get("last-event-id")
    yield "retry: 1000\n\n"
    while True:
        news = desk.bell.news
        rows = await rows_of(tenant, desk)
        shown = [(row.record.id, row.standing.state, row.standing.detail) for row in rows]
        digest = hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]
        yield f"id: {digest}\nevent: change\ndata: {{}}\n\n" if digest != last else ": still here\n\n"
        last = digest
        with suppress(TimeoutError):
            async with asyncio.timeout(PAUSE):
                await news.wait()
