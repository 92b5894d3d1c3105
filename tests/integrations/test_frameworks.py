"""The same promises in FastAPI, Starlette, Litestar and aiohttp.web, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import fastapi
import pytest
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware

import qrt_async as qrt
from qrt_async.integrations import asgi
from qrt_async.submit.journal import Journal
from tests.ground import COUNTS, QASM, Ground, ground
from tests.integrations.applications import aiohttp_app, fastapi_app, litestar_app, starlette_app
from tests.integrations.serving import browser, frames, serving

pytestmark = pytest.mark.virtual_clock
POST = "POST /v1/jobs"


@pytest.fixture(
    params=[fastapi_app, starlette_app, litestar_app, aiohttp_app], ids=lambda make: make.__name__
)
def make(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    found: Callable[[Any], Any] = request.param
    return found


def lifespan_of(here: Ground, path: Path, **how: Any) -> Any:
    def open_service() -> qrt.RuntimeService:
        return qrt.RuntimeService(url=here.emulator.url, spool=False, rate_limit=None)

    return asgi.lifespan(
        open_service, lambda service: qrt.Submitter(service, journal=Journal(path, inline=True), **how)
    )


@asynccontextmanager
async def workers(
    here: Ground, path: Path, make: Callable[[Any], Any], count: int = 1, **how: Any
) -> AsyncIterator[list[str]]:
    async with serving(make(lifespan_of(here, path, **how))) as url:
        if count == 1:
            yield [url]
        else:
            async with workers(here, path, make, count - 1, **how) as others:
                yield [url, *others]


async def test_a_job_is_taken_followed_and_read(make: Any, tmp_path: Path) -> None:
    async with (
        ground() as here,
        workers(here, tmp_path / "runs.db", make) as (url,),
        browser(url, "alice") as http,
    ):
        async with http.post("/jobs", json={"qasm": QASM, "tags": ["mine"]}) as reply:
            assert reply.status == 202, await reply.text()
            key = (await reply.json())["id"]
        async with http.get(f"/jobs/{key}/events") as reply:
            assert reply.status == 200, await reply.text()
            assert reply.headers["content-type"].startswith("text/event-stream")
            told = [event async for event in frames(reply)]
        assert told[-1][1] == "end"
        assert told[-1][2]["status"] == "Completed"
        assert "Running" in {data.get("status") for _, _, data in told}
        async with http.get(f"/jobs/{key}/events", headers={"Last-Event-ID": told[-1][0]}) as reply:
            assert (reply.status, await reply.read()) == (204, b"")
        async with http.get(f"/jobs/{key}") as reply:
            assert await reply.json() == COUNTS
        async with http.get("/jobs") as reply:
            assert await reply.json() == [key]


async def test_errors_are_problem_details(make: Any, tmp_path: Path) -> None:
    async with (
        ground() as here,
        workers(here, tmp_path / "runs.db", make, max_waiting_per_tenant=1) as (url,),
        browser(url, "alice") as http,
    ):
        async with http.post("/jobs", json={"qasm": QASM, "tags": ["qrt:mine"]}) as reply:
            assert reply.status == 422
            assert reply.headers["content-type"] == "application/problem+json"
            said = await reply.json()
            assert said["type"] == "urn:qrt-async:invalid-input"
            assert "reserved" in said["detail"]
            assert (said["status"], said["submitted"]) == (422, "no")
        async with http.get(f"/jobs/{'f' * 20}") as reply:
            assert (reply.status, (await reply.json())["type"]) == (404, "urn:qrt-async:unknown-submission")
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=3.0, when="before")
        posts = [http.post("/jobs", json={"qasm": QASM}) for _ in range(2)]
        replies = await asyncio.gather(*posts)
        assert sorted(reply.status for reply in replies) == [202, 503]
        full = next(reply for reply in replies if reply.status == 503)
        assert int(full.headers["retry-after"]) >= 1
        assert (await full.json())["title"] == "Too many submissions wait"
        for reply in replies:
            reply.release()


async def test_a_second_tenant_sees_nothing_and_cancels_nothing(make: Any, tmp_path: Path) -> None:
    async with ground() as here, workers(here, tmp_path / "runs.db", make) as (url,):  # noqa: SIM117 - too long
        async with browser(url, "alice") as alice, browser(url, "mallory") as mallory:
            async with alice.post("/jobs", json={"qasm": QASM, "tags": ["emulate:queue=500"]}) as reply:
                key = (await reply.json())["id"]
            for ask in (
                mallory.get(f"/jobs/{key}"),
                mallory.get(f"/jobs/{key}/events"),
                mallory.delete(f"/jobs/{key}"),
            ):
                async with ask as reply:
                    assert reply.status == 404
                    said = await reply.json()
                    assert "alice" not in str(said)
            async with mallory.get("/jobs") as reply:
                assert await reply.json() == []
            async with alice.delete(f"/jobs/{key}") as reply:
                assert await reply.json() is True
            async with alice.get(f"/jobs/{key}/events") as reply:
                *_, (_, name, data) = [event async for event in frames(reply)]
            assert (name, data["status"]) == ("end", "Cancelled")
            assert data["problem"]["type"] == "urn:qrt-async:job-cancelled"


async def test_any_worker_that_shares_the_journal_goes_on_with_the_events(make: Any, tmp_path: Path) -> None:
    async with ground() as here, workers(here, tmp_path / "runs.db", make, 2) as (one, other):
        async with browser(one, "alice") as first, browser(other, "alice") as second:
            async with first.post("/jobs", json={"qasm": QASM}) as reply:
                key = (await reply.json())["id"]
            async with first.get(f"/jobs/{key}/events") as reply:
                told = []
                async for event in frames(reply):
                    told.append(event)
                    if event[2].get("status") == "Running":
                        break
            async with second.get(f"/jobs/{key}/events", headers={"Last-Event-ID": told[-1][0]}) as reply:
                rest = [event async for event in frames(reply)]
            assert {mark for mark, _, _ in told}.isdisjoint(mark for mark, _, _ in rest)
            assert {data["status"] for _, _, data in rest} <= {"Running", "Completed"}
            assert rest[-1][1] == "end"
            async with second.get(f"/jobs/{key}") as reply:
                assert await reply.json() == COUNTS
        assert (await here.requests())[POST] == 1


async def test_probes_answer(make: Any, tmp_path: Path) -> None:
    if make is aiohttp_app:
        pytest.skip("probes are ASGI applications")
    async with (
        ground() as here,
        workers(here, tmp_path / "runs.db", make) as (url,),
        browser(url, "x") as http,
    ):
        for path in ("/healthz", "/readyz"):
            async with http.get(path) as reply:
                assert (reply.status, await reply.json()) == (200, {"status": "ok", "why": []})


async def test_a_client_that_goes_away_ends_its_wait_only(make: Any, tmp_path: Path) -> None:
    async with (
        ground() as here,
        workers(here, tmp_path / "runs.db", make) as (url,),
        browser(url, "alice") as http,
    ):
        async with http.post("/jobs", json={"qasm": QASM}) as reply:
            key = (await reply.json())["id"]
        before = len(asyncio.all_tasks())
        async with http.get(f"/jobs/{key}/events") as reply:
            async for _ in frames(reply):
                break
            reply.close()
        await asyncio.sleep(2.5)
        assert len(asyncio.all_tasks()) <= before + 2, "nobody works for a client that has gone"
        async with http.get(f"/jobs/{key}") as reply:
            assert await reply.json() == COUNTS
        assert [job["status"] for job in await here.jobs()] == ["Completed"]


async def test_an_open_stream_does_not_hold_up_a_server_that_ends(tmp_path: Path) -> None:
    """Told how long it may take, uvicorn cancels it; the job goes on."""
    async with ground(config={"queue_seconds": 500.0}) as here:
        async with (
            workers(here, tmp_path / "runs.db", starlette_app) as (url,),
            browser(url, "alice") as http,
        ):
            async with http.post("/jobs", json={"qasm": QASM}) as reply:
                key = (await reply.json())["id"]
            reply = await http.get(f"/jobs/{key}/events")
            assert (await anext(frames(reply)))[1] in {"waiting", "job"}
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 20
        reply.close()
        assert [job["status"] for job in await here.jobs()] == ["Queued"]


async def test_middleware_of_other_kinds_lets_events_pass_as_they_come(tmp_path: Path) -> None:
    class Around(BaseHTTPMiddleware):
        async def dispatch(self, request: Any, call_next: Any) -> Any:
            return await call_next(request)

    def make(lifespan: Any) -> Any:
        return GZipMiddleware(Around(starlette_app(lifespan)))

    async with (
        ground() as here,
        workers(here, tmp_path / "runs.db", make) as (url,),
        browser(url, "alice") as http,
    ):
        async with http.post("/jobs", json={"qasm": QASM}) as reply:
            key = (await reply.json())["id"]
        async with http.get(f"/jobs/{key}/events") as reply:
            at = [(asyncio.get_running_loop().time(), name) async for _, name, _ in frames(reply)]
        assert at[-1][1] == "end"
        assert at[-1][0] - at[0][0] > 10, "not all at the end"
        async with http.get(f"/jobs/{'f' * 20}") as reply:
            assert reply.status == 404


async def test_fastapi_takes_a_problem_from_a_handler_of_exceptions(tmp_path: Path) -> None:
    def make(_: Any) -> Any:
        app = fastapi.FastAPI()

        @app.exception_handler(qrt.QrtError)
        async def problem(request: fastapi.Request, error: qrt.QrtError) -> Any:
            return asgi.problem(error, instance=request.url.path)

        @app.get("/full")
        async def full() -> None:
            raise qrt.errors.LineFull("full", retry_after=2)

        return app

    async with serving(make(None)) as url, browser(url, "alice") as http, http.get("/full") as reply:
        assert (reply.status, reply.headers["retry-after"]) == (503, "2")
        assert (await reply.json())["instance"] == "/full"
