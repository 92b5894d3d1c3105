"""For web applications: FastAPI, Starlette, Litestar, and what else speaks ASGI; in parts for aiohttp.web.

    app = FastAPI(lifespan=asgi.lifespan(qrt.RuntimeService, lambda service: qrt.Submitter(service, journal="runs.db")))
    app.add_middleware(asgi.Problems)
    app.add_middleware(asgi.Farewell)

No framework is imported here.
"""

from __future__ import annotations

from qrt_async.integrations.farewell import Farewell
from qrt_async.integrations.lifespan import lifespan
from qrt_async.integrations.probes import healthy, ready
from qrt_async.integrations.problems import Problem, Problems, problem
from qrt_async.integrations.stream import EventStream, events

__all__ = [
    "EventStream",
    "Farewell",
    "Problem",
    "Problems",
    "events",
    "healthy",
    "lifespan",
    "problem",
    "ready",
]
