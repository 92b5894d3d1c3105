"""``python -m benchmarks.site TASK``: a small web backend over qrt_async, as users write it, until stdin closes.

``POST /jobs`` submits for the user that a header names, ``GET /jobs/ID/events`` tells what happens, ``GET /jobs/ID``
answers with the number of shots once the result was counted; ``GET /`` is a plain page, and says how many were.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

import qrt_async as qrt
from qrt_async.integrations import asgi

from .contenders import ours
from .lane import Task, say


def create(task: Task) -> Starlette:
    counted = 0

    async def plain(request: Request) -> Response:
        return HTMLResponse(f"<!doctype html><title>Plain</title><p>{counted}</p>")

    async def submit(request: Request) -> Response:
        tenant = request.state.submitter.tenant(request.headers["x-user"])
        submission = tenant.submit(qrt.Sampler([ours.CIRCUIT], shots=1), backend=task["backend"])
        return JSONResponse({"id": submission.id}, 202)

    async def events(request: Request) -> Any:
        tenant = request.state.submitter.tenant(request.headers["x-user"])
        return asgi.events(await tenant.find(request.path_params["id"]))

    async def result(request: Request) -> Response:
        nonlocal counted
        tenant = request.state.submitter.tenant(request.headers["x-user"])
        found = await (await tenant.find(request.path_params["id"]))
        shots = sum(found[0].data.bits("meas").get_counts().values())
        counted += 1
        return JSONResponse({"shots": shots})

    return Starlette(
        lifespan=asgi.lifespan(lambda: ours.connect(task), qrt.Submitter),
        routes=[
            Route("/", plain),
            Route("/jobs", submit, methods=["POST"]),
            Route("/jobs/{id}", result),
            Route("/jobs/{id}/events", events),
        ],
    )


async def serve(task: Task) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        listening.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )  # asyncio does so for sockets of its own
        config = uvicorn.Config(create(task), log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        say({"url": f"http://127.0.0.1:{listening.getsockname()[1]}"})
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
