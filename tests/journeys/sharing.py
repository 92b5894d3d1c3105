"""One of several programs that share their permits. Run as a process of its own.

``python -m tests.journeys.sharing URL PERMITS COUNT DIES`` submits ``COUNT`` programs; if ``DIES`` is not 0, it is
killed while its request of that number is under way, and so holds a permit.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import qrt_async as qrt
from qrt_async.submit.machine import MachinePermits
from qrt_async.transport.http import HttpTransport
from tests.ground import BACKEND, QASM

LIMIT = qrt.RateLimit(5, per=1.0, margin=0.05)


def die_in_post(number: int) -> None:
    send, posts = HttpTransport.send, 0

    async def trapped(self: HttpTransport, request: Any) -> Any:
        nonlocal posts
        posts += request.submits
        if request.submits and posts == number:
            asyncio.get_running_loop().call_later(0.005, os.kill, os.getpid(), signal.SIGKILL)
        return await send(self, request)

    HttpTransport.send = trapped  # type: ignore[method-assign] # that is the trap


async def main(url: str, permits: str, count: int, dies: int) -> None:
    if dies:
        die_in_post(dies)
    async with (
        qrt.RuntimeService(url=url, rate_limit=None, spool=False) as service,
        qrt.Submitter(service, permits=MachinePermits(permits, LIMIT)) as submitter,
    ):
        for _ in range(count):
            submitter.submit(qrt.Sampler([QASM]), backend=BACKEND, isa="off", watch=False)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
