"""Sockets that several accounts share, and nothing else that they do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from qrt_async.errors import ServiceClosed
from qrt_async.events import RequestDone
from qrt_async.transport.connections import Connections
from tests.transport.lab import SUBMISSION, Bench, Server, after, other_server, reply, request


@asynccontextmanager
async def neighbours(most: int = 100) -> AsyncIterator[tuple[Server, Bench, Bench, Connections]]:
    """Two accounts over the same connections."""
    connections = Connections(most)
    async with other_server() as server:
        ann = Bench(server.root, token="key-of-ann", lent=connections)
        bob = Bench(server.root, token="key-of-bob", lent=connections)
        try:
            yield server, ann, bob, connections
        finally:
            await ann.close()
            await bob.close()
            await connections.close()


async def test_a_socket_serves_both_one_after_the_other() -> None:
    async with neighbours() as (server, ann, bob, _):
        for bench in (ann, bob, ann):
            await bench.send(request())
        assert len({seen.peer for seen in (*server.seen, *server.exchanges)}) == 1


async def test_each_has_a_token_of_its_own_and_no_cookie_of_anybody() -> None:
    async def biscuit(_: web.Request) -> web.Response:
        response = web.json_response({})
        response.set_cookie("session", "of-ann")
        return response

    async with neighbours() as (server, ann, bob, _):
        server.script.append(biscuit)
        for bench in (ann, bob, ann):
            await bench.send(request())
        assert [seen.token for seen in server.seen] == ["Bearer token-1", "Bearer token-2", "Bearer token-1"]
        assert [b"key-of-ann" in seen.body for seen in server.exchanges] == [True, False]
        assert not any("Cookie" in seen.headers for seen in server.seen)


async def test_each_hears_of_its_own_requests_alone() -> None:
    async with neighbours() as (server, ann, bob, _):
        server.script.append(reply(200, {"id": 1}))
        await ann.send(request(path="/of-ann"))
        assert bob.events == []
        (done,) = [event for event in ann.events if isinstance(event, RequestDone) and event.method == "GET"]
        assert (done.received, done.sent) == (len(b'{"id": 1}'), 0)
        assert f"http://{done.host}:{done.port}" == server.root


async def test_one_that_closes_ends_its_own_requests_and_leaves_those_of_others() -> None:
    async with neighbours() as (server, ann, bob, _):
        await ann.transport.ready()
        await bob.transport.ready()
        server.script.extend([after(1e6), after(1e6), after(0.2)])
        asked = asyncio.create_task(ann.send(request()))
        await server.until(seen=1)
        sent = asyncio.create_task(ann.send(SUBMISSION))
        await server.until(seen=2)
        others = asyncio.create_task(bob.send(request()))
        await server.until(seen=3)
        await ann.close()
        ends = await asyncio.gather(asked, sent, return_exceptions=True)
        assert [type(end) for end in ends] == [ServiceClosed] * 2
        assert isinstance(ends[0], ServiceClosed)
        assert isinstance(ends[1], ServiceClosed)
        assert (ends[0].submitted, ends[1].submitted) == ("no", "unknown")
        assert (await others).ok
        assert (await bob.send(request())).ok
        with pytest.raises(ServiceClosed):
            await ann.send(request())


async def test_one_account_takes_at_most_a_fourth_and_what_waits_is_not_sent_when_it_closes() -> None:
    async with neighbours(most=8) as (server, ann, bob, _):
        await ann.transport.ready()
        server.script.extend([after(1e6)] * 2)
        hung = [asyncio.create_task(ann.send(SUBMISSION)) for _ in range(5)]
        await server.until(seen=2)
        assert (await bob.send(request())).ok
        assert len(server.seen) == 3
        await ann.close()
        ends = await asyncio.gather(*hung, return_exceptions=True)
        told = [end.submitted for end in ends if isinstance(end, ServiceClosed)]
        assert told == ["unknown"] * 2 + ["no"] * 3
        assert len(server.seen) == 3


async def test_a_caller_who_is_cancelled_in_that_moment_is_cancelled() -> None:
    async with neighbours() as (server, ann, _, _):
        await ann.transport.ready()
        server.script.append(after(1e6))
        asked = asyncio.create_task(ann.send(request()))
        await server.until(seen=1)
        asked.cancel()
        await ann.close()
        with pytest.raises(asyncio.CancelledError):
            await asked


async def test_connections_that_were_closed_are_made_anew_for_who_comes_later() -> None:
    async with neighbours() as (_, ann, bob, connections):
        await ann.send(request())
        await connections.close()
        assert (await bob.send(request())).ok
