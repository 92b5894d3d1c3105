"""The transport when something goes wrong: what is sent again, what is not, and how long it takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from qrt_async.errors import (
    QrtError,
    ServiceError,
    Throttled,
    TimedOut,
    Unavailable,
    Unreachable,
)
from qrt_async.events import RetryPlanned
from qrt_async.transport.retry import RetryPolicy
from qrt_async.transport.timeouts import Timeouts
from tests.transport.lab import (
    ONCE,
    SUBMISSION,
    Bench,
    Handler,
    after,
    closed_port,
    cut,
    cut_in_the_body,
    lab,
    reply,
    request,
)

# Repeating


@pytest.mark.parametrize("fault", [reply(500), reply(429), reply(524), cut, cut_in_the_body])
async def test_a_question_is_asked_again(fault: Handler) -> None:
    async with lab() as (server, bench):
        server.script.append(fault)
        await bench.send(request())
    assert len(server.seen) == 2


async def test_tries_have_an_end_and_the_last_error_is_whole() -> None:
    async with lab(retry=RetryPolicy(tries=3, base=0.0)) as (server, bench):
        server.script.extend([reply(500, {"errors": [{"code": 9999, "message": "oh"}]})] * 9)
        with pytest.raises(Unavailable, match="oh") as caught:
            await bench.send(request())
    assert (len(server.seen), caught.value.code) == (3, 9999)


@pytest.mark.virtual_clock
async def test_retry_after_is_kept_to_the_second() -> None:
    async with lab() as (server, bench):
        server.script.append(reply(429, headers={"Retry-After": "17"}))
        started = asyncio.get_running_loop().time()
        await bench.send(request())
        assert asyncio.get_running_loop().time() - started == pytest.approx(17.0, abs=0.1)
    assert [event.after for event in bench.events if isinstance(event, RetryPlanned)] == [17.0]


async def test_a_wish_for_too_long_a_pause_is_the_callers_to_grant() -> None:
    async with lab() as (server, bench):
        server.script.append(reply(429, headers={"Retry-After": "3600"}))
        with pytest.raises(Throttled) as caught:
            await bench.send(request())
    assert (caught.value.retry_after, len(server.seen)) == (3600.0, 1)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (reply(500), Unavailable),
        (reply(503, headers={"Retry-After": "0"}), Unavailable),
        (cut, Unreachable),
        (cut_in_the_body, Unreachable),
    ],
)
async def test_a_submission_is_never_repeated_after_an_unclear_end(
    fault: Handler, kind: type[ServiceError]
) -> None:
    async with lab() as (server, bench):
        server.script.append(fault)
        with pytest.raises(kind) as caught:
            await bench.send(SUBMISSION)
    assert len(server.seen) == 1
    assert (caught.value.submitted, caught.value.billed, caught.value.retry) == (
        "unknown",
        "unknown",
        "never",
    )


async def test_a_submission_that_was_throttled_was_not_submitted() -> None:
    async with lab() as (server, bench):
        server.script.append(reply(429))
        with pytest.raises(Throttled) as caught:
            await bench.send(SUBMISSION)
    assert (len(server.seen), caught.value.submitted) == (1, "no")


async def test_a_submission_is_repeated_while_nobody_listens_for_it_never_left() -> None:
    async def source() -> str:
        return "t"

    bench = Bench(f"http://127.0.0.1:{closed_port()}", token=source, retry=RetryPolicy(tries=3, base=0.0))
    with pytest.raises(Unreachable) as caught:
        await bench.send(SUBMISSION)
    await bench.close()
    assert bench.repeats == ["unsent", "unsent"]
    assert (caught.value.submitted, caught.value.retry) == ("no", "after")
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
async def test_aiohttp_repeats_nothing_behind_our_back(method: str) -> None:
    """It would, once, on a connection that was kept; a result that can be read once would be lost."""
    async with lab() as (server, bench):
        await bench.send(request())
        server.script.append(cut)
        with pytest.raises(Unreachable):
            await bench.send(request(method, repeat="refused"))
    assert len(server.seen) == 2


# Time


@pytest.mark.virtual_clock
@pytest.mark.parametrize(
    ("timeouts", "asked", "fault", "seconds"),
    [
        (Timeouts(read=60.0), request(), after(1e6), 60.0),
        (Timeouts(total=30.0), request(), after(1e6), 30.0),
        (Timeouts(read=5.0, total=30.0, submit=900.0), SUBMISSION, after(1e6), 900.0),
    ],
)
async def test_silence_has_an_end(timeouts: Timeouts, asked: Any, fault: Handler, seconds: float) -> None:
    async with lab(timeouts=timeouts, retry=ONCE) as (server, bench):
        await bench.transport.ready()
        server.script.append(fault)
        started = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError) as caught:
            await bench.send(asked)
        assert asyncio.get_running_loop().time() - started == pytest.approx(seconds, abs=1.1)
    assert type(caught.value) is TimedOut
    assert caught.value.submitted == ("unknown" if asked is SUBMISSION else "no")
    assert len(server.seen) == 1


@pytest.mark.virtual_clock
async def test_a_submission_may_take_minutes() -> None:
    async with lab() as (server, bench):
        server.script.append(after(890.0))
        assert (await bench.send(SUBMISSION)).code == 200


@pytest.mark.virtual_clock
async def test_a_body_that_stops_in_the_middle_has_an_end() -> None:
    async def stalls(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"{")
        await asyncio.sleep(1e6)
        return response

    async with lab(timeouts=Timeouts(read=20.0), retry=ONCE) as (server, bench):
        server.script.append(stalls)
        with pytest.raises(TimedOut):
            await bench.send(request())


@pytest.mark.virtual_clock
async def test_a_caller_who_gives_up_gets_their_own_timeout_and_leaves_nothing() -> None:
    async with lab() as (server, bench):
        server.script.append(after(1e6))
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(3.0):
                await bench.send(request())
        assert not isinstance(caught.value, QrtError)
        await bench.send(request())


@pytest.mark.virtual_clock
async def test_one_connection_serves_requests_that_are_50_seconds_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # aiohttp keeps its idle connections by the system's clock, which does not jump with the loop's.
    monkeypatch.setattr("aiohttp.connector.monotonic", asyncio.get_running_loop().time)
    async with lab() as (server, bench):
        for _ in range(3):
            await bench.send(request())
            await asyncio.sleep(50)
    assert len({seen.peer for seen in server.seen}) == 1
