"""One small application, four times: each as its framework's users would write it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Annotated, Any

import fastapi
import litestar
from aiohttp import web
from litestar.params import FromPath, HeaderParameter
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import qrt_async as qrt
from qrt_async.integrations import asgi
from qrt_async.integrations.replies import App
from tests.ground import BACKEND

Lifespan = Callable[[Any], Any]


async def submit(submitter: qrt.Submitter, user: str, qasm: str, tags: list[str]) -> dict[str, Any]:
    submission = submitter.tenant(user).submit(qrt.Sampler([qasm], shots=3), backend=BACKEND, tags=tags)
    await submission.kept()
    return {"id": submission.id}


async def listed(submitter: qrt.Submitter, user: str) -> list[str]:
    return [record.id for record in await submitter.tenant(user).list()]


async def counts(submitter: qrt.Submitter, user: str, key: str) -> dict[str, int]:
    result = await (await submitter.tenant(user).find(key))
    found: dict[str, int] = result[0].data.bits("meas").get_counts()
    return found


def _tenant(request: fastapi.Request, user: Annotated[str, fastapi.Header()]) -> tuple[qrt.Submitter, str]:
    return request.state.submitter, user


Who = Annotated[tuple[qrt.Submitter, str], fastapi.Depends(_tenant)]


def fastapi_app(lifespan: Lifespan) -> App:
    app = fastapi.FastAPI(lifespan=lifespan)
    app.add_middleware(asgi.Problems)
    app.mount("/healthz", asgi.healthy())
    app.mount("/readyz", asgi.ready())

    @app.post("/jobs", status_code=202)
    async def post(user: Who, body: Annotated[dict[str, Any], fastapi.Body()]) -> dict[str, Any]:
        return await submit(*user, body["qasm"], body.get("tags", []))

    @app.get("/jobs")
    async def jobs(user: Who) -> list[str]:
        return await listed(*user)

    @app.get("/jobs/{key}")
    async def result(user: Who, key: str) -> dict[str, int]:
        return await counts(*user, key)

    @app.delete("/jobs/{key}")
    async def cancel(user: Who, key: str) -> bool:
        return await user[0].tenant(user[1]).cancel(key)

    @app.get("/jobs/{key}/events", response_model=None)
    async def events(user: Who, key: str) -> asgi.EventStream:
        return asgi.events(await user[0].tenant(user[1]).find(key), heartbeat=2.0)

    return app


def starlette_app(lifespan: Lifespan) -> App:
    def user_of(request: Request) -> tuple[qrt.Submitter, str]:
        return request.state.submitter, request.headers["user"]

    async def jobs(request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(await listed(*user_of(request)))
        body = await request.json()
        return JSONResponse(await submit(*user_of(request), body["qasm"], body.get("tags", [])), 202)

    async def job(request: Request) -> Response:
        submitter, user = user_of(request)
        key = request.path_params["key"]
        if request.method == "DELETE":
            return JSONResponse(await submitter.tenant(user).cancel(key))
        return JSONResponse(await counts(submitter, user, key))

    async def events(request: Request) -> App:
        submitter, user = user_of(request)
        return asgi.events(await submitter.tenant(user).find(request.path_params["key"]), heartbeat=2.0)

    routes = [
        Route("/jobs", jobs, methods=["GET", "POST"]),
        Route("/jobs/{key}", job, methods=["GET", "DELETE"]),
        Route("/jobs/{key}/events", events),
        Route("/healthz", asgi.healthy()),
        Route("/readyz", asgi.ready()),
    ]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(asgi.Problems)])


User = Annotated[str, HeaderParameter(name="user")]
Key = FromPath[str]


def litestar_app(lifespan: Lifespan) -> App:
    @litestar.post("/jobs", status_code=202)
    async def post(request: litestar.Request[Any, Any, Any], user: User) -> dict[str, Any]:
        body = await request.json()
        return await submit(request.app.state.submitter, user, body["qasm"], body.get("tags", []))

    @litestar.get("/jobs")
    async def jobs(request: litestar.Request[Any, Any, Any], user: User) -> list[str]:
        return await listed(request.app.state.submitter, user)

    @litestar.get("/jobs/{key:str}")
    async def result(request: litestar.Request[Any, Any, Any], user: User, key: Key) -> dict[str, int]:
        return await counts(request.app.state.submitter, user, key)

    @litestar.delete("/jobs/{key:str}", status_code=200)
    async def cancel(request: litestar.Request[Any, Any, Any], user: User, key: Key) -> bool:
        cancelled: bool = await request.app.state.submitter.tenant(user).cancel(key)
        return cancelled

    @litestar.get("/jobs/{key:str}/events")
    async def events(request: litestar.Request[Any, Any, Any], user: User, key: Key) -> asgi.EventStream:
        tenant = request.app.state.submitter.tenant(user)
        return asgi.events(await tenant.find(key), heartbeat=2.0)

    async def ready(scope: Any, receive: Any, send: Any) -> None:
        await asgi.ready(scope["litestar_app"].state.submitter)(scope, receive, send)

    def problem(_: Any, error: qrt.QrtError) -> Any:
        return asgi.problem(error)

    app: Any = litestar.Litestar(
        route_handlers=[
            post,
            jobs,
            result,
            cancel,
            events,
            litestar.asgi("/healthz", copy_scope=True)(asgi.healthy()),
            litestar.asgi("/readyz", copy_scope=True)(ready),
        ],
        lifespan=[lifespan],
        exception_handlers={qrt.QrtError: problem},
        openapi_config=None,
    )
    return app  # type: ignore[no-any-return] # its own types of ASGI are narrower


STATE = web.AppKey("STATE", dict[str, Any])


@web.middleware
async def _problems(request: web.Request, handler: Any) -> Any:
    try:
        return await handler(request)
    except qrt.QrtError as error:
        found = asgi.problem(error, instance=request.path)
        return web.Response(status=found.status, body=found.body, headers=found.headers)


def _of(request: web.Request) -> tuple[qrt.Submitter, str]:
    return request.app[STATE]["submitter"], request.headers["user"]


async def _post(request: web.Request) -> web.StreamResponse:
    body = json.loads(await request.read())
    return web.json_response(await submit(*_of(request), body["qasm"], body.get("tags", [])), status=202)


async def _jobs(request: web.Request) -> web.StreamResponse:
    return web.json_response(await listed(*_of(request)))


async def _result(request: web.Request) -> web.StreamResponse:
    return web.json_response(await counts(*_of(request), request.match_info["key"]))


async def _cancel(request: web.Request) -> web.StreamResponse:
    submitter, user = _of(request)
    return web.json_response(await submitter.tenant(user).cancel(request.match_info["key"]))


async def _events(request: web.Request) -> web.StreamResponse:
    submitter, user = _of(request)
    submission = await submitter.tenant(user).find(request.match_info["key"])
    stream = asgi.events(submission, last_event_id=request.headers.get("Last-Event-ID"), heartbeat=2.0)
    response = web.StreamResponse(status=stream.status_code, headers=stream.headers)
    await response.prepare(request)
    async with aclosing(stream.frames()) as frames:
        async for frame in frames:
            await response.write(frame)
    return response


def aiohttp_app(lifespan: Lifespan) -> web.Application:
    async def living(app: web.Application) -> AsyncIterator[None]:
        async with lifespan(app) as state:
            app[STATE] = state
            yield

    app = web.Application(middlewares=[_problems])
    app.cleanup_ctx.append(living)
    app.router.add_post("/jobs", _post)
    app.router.add_get("/jobs", _jobs)
    app.router.add_get("/jobs/{key}", _result)
    app.router.add_delete("/jobs/{key}", _cancel)
    app.router.add_get("/jobs/{key}/events", _events)
    return app
