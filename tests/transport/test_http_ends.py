"""What the transport never tells, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from qrt_async.errors import (
    InvalidInput,
    NotAuthorized,
    ServiceClosed,
    ServiceError,
    Unreachable,
)
from qrt_async.events import log_event
from qrt_async.transport.retry import RetryPolicy
from qrt_async.transport.wire import Reply
from tests.transport.lab import (
    KEY,
    ONCE,
    OPEN,
    SUBMISSION,
    Bench,
    Handler,
    Server,
    after,
    cut,
    cut_in_the_body,
    lab,
    other_server,
    reply,
    request,
    secrets_in,
)

# Secrets


ECHO = {"errors": [{"code": KEY, "message": f"{KEY} token-1", "solution": f"not {KEY}"}], "trace": "token-1"}


@pytest.mark.parametrize(
    "fault",
    [reply(400, ECHO), reply(403, ECHO), reply(500, f"{KEY} token-1".encode()), cut, cut_in_the_body],
)
@pytest.mark.parametrize("asked", [request(), SUBMISSION])
async def test_neither_key_nor_token_is_in_any_error_event_or_log(
    fault: Handler, asked: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with lab(retry=RetryPolicy(tries=2, base=0.0)) as (server, bench):
        server.script.extend([fault] * 2)
        with pytest.raises(ServiceError) as caught:
            await bench.send(asked)
        for event in bench.events:
            log_event(event)
        state = f"{bench.account!r} {bench.events!r} {asked!r} {vars(bench.transport)!r}"
    assert secrets_in(caught.value, KEY, "token-1") == []
    shown = state + caplog.text
    assert KEY not in shown
    assert "token-1" not in shown


async def test_a_token_that_was_renewed_meanwhile_is_not_in_an_error_either() -> None:
    renewed = asyncio.Event()

    async def late(asked: web.Request) -> web.StreamResponse:
        await renewed.wait()
        return await reply(400, ECHO)(asked)

    async with lab(retry=ONCE) as (server, bench):
        server.script.extend([late, reply(401)])
        waiting = asyncio.create_task(bench.send(request()))
        await server.until(seen=1)
        await bench.send(request())
        assert [seen.token for seen in server.seen] == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]
        renewed.set()
        with pytest.raises(ServiceError) as caught:
            await waiting
    assert secrets_in(caught.value, KEY, "token-1") == []


async def test_a_bad_key_is_not_repeated_in_its_error() -> None:
    async with lab() as (server, bench):
        server.iam.append(reply(400, {"errorCode": "BXNIM0415E", "errorMessage": f"No key {KEY}"}))
        with pytest.raises(NotAuthorized) as caught:
            await bench.send(request())
    assert secrets_in(caught.value, KEY) == []


# Closing, and other ways to be in the wrong place


async def test_after_closing_the_error_says_what_to_do() -> None:
    async with lab() as (_, bench):
        await bench.send(request())
    with pytest.raises(ServiceClosed, match="make a new one"):
        await bench.send(request())
    with pytest.raises(ServiceClosed, match="make a new one"):
        await bench.transport.ready()
    await bench.transport.close()


def test_the_wrong_loop_is_told_what_to_do() -> None:
    async def play(bench: Bench) -> Reply:
        return await bench.send(OPEN)

    async def first() -> Bench:
        async with other_server() as server:
            bench = Bench(server.root)
            await play(bench)
            await bench.transport.close()
            return bench

    bench = asyncio.run(first())
    with pytest.raises(ServiceClosed, match="another event loop"):
        asyncio.run(play(bench))


async def ended(asked: Any, prepare: Callable[[Server], None], many: int = 1) -> list[BaseException]:
    """What requests under way get to hear when everything is closed around them."""
    async with lab() as (server, bench):
        await bench.transport.ready()
        prepare(server)
        tasks = [asyncio.create_task(bench.send(asked)) for _ in range(many)]
        await server.until(seen=min(many, 100))
        await bench.close()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        return [error for error in found if isinstance(error, BaseException)]


async def test_a_question_under_way_ends_with_service_closed() -> None:
    (error,) = await ended(request(), lambda server: server.script.append(after(1e6)))
    assert type(error) is ServiceClosed
    assert error.submitted == "no"


async def test_a_submission_under_way_is_unclear() -> None:
    (error,) = await ended(SUBMISSION, lambda server: server.script.append(after(1e6)))
    assert type(error) is ServiceClosed
    assert (error.submitted, error.billed) == ("unknown", "unknown")


async def test_those_who_queue_for_a_connection_hear_it_too_and_are_not_cancelled() -> None:
    errors = await ended(request(), lambda server: server.script.extend([after(1e6)] * 200), many=150)
    assert {type(error) for error in errors} == {ServiceClosed}
    assert len(errors) == 150


@pytest.mark.virtual_clock
async def test_a_pause_before_the_next_try_ends_at_once_with_service_closed() -> None:
    async with lab() as (server, bench):
        server.script.append(reply(503, headers={"Retry-After": "60"}))
        task = asyncio.create_task(bench.send(request()))
        await asyncio.sleep(1)
        await bench.close()
        with pytest.raises(ServiceClosed):
            await task
        assert asyncio.get_running_loop().time() < 2


async def test_closing_while_a_token_is_fetched_ends_the_wait() -> None:
    async with lab() as (server, bench):
        server.iam.append(after(1e6))
        task = asyncio.create_task(bench.send(request()))
        await server.until(exchanges=1)
        await bench.close()
        with pytest.raises(ServiceClosed):
            await task


async def test_a_url_that_cannot_be_one_is_the_callers_to_mend() -> None:
    bench = Bench("http://")
    with pytest.raises(InvalidInput, match="url="):
        await bench.send(OPEN)
    await bench.close()


async def test_a_file_of_certificates_that_is_none_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pem", Path(__file__)):
        bench = Bench("https://api.test", verify=str(path))
        with pytest.raises(InvalidInput, match=r"verify=.* no readable file"):
            await bench.send(OPEN)
        await bench.close()


async def test_plain_http_where_tls_was_expected_is_no_connection() -> None:
    async with lab(retry=ONCE) as (server, _):
        bench = Bench(server.root.replace("http:", "https:"), retry=ONCE)
        with pytest.raises(Unreachable) as caught:
            await bench.send(OPEN)
        await bench.close()
    assert isinstance(caught.value.__cause__, ssl.SSLError)
