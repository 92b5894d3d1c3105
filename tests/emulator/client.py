"""A client of the emulator's real sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from tests.emulator.driver import CRN, KEY, NEW, config

SHORT = config(queue_seconds=0.01, run_seconds=0.01)


class Client:
    """A client without any manners: what the socket says is what it gets."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session
        self.headers = {"Service-CRN": CRN, "IBM-API-Version": NEW, "Authorization": f"apikey {KEY}"}

    async def ask(
        self, method: str, path: str, body: Any = None, *, root: str = "/api/v1"
    ) -> tuple[int, Any]:
        address = f"{self.url}{root}{path}"
        async with self.session.request(method, address, json=body, headers=self.headers) as reply:
            content = await reply.read()
            return reply.status, await reply.json() if reply.content_type == "application/json" else content

    async def fault(self, **rule: Any) -> None:
        await self.ask("POST", "/faults", [rule] if rule else [], root="/_emulator")

    async def final(self, job_id: str) -> Any:
        while True:
            _, job = await self.ask("GET", f"/jobs/{job_id}")
            if job["status"] not in ("Queued", "Running"):
                return job
            await asyncio.sleep(0.005)
