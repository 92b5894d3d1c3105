"""The emulator over real sockets, as any client of HTTP meets it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from qrt_async.emulator import Emulator
from tests.emulator.client import Client
from tests.emulator.driver import BODY, CRN, GRANT, KEY, RESULT, Instant, config


async def test_the_main_path_from_key_to_result(client: Client) -> None:
    form = {"grant_type": GRANT, "apikey": KEY}
    async with client.session.post(f"{client.url}/identity/token", data=form) as reply:
        client.headers["Authorization"] = f"Bearer {(await reply.json())['access_token']}"
    status, accepted = await client.ask("POST", "/jobs", BODY | {"tags": ["a"]})
    assert status == 200
    assert (await client.final(accepted["id"]))["status"] == "Completed"
    async with client.session.get(
        f"{client.url}/api/v1/jobs/{accepted['id']}/results", headers=client.headers
    ) as reply:
        assert (reply.status, await reply.read()) == (200, RESULT)
    assert (await client.ask("GET", f"/jobs/{accepted['id']}/logs"))[0] == 200
    assert (await client.ask("PUT", f"/jobs/{accepted['id']}/tags", {"tags": ["b"]}))[0] == 204
    assert (await client.ask("GET", "/jobs?tags=b"))[1]["count"] == 1
    assert (await client.ask("POST", f"/jobs/{accepted['id']}/cancel"))[0] == 409
    assert (await client.ask("DELETE", f"/jobs/{accepted['id']}"))[0] == 204
    assert (await client.ask("GET", f"/jobs/{accepted['id']}"))[0] == 404


async def test_the_same_api_answers_under_experimental(client: Client) -> None:
    status, body = await client.ask("GET", "/backends", root="/experimental/api/v1")
    assert (status, [device["name"] for device in body["devices"]]) == (200, ["ibm_a", "ibm_b"])


async def test_the_date_header_is_the_clock_that_jobs_are_stamped_with(client: Client) -> None:
    async with client.session.get(f"{client.url}/api/v1/versions") as reply:
        assert abs(parsedate_to_datetime(reply.headers["Date"]).timestamp() - time.time()) < 5.0


@pytest.mark.virtual_clock
async def test_the_date_header_follows_the_loops_clock_into_the_future(client: Client) -> None:
    async def told() -> float:
        async with client.session.get(f"{client.url}/api/v1/versions") as reply:
            return parsedate_to_datetime(reply.headers["Date"]).timestamp()

    first = await told()
    await asyncio.sleep(86_400.0)
    assert abs(await told() - first - 86_400.0) <= 1.0


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"kind": "cut"}, aiohttp.ServerDisconnectedError),
        ({"kind": "truncate"}, aiohttp.ClientPayloadError),
    ],
)
async def test_connections_are_cut_for_real(
    client: Client, rule: dict[str, Any], error: type[Exception]
) -> None:
    await client.fault(path="/v1/jobs", method="POST", **rule)
    with pytest.raises(error):
        await client.ask("POST", "/jobs", BODY)
    await client.fault()
    assert (await client.ask("GET", "/jobs"))[1]["count"] == (1 if rule["kind"] == "truncate" else 0)


async def test_a_connection_cut_after_the_handler_leaves_the_job_behind(client: Client) -> None:
    await client.fault(kind="cut", when="after", path="/v1/jobs", method="POST")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.ask("POST", "/jobs", BODY)
    assert (await client.ask("GET", "/jobs"))[1]["count"] == 1


async def test_a_connection_cut_during_the_work_is_gone_before_the_job_is_there(client: Client) -> None:
    await client.fault(kind="cut", when="during", seconds=0.1, path="/v1/jobs", method="POST")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await client.ask("POST", "/jobs", BODY)
    assert (await client.ask("GET", "/jobs"))[1]["count"] == 0
    await asyncio.sleep(0.15)
    assert (await client.ask("GET", "/jobs"))[1]["count"] == 1


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429, 500, 502, 503, 520])
async def test_any_status_can_be_had_with_a_pause_before_the_next_try(client: Client, status: int) -> None:
    await client.fault(kind="status", status=status, retry_after=3, nth=1, path="/v1/backends")
    async with client.session.get(f"{client.url}/api/v1/backends", headers=client.headers) as reply:
        assert (reply.status, reply.headers["Retry-After"]) == (status, "3")
        assert (await reply.json())["errors"][0]["message"]
    assert (await client.ask("GET", "/backends"))[0] == 200


async def test_tokens_expire_on_demand_and_a_new_one_is_good(client: Client) -> None:
    async def bearer() -> str:
        form = {"grant_type": GRANT, "apikey": KEY}
        async with client.session.post(f"{client.url}/identity/token", data=form) as reply:
            return f"Bearer {(await reply.json())['access_token']}"

    client.headers["Authorization"] = await bearer()
    assert (await client.ask("GET", "/jobs"))[0] == 200
    await client.fault(kind="expire-tokens", times=1)
    assert (await client.ask("GET", "/jobs"))[0] == 401
    client.headers["Authorization"] = await bearer()
    assert (await client.ask("GET", "/jobs"))[0] == 200


async def test_listings_come_late_on_demand(client: Client) -> None:
    await client.ask("POST", "/config", {"listing_lag": 0.1}, root="/_emulator")
    job_id = (await client.ask("POST", "/jobs", BODY))[1]["id"]
    assert (await client.ask("GET", f"/jobs/{job_id}"))[0] == 200
    assert (await client.ask("GET", "/jobs"))[1]["count"] == 0
    await asyncio.sleep(0.15)
    assert (await client.ask("GET", "/jobs"))[1]["count"] == 1


async def test_random_trouble_strikes_the_same_requests_for_the_same_seed(client: Client) -> None:
    async def struck(seed: int) -> list[int]:
        await client.fault(kind="status", probability=0.5, seed=seed, path="/v1/backends")
        return [(await client.ask("GET", "/backends"))[0] for _ in range(20)]

    first = await struck(4)
    assert set(first) == {200, 500}
    assert await struck(4) == first
    assert await struck(5) != first


@pytest.mark.parametrize("rule", [{"kind": "delay"}, {"kind": "delay", "when": "after"}, {"kind": "slow"}])
async def test_delays_hold_up_one_request_and_no_other(client: Client, rule: dict[str, Any]) -> None:
    await client.fault(seconds=0.2, path="/v1/backends", **rule)
    slow = asyncio.create_task(client.ask("GET", "/backends"))
    await asyncio.sleep(0.02)
    assert (await client.ask("GET", "/versions"))[0] == 200
    assert not slow.done()
    assert (await slow)[0] == 200


async def test_broken_json_arrives_as_a_complete_reply(client: Client) -> None:
    await client.fault(kind="garble", path="/v1/backends")
    async with client.session.get(f"{client.url}/api/v1/backends", headers=client.headers) as reply:
        assert reply.status == 200
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            await reply.json()


async def test_a_body_above_the_ceiling_is_refused_whether_or_not_its_length_is_told() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 1000

    small = config(payload_ceiling=10_000)
    async with Emulator(small, simulator=Instant()) as emulator, aiohttp.ClientSession() as session:
        for body in (b"x" * 10_001, chunks()):
            async with session.post(f"{emulator.url}/api/v1/jobs", data=body) as reply:
                assert (reply.status, reply.content_type) == (413, "text/html")
        async with session.get(f"{emulator.url}/api/v1/versions") as reply:
            assert reply.status == 200


async def test_a_body_that_is_too_long_is_not_waited_for() -> None:
    async with Emulator(config(payload_ceiling=1000), simulator=Instant()) as emulator:
        for said in (
            b"Content-Length: 1000000\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n3E9\r\n" + b"x" * 1001,
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(emulator.url.rpartition(":")[2]))
            writer.write(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n" + said)
            assert (await asyncio.wait_for(reader.readline(), 5.0)).split()[1] == b"413"
            writer.close()


async def test_a_client_that_sends_on_after_the_refusal_gets_to_read_it() -> None:
    async with Emulator(config(payload_ceiling=1000), simulator=Instant()) as emulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(emulator.url.rpartition(":")[2]))
        writer.write(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n")
        for _ in range(20):
            writer.write(b"x" * 1_000_000)
            await writer.drain()
        assert (await reader.readline()).split()[1] == b"413"
        writer.close()


async def test_each_exchange_is_recorded_without_the_key(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    recorded = config(record=str(path))
    async with Emulator(recorded, simulator=Instant()) as emulator, aiohttp.ClientSession() as session:
        form = {"grant_type": GRANT, "apikey": KEY}
        async with session.post(f"{emulator.url}/identity/token", data=form) as reply:
            token = (await reply.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Service-CRN": CRN}
        async with session.get(f"{emulator.url}/api/v1/jobs", headers=headers) as reply:
            assert reply.status == 200
    text = path.read_text()
    assert len(text.splitlines()) == 2
    assert KEY not in text
    assert token not in text
