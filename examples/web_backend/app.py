"""The application: what it is put together from.

    uvicorn --factory examples.web_backend.app:create

serves it, too, with WEB_BACKEND_SECRET set where there are several workers; ``python -m examples.web_backend`` sees to
that itself, chooses a port and says which.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

import qrt_async as qrt
from qrt_async.integrations import asgi

from . import actions, live, pages, problems
from .desk import Bell, opened
from .guard import Guard, same_site
from .rendering import HERE
from .settings import Settings

LARGEST_FORM = 200_000
"""Bytes. The longest circuit has 20,000 characters, each of which may be nine bytes of a form."""


def create(settings: Settings | None = None) -> FastAPI:
    """One for each worker."""
    settings = settings or Settings.read()
    app = FastAPI(
        lifespan=_lifespan(settings),
        dependencies=[Depends(same_site)],
        max_body_size=LARGEST_FORM,
        openapi_url=None,  # its pages would load scripts from other hosts
    )
    app.state.settings = settings
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.hosts))
    app.add_middleware(Guard)
    app.add_middleware(asgi.Farewell)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.mount("/healthz", asgi.healthy())
    app.mount("/readyz", asgi.ready())
    for part in (pages, actions, live):
        app.include_router(part.router)
    problems.install(app)
    return app


def _lifespan(settings: Settings) -> Any:
    bell = Bell()

    def service() -> qrt.RuntimeService:
        return qrt.RuntimeService(channel="local" if settings.local else None, observers=[bell])

    def submitter(service: qrt.RuntimeService) -> qrt.Submitter:
        return qrt.Submitter(
            service,
            journal=settings.data / "journal.db",
            permits=None if settings.local else settings.data / "permits.db",
            max_waiting=settings.max_waiting,
            max_waiting_per_tenant=max(1, settings.max_waiting // 4),  # nobody fills the line alone
            leave="detach",  # what waits is in the journal: the next process sends it
        )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with (
            asgi.lifespan(service, submitter)(app) as state,
            opened(settings, state["runtime"], state["submitter"], bell) as desk,
        ):
            yield {**state, "desk": desk}

    return lifespan
