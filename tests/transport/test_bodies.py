"""Bodies that do not end, and those that may not be given up."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest
from aiohttp import web

from qrt_async.errors import ResultTooLong, Unavailable, UnexpectedReply
from qrt_async.transport.timeouts import Timeouts
from tests.transport.lab import ONCE, SUBMISSION, Handler, after, lab, reply, request

MOST = 100_000
PIECE = b"x" * 10_000
RESULT = request(path="/jobs/a/results", template="/jobs/{id}/results")


def endless(code: int = 200, pieces: int | None = None) -> Handler:
    """Sends until the client hangs up, or so many pieces."""

    async def handle(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=code)
        await response.prepare(asked)
        sent = 0
        while (pieces is None or sent < pieces) and asked.transport is not None:
            await response.write(PIECE)
            sent += 1
        return response

    return handle


class Disk:
    """Keeps pieces, until it is ``full``."""

    def __init__(self, full: int = 10**9) -> None:
        self.kept = bytearray()
        self.full = full

    async def keep(self, piece: bytes) -> bool:
        if len(self.kept) + len(piece) <= self.full:
            self.kept += piece
            return True
        return False


@pytest.mark.parametrize("asked", [request(), request(path="/tags"), SUBMISSION])
async def test_an_answer_without_an_end_is_given_up(asked: Any) -> None:
    async with lab(max_reply=MOST, retry=ONCE) as (server, bench):
        server.script.append(endless())
        with pytest.raises(UnexpectedReply, match=r"longer than 100,000 bytes.*max_result") as caught:
            await bench.send(asked)
        assert caught.value.submitted == ("unknown" if asked.submits else "no")
        assert (await bench.send(request())).code == 200, "the pool goes on"


async def test_a_result_without_an_end_is_given_up_and_may_be_asked_for_again() -> None:
    async with lab(max_reply=MOST) as (server, bench):
        server.script += [endless(), reply(body=PIECE)]
        with pytest.raises(ResultTooLong, match="max_result of RuntimeService"):
            await bench.send(RESULT)
        assert (await bench.send(RESULT)).body == PIECE


@pytest.mark.parametrize("size", [MOST, MOST + 1])
async def test_the_ceiling_is_exact_whether_the_length_is_told_or_not(size: int) -> None:
    async with lab(max_reply=MOST) as (server, bench):
        server.script.append(reply(body=b"x" * size))
        if size > MOST:
            with pytest.raises(UnexpectedReply):
                await bench.send(request())
        else:
            assert len((await bench.send(request())).body) == size


async def test_what_is_small_on_the_wire_is_counted_as_it_is_unpacked() -> None:
    async with lab(max_reply=MOST) as (server, bench):
        bomb = gzip.compress(bytes(10 * MOST))
        assert len(bomb) < MOST
        server.script.append(reply(body=bomb, headers={"Content-Encoding": "gzip"}))
        with pytest.raises(UnexpectedReply, match="longer than"):
            await bench.send(request())


async def test_of_an_error_without_an_end_the_beginning_is_enough() -> None:
    async with lab(retry=ONCE) as (server, bench):
        server.script.append(endless(500))
        with pytest.raises(Unavailable):
            await bench.send(request())


def once(disk: Disk) -> Any:
    return request(path="/jobs/a/results", template="/jobs/{id}/results", repeat="refused", keep=disk.keep)


async def test_what_can_be_read_once_goes_on_to_the_disk() -> None:
    disk = Disk()
    async with lab(max_reply=MOST) as (server, bench):
        server.script.append(endless(pieces=50))
        with pytest.raises(ResultTooLong):
            await bench.send(once(disk))
    assert bytes(disk.kept) == 50 * PIECE


@pytest.mark.parametrize("full", [0, MOST // 2, MOST])
async def test_where_the_disk_fails_in_time_memory_is_all_there_is(full: int) -> None:
    async with lab(max_reply=MOST) as (server, bench):
        server.script.append(endless(pieces=50))
        assert (await bench.send(once(Disk(full)))).body == 50 * PIECE


async def test_behind_a_gap_on_the_disk_memory_is_all_there_is() -> None:
    """The disk refuses one piece, and takes those that come after it."""
    answers = iter([True, False])

    async def keep(piece: bytes) -> bool:
        return next(answers, True)

    async def slowly(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(asked)
        for _ in range(50):
            await response.write(PIECE)
            await asyncio.sleep(0)
        return response

    async with lab(max_reply=MOST) as (server, bench):
        server.script.append(slowly)
        asked = request(path="/jobs/a/results", template="/jobs/{id}/results", repeat="refused", keep=keep)
        assert (await bench.send(asked)).body == 50 * PIECE


async def test_without_a_disk_what_can_be_read_once_is_held() -> None:
    async with lab(max_reply=MOST) as (server, bench):
        server.script.append(endless(pieces=50))
        asked = request(path="/jobs/a/results", template="/jobs/{id}/results", repeat="refused")
        assert (await bench.send(asked)).body == 50 * PIECE


async def test_where_the_disk_fails_too_late_the_read_ends() -> None:
    async with lab(max_reply=MOST) as (server, bench):
        server.script.append(endless())
        with pytest.raises(ResultTooLong):
            await bench.send(once(Disk(5 * MOST)))


@pytest.mark.virtual_clock
async def test_a_result_may_take_its_time_as_long_as_it_arrives() -> None:
    disk = Disk()

    async def slow(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(asked)
        for _ in range(20):
            await response.write(PIECE)
            await after(20.0)(asked)
        return response

    async with lab(timeouts=Timeouts(read=30.0, total=100.0), retry=ONCE) as (server, bench):
        server.script.append(slow)
        assert len((await bench.send(once(disk))).body) == 20 * len(PIECE)
