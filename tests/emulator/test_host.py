from __future__ import annotations

import asyncio

import msgspec

from qrt_async.emulator.host import Host
from qrt_async.emulator.wire import Reply, Request
from tests.emulator.driver import BODY, CRN, KEY, Broken, Endless, Instant, config

HEADERS = {"authorization": f"apikey {KEY}", "service-crn": CRN}
SHORT = config(queue_seconds=0.0, run_seconds=0.0)


async def ask(host: Host, method: str, path: str, body: object = None) -> Reply:
    data = b"" if body is None else msgspec.json.encode(body)
    return await host.exchange(Request(method=method, target=f"/api/v1{path}", headers=HEADERS, body=data))


async def submit(host: Host) -> str:
    reply = await ask(host, "POST", "/jobs", BODY)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return str(msgspec.json.decode(reply.body)["id"])


async def state(host: Host, job_id: str) -> dict[str, object]:
    body: dict[str, dict[str, object]] = msgspec.json.decode((await ask(host, "GET", f"/jobs/{job_id}")).body)
    return body["state"]


async def test_a_simulation_begins_with_acceptance_and_its_outcome_ends_the_job() -> None:
    simulator = Instant()
    host = Host(SHORT, simulator)
    job_id = await submit(host)
    assert simulator.works[0].backend == "ibm_a:5"
    assert (await state(host, job_id))["status"] == "Completed"
    await host.close()


async def test_a_simulator_that_breaks_is_a_failed_job_and_the_server_lives() -> None:
    host = Host(SHORT, Broken())
    job_id = await submit(host)
    found = await state(host, job_id)
    assert (found["status"], found["reason_code"]) == ("Failed", 9999)
    assert "the worker died" in str(found["reason"])
    assert (await ask(host, "GET", "/jobs")).status == 200
    await host.close()


async def test_cancelling_a_job_cancels_its_simulation() -> None:
    simulator = Endless()
    host = Host(SHORT, simulator)
    job_id = await submit(host)
    await ask(host, "POST", f"/jobs/{job_id}/cancel")
    await asyncio.sleep(0)
    assert simulator.cancelled == 1
    await host.close()


async def test_closing_cancels_every_simulation_and_leaves_a_given_simulator_open() -> None:
    simulator = Endless()
    host = Host(SHORT, simulator)
    for _ in range(3):
        await submit(host)
    await host.close()
    assert simulator.cancelled == 3
    assert not simulator.closed
