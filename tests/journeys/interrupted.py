"""A program that is interrupted while it submits. Run as a process of its own.

``python -m tests.journeys.interrupted URL LEAVE TIMES`` submits five programs under a limit of two a minute, and is
sent SIGINT, as by Ctrl-C, ``TIMES`` times once two are accepted.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import qrt_async as qrt
from tests.ground import BACKEND, QASM


async def main(url: str, leave: Any, times: int) -> None:
    async with (
        qrt.RuntimeService(url=url, rate_limit=qrt.RateLimit(2), spool=False) as service,
        qrt.Submitter(service, leave=leave) as submitter,
    ):
        submissions = [submitter.submit(qrt.Sampler([QASM]), backend=BACKEND, isa="off") for _ in range(5)]
        await submissions[1].job()
        for n in range(times):
            asyncio.get_running_loop().call_later(0.01 * n, os.kill, os.getpid(), signal.SIGINT)
        await asyncio.gather(*submissions)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
