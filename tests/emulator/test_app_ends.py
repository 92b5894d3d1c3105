"""The emulator as a server: how it begins, and how it ends, whoever is still there."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest

from qrt_async.emulator import Emulator
from tests.emulator.client import SHORT, Client
from tests.emulator.driver import BODY, Endless, Instant, config


async def test_it_listens_on_the_port_that_was_asked_for_and_frees_it() -> None:
    first = Emulator(SHORT, simulator=Instant())
    url = await first.start()
    port = int(url.rpartition(":")[2])
    assert first.url == url == f"http://127.0.0.1:{port}"
    second = Emulator(SHORT, simulator=Instant())
    with pytest.raises(OSError, match="address"):
        await second.start(port=port)
    await first.close()
    assert await second.start(port=port) == url
    await second.close()


async def test_starting_twice_is_an_error_and_closing_twice_is_not() -> None:
    emulator = Emulator(SHORT, simulator=Instant())
    await emulator.start()
    with pytest.raises(RuntimeError, match="listens already"):
        await emulator.start()
    await emulator.close()
    await emulator.close()


async def test_closing_ends_every_simulation_even_when_the_closer_is_cancelled() -> None:
    simulator = Endless()
    emulator = Emulator(config(), simulator=simulator)
    url = await emulator.start()
    async with aiohttp.ClientSession() as session:
        client = Client(url, session)
        for _ in range(3):
            await client.ask("POST", "/jobs", BODY)
    closing = asyncio.create_task(emulator.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert simulator.cancelled == 3
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))


async def test_closing_ends_requests_whose_client_has_left() -> None:
    async with Emulator(config(), simulator=Instant()) as emulator, aiohttp.ClientSession() as session:
        client = Client(emulator.url, session)
        await client.fault(kind="delay", seconds=3600.0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.ask("GET", "/versions"), 0.05)


async def test_a_client_that_leaves_in_mid_request_disturbs_nobody(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    port = int(client.url.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    await writer.drain()
    await asyncio.sleep(0.02)
    writer.close()
    await asyncio.sleep(0.02)
    assert (await client.ask("GET", "/versions"))[0] == 200
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.virtual_clock
async def test_a_day_of_queueing_passes_over_real_sockets_in_simulated_time() -> None:
    day = 24 * 3600.0
    long = config(queue_seconds=day, run_seconds=60.0)
    async with Emulator(long, simulator=Instant()) as emulator, aiohttp.ClientSession() as session:
        client = Client(emulator.url, session)
        job_id = (await client.ask("POST", "/jobs", BODY))[1]["id"]
        await asyncio.sleep(day)
        assert (await client.ask("GET", f"/jobs/{job_id}"))[1]["status"] == "Running"
        await asyncio.sleep(60.0)
        assert (await client.ask("GET", f"/jobs/{job_id}"))[1]["status"] == "Completed"
