"""What a careful user writes with aiohttp alone: gather the POSTs, one loop over pages of the listing."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp

from benchmarks.contenders.measure import Meter

QASM = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; x $0; c[0] = measure $0; c[1] = measure $1;'
BODY = {"program_id": "sampler", "backend": "bench", "params": {"pubs": [[QASM, None, 100]], "version": 2}}
PAUSE = 0.5
GRANT = "urn:ibm:params:oauth:grant-type:apikey"


async def main(url: str, token: str, instance: str, jobs: int) -> None:
    meter = Meter()
    async with aiohttp.ClientSession() as session:
        form = {"grant_type": GRANT, "apikey": token}
        async with session.post(f"{url}/identity/token", data=form) as reply:
            bearer = (await reply.json())["access_token"]
        session.headers["Authorization"] = f"Bearer {bearer}"
        session.headers["Service-CRN"] = instance
        session.headers["IBM-API-Version"] = "2026-04-15"
        ids = await asyncio.gather(*(submit(session, url) for _ in range(jobs)))
        await follow(session, url, set(ids), meter)
    meter.report()


async def submit(session: aiohttp.ClientSession, url: str) -> str:
    async with session.post(f"{url}/api/v1/jobs", json=BODY) as reply:
        found: dict[str, Any] = await reply.json()
        return str(found["id"])


async def follow(session: aiohttp.ClientSession, url: str, waiting: set[str], meter: Meter) -> None:
    while waiting:
        await asyncio.sleep(PAUSE)
        ended: list[str] = []
        for offset in range(0, len(waiting) + 200, 200):
            async with session.get(f"{url}/api/v1/jobs?limit=200&offset={offset}") as reply:
                page = await reply.json()
            ended += [
                j["id"] for j in page["jobs"] if j["id"] in waiting and j["state"]["status"] == "Completed"
            ]
        await asyncio.gather(*(fetch(session, url, job_id, meter) for job_id in ended))
        waiting.difference_update(ended)


async def fetch(session: aiohttp.ClientSession, url: str, job_id: str, meter: Meter) -> None:
    async with session.get(f"{url}/api/v1/jobs/{job_id}/results") as reply:
        await reply.json(content_type=None)
    meter.in_hand(job_id)


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[5])))
