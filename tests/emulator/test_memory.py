from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from qrt_async.emulator import MemoryEmulator
from tests.emulator.driver import BODY, CRN, DONE, GRANT, KEY, Instant, config
from tests.virtual_time import VirtualLoop

HEADERS = {"Authorization": f"apikey {KEY}", "Service-CRN": CRN}
DAY = 24 * 3600.0


async def ask(emulator: MemoryEmulator, method: str, path: str, body: object = None) -> Any:
    data = b"" if body is None else msgspec.json.encode(body)
    reply = await emulator.send(method, f"/api/v1{path}", headers=HEADERS, body=data)
    return msgspec.json.decode(reply.body) if reply.body else None


async def fault(emulator: MemoryEmulator, **rule: object) -> None:
    await emulator.send("POST", "/_emulator/faults", body=msgspec.json.encode([rule] if rule else []))


@pytest.mark.virtual_clock
async def test_a_day_of_queueing_passes_in_simulated_time() -> None:
    async with MemoryEmulator(config(queue_seconds=DAY, run_seconds=60.0), simulator=Instant()) as emulator:
        job_id = (await ask(emulator, "POST", "/jobs", BODY))["id"]
        await asyncio.sleep(DAY - 1.0)
        assert (await ask(emulator, "GET", f"/jobs/{job_id}"))["status"] == "Queued"
        await asyncio.sleep(1.0)
        assert (await ask(emulator, "GET", f"/jobs/{job_id}"))["status"] == "Running"
        await asyncio.sleep(60.0)
        assert (await ask(emulator, "GET", f"/jobs/{job_id}"))["status"] == "Completed"


@pytest.mark.virtual_clock
async def test_a_day_of_many_jobs_takes_no_more_steps_than_the_looks_at_it() -> None:
    """The emulator sets no timers of its own, so that no clock has to stop anywhere on its way."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    day = config(queue_seconds=DAY / 2, run_seconds=600.0, jitter=1.0, seed=3, backends=("ibm_a:5",))
    async with MemoryEmulator(day, simulator=Instant()) as emulator:
        for _ in range(1000):
            await ask(emulator, "POST", "/jobs", BODY)
        before, looks = loop.jumps, []
        for _ in range(24):
            await asyncio.sleep(DAY / 24)
            looks.append((await ask(emulator, "GET", "/backends/ibm_a/status"))["length_queue"])
        assert loop.jumps - before == 24
    assert looks == sorted(looks, reverse=True)
    assert (looks[0] > 900, looks[-1]) == (True, 0)


async def test_megabytes_in_and_out_cost_the_loop_little() -> None:
    """By the CPU time of this thread, which is no matter of what else the machine does."""
    big = msgspec.structs.replace(DONE, body=b"[" + b"1," * 2_500_000 + b"1]")
    body = BODY | {"params": {"pubs": [["x", [0.12345678] * 500_000]]}}
    async with MemoryEmulator(config(queue_seconds=0.0, run_seconds=0.0), simulator=Instant(big)) as emulator:
        job_id = (await ask(emulator, "POST", "/jobs", BODY))["id"]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        data = msgspec.json.encode(body)
        assert len(data) > 5_000_000
        spent = [
            await cost(emulator, "POST", "/jobs", data),
            await cost(emulator, "GET", f"/jobs/{job_id}"),
            await cost(emulator, "GET", f"/jobs/{job_id}/results"),
        ]
    assert max(spent) < 0.04, spent


async def cost(emulator: MemoryEmulator, method: str, path: str, body: bytes = b"") -> float:
    """Seconds of CPU time that this thread spends on an exchange."""
    before = time.thread_time()
    reply = await emulator.send(method, f"/api/v1{path}", headers=HEADERS, body=body)
    spent = time.thread_time() - before
    assert reply.status == 200
    return spent


@pytest.mark.virtual_clock
async def test_delays_and_slow_bodies_take_their_time() -> None:
    loop = asyncio.get_running_loop()
    async with MemoryEmulator(config(), simulator=Instant()) as emulator:
        for rule in ({"kind": "delay"}, {"kind": "delay", "when": "after"}, {"kind": "slow"}):
            await fault(emulator, seconds=30.0, **rule)
            before = loop.time()
            assert await ask(emulator, "GET", "/versions")
            assert loop.time() - before == pytest.approx(30.0)


@pytest.mark.virtual_clock
async def test_a_connection_cut_during_the_work_is_gone_before_the_job_is_there() -> None:
    async with MemoryEmulator(config(), simulator=Instant()) as emulator:
        await fault(emulator, kind="cut", when="during", seconds=30.0, method="POST")
        with pytest.raises(ConnectionResetError):
            await ask(emulator, "POST", "/jobs", BODY)
        await asyncio.sleep(29.0)
        assert (await ask(emulator, "GET", "/jobs"))["count"] == 0
        await asyncio.sleep(2.0)
        assert (await ask(emulator, "GET", "/jobs"))["count"] == 1


@pytest.mark.virtual_clock
async def test_work_that_nobody_waits_for_ends_with_the_emulator() -> None:
    async with MemoryEmulator(config(), simulator=Instant()) as emulator:
        await fault(emulator, kind="cut", when="during", seconds=3600.0)
        with pytest.raises(ConnectionResetError):
            await ask(emulator, "GET", "/versions")


async def test_refusals_and_broken_json_arrive_as_they_would_over_a_socket() -> None:
    async with MemoryEmulator(config(), simulator=Instant()) as emulator:
        whole = (await emulator.send("GET", "/api/v1/versions")).body
        await fault(emulator, kind="status", status=503, retry_after=2, nth=1)
        refused = await emulator.send("GET", "/api/v1/versions")
        assert (refused.status, dict(refused.headers)["Retry-After"]) == (503, "2")
        await fault(emulator, kind="garble")
        assert (await emulator.send("GET", "/api/v1/versions")).body == whole[: len(whole) // 2]
        form = urlencode({"grant_type": GRANT, "apikey": KEY}).encode()
        await fault(emulator)
        token = msgspec.json.decode((await emulator.send("POST", "/identity/token", body=form)).body)
        bearer = {**HEADERS, "Authorization": f"Bearer {token['access_token']}"}
        assert (await emulator.send("GET", "/api/v1/jobs", headers=bearer)).status == 200
        await fault(emulator, kind="expire-tokens", nth=1)
        assert (await emulator.send("GET", "/api/v1/jobs", headers=bearer)).status == 401


@pytest.mark.virtual_clock
@pytest.mark.parametrize("kind", ["cut", "truncate"])
async def test_a_connection_that_is_cut_is_an_error(kind: str) -> None:
    async with MemoryEmulator(config(), simulator=Instant()) as emulator:
        await fault(emulator, kind=kind)
        with pytest.raises(ConnectionResetError):
            await ask(emulator, "GET", "/versions")
