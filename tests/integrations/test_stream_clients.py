"""An event stream as an ASGI application: clients that go away, are stuck, or come again; servers that end."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.integrations import asgi
from qrt_async.integrations.replies import Message
from tests.ground import BACKEND, COUNTS, QASM, ground
from tests.integrations.serving import told_of

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)


class Client:
    """One end of a connection, for an application that is called without a server."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.stuck = self.cut = False
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if self.cut and message["type"] == "http.response.body":
            raise OSError("gone")  # as uvicorn and Starlette have it
        if self.stuck and message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def ask(self, app: Any, **headers: str) -> None:
        lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        await app({"type": "http", "method": "GET", "headers": lines}, self.receive, self.send)


@pytest.mark.parametrize("stuck", [False, True], ids=["reading", "not reading"])
async def test_a_client_that_has_gone_ends_this_wait_only(stuck: bool) -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        submission = submitter.submit(SAMPLER, backend=BACKEND)
        client, other = Client(), Client()
        client.stuck = stuck
        asking = asyncio.create_task(client.ask(asgi.events(submission)))
        watching = asyncio.create_task(other.ask(asgi.events(submission)))
        await asyncio.sleep(3)
        assert not asking.done()
        client.gone.set()
        await asyncio.wait_for(asking, 1)
        assert (await submission)[0].data.bits("meas").get_counts() == COUNTS
        await watching
        assert other.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
        assert [job["status"] for job in await here.jobs()] == ["Completed"]


async def test_a_server_that_ends_the_request_is_obeyed() -> None:
    async with ground() as here:
        job = await here.run()
        asking = asyncio.create_task(Client().ask(asgi.events(job)))
        await asyncio.sleep(1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await job


async def test_a_server_that_raises_for_a_client_that_has_gone_is_understood() -> None:
    async with ground() as here:
        job = await here.run()
        client = Client()
        client.cut = True
        await client.ask(asgi.events(job))
        await job


@contextmanager
def collecting() -> Iterator[list[str]]:
    """The names of generators that nobody closed, as the collector comes upon them."""
    hooks, left = sys.get_asyncgen_hooks(), []

    def found(generator: Any) -> None:
        left.append(generator.__qualname__)
        hooks.finalizer(generator)  # type: ignore[misc] # the loop has one

    sys.set_asyncgen_hooks(hooks.firstiter, found)
    try:
        yield left
        gc.collect()
    finally:
        sys.set_asyncgen_hooks(*hooks)


@pytest.mark.parametrize("how", ["goes away", "cannot be sent to", "stops to iterate"])
async def test_whoever_leaves_nothing_is_left_to_the_garbage_collector(how: str) -> None:
    async with ground() as here:
        job = await here.run()
        client = Client()
        client.stuck, client.cut = how == "goes away", how == "cannot be sent to"
        with collecting() as left:
            if how == "stops to iterate":
                async with aclosing(asgi.events(job).frames()) as frames:
                    assert b"retry" in await anext(frames)
                    assert b"data" in await anext(frames)
            else:
                asyncio.get_running_loop().call_later(3, client.gone.set)
                await client.ask(asgi.events(job))
        assert left == []


async def test_the_last_event_is_read_from_the_request_where_it_is_not_given() -> None:
    async with ground() as here:
        job = await here.run()
        *_, (mark, _, _) = await told_of(job)
        client = Client()
        await client.ask(asgi.events(job), last_event_id=mark)
        assert client.sent[0]["status"] == 204
        assert all(not message.get("body") for message in client.sent)


async def test_head_has_the_headers_alone() -> None:
    async with ground() as here:
        client = Client()
        stream = asgi.events(await here.run())
        await stream({"type": "http", "method": "HEAD", "headers": []}, client.receive, client.send)
        start, end = client.sent
        assert (start["status"], end["body"], end["more_body"]) == (200, b"", False)
