"""Ctrl-C and a web server's shutdown, held against the server's own list of jobs."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

import qrt_async as qrt
from qrt_async.submit.leaving import Leave
from tests.ground import BACKEND, QASM, ground

SAMPLER = qrt.Sampler([QASM])
LONG = {"queue_seconds": 600.0}
SUBMITTER = web.AppKey("submitter", qrt.Submitter)


@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself Ctrl-C there")
@pytest.mark.parametrize(
    ("leave", "left"),
    [("drain", "Queued"), ("detach", "Queued"), ("cancel_waiting", "Queued"), ("cancel_all", "Cancelled")],
)
async def test_interrupted_it_leaves_by_its_policy_at_once(leave: Leave, left: str) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ground(config=LONG) as here:
        program = [sys.executable, "-m", "tests.journeys.interrupted", here.emulator.url, leave, "1"]
        process = await asyncio.create_subprocess_exec(*program, stderr=asyncio.subprocess.PIPE)
        try:
            _, said = await asyncio.wait_for(process.communicate(), 100)
        except TimeoutError:
            process.kill()
            await process.communicate()
            raise
        assert b"KeyboardInterrupt" in said
        assert b"3 submissions were not sent" in said
        assert b"never retrieved" not in said
        assert b"was destroyed" not in said
        assert Counter(job["status"] for job in await here.jobs()) == {left: 2}


@pytest.mark.virtual_clock
@pytest.mark.parametrize(("leave", "expected"), [("detach", "Queued"), ("cancel_all", "Cancelled")])
async def test_a_web_server_shuts_down_in_bounded_time_and_answers_503_before_that(
    leave: Leave, expected: str
) -> None:
    """A handler submits and waits; the line is full for the third; the server stops while two wait."""
    async with ground(config=LONG) as here:

        async def lifespan(app: web.Application) -> AsyncIterator[None]:
            submitter = qrt.Submitter(here.service, max_waiting=1, max_in_flight=2, leave=leave)
            async with submitter:
                app[SUBMITTER] = submitter
                yield

        async def handle(request: web.Request) -> web.Response:
            try:
                submission = request.app[SUBMITTER].submit(SAMPLER, backend=BACKEND, isa="off")
            except qrt.errors.LineFull as error:
                return web.Response(status=503, headers={"Retry-After": f"{error.retry_after:.0f}"})
            return web.Response(text=(await submission.job()).id)

        app = web.Application()
        app.router.add_get("/", handle)
        app.cleanup_ctx.append(lifespan)
        runner = web.AppRunner(app, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with aiohttp.ClientSession() as browser:
            for _ in range(2):
                async with browser.get(url) as reply:
                    assert reply.status == 200
            waiting = asyncio.create_task(browser.get(url))
            await asyncio.sleep(1)
            async with browser.get(url) as reply:
                assert (reply.status, reply.headers.get("Retry-After")) == (503, "1")
            began = asyncio.get_running_loop().time()
            if leave == "detach":
                with pytest.raises(qrt.errors.NotSent):
                    await runner.cleanup()
            else:
                await runner.cleanup()
            assert asyncio.get_running_loop().time() - began < 45
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        assert Counter(job["status"] for job in await here.jobs()) == {expected: 2}
