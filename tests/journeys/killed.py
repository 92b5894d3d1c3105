"""A program that submits, and is killed at a point that was asked for. Run as a process of its own.

``python -m tests.journeys.killed URL JOURNAL POINT NTH`` submits four programs and waits for their results. It kills
itself, as SIGKILL does, at the ``NTH`` time that ``POINT`` is reached; at the point ``random``, after ``NTH``
milliseconds from the first submission.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable
from typing import Any

import qrt_async as qrt
from qrt_async.submit.journal import Journal
from qrt_async.transport.http import HttpTransport
from tests.ground import BACKEND, QASM

SUBMISSIONS = 4
POINTS = ("before intent", "after intent", "in mid-POST", "after reply", "after journal")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Trap:
    """Springs when its point is reached for the nth time."""

    def __init__(self, point: str, nth: int) -> None:
        self._point = point
        self._left = nth

    def reached(self, point: str, then: Callable[[], object] = die) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                then()


def around(trap: Trap, kind: type, name: str, before: str | None, after: str | None) -> None:
    method = getattr(kind, name)

    async def trapped(self: Any, *given: Any, **named: Any) -> Any:
        if before is not None:
            trap.reached(before)
        result = await method(self, *given, **named)
        if after is not None:
            trap.reached(after)
        return result

    setattr(kind, name, trapped)


def around_posts(trap: Trap) -> None:
    once = HttpTransport.send

    async def trapped(self: HttpTransport, request: Any) -> Any:
        if not request.submits:
            return await once(self, request)
        loop = asyncio.get_running_loop()
        trap.reached("in mid-POST", lambda: loop.call_later(random.uniform(0, 0.008), die))
        reply = await once(self, request)
        trap.reached("after reply")
        return reply

    HttpTransport.send = trapped  # type: ignore[method-assign] # that is the trap


async def main(url: str, journal: str, point: str, nth: int) -> None:
    trap = Trap(point, nth)
    around(trap, Journal, "intend", "before intent", "after intent")
    around(trap, Journal, "accepted", None, "after journal")
    around_posts(trap)
    async with (
        qrt.RuntimeService(url=url, rate_limit=None, spool=False) as service,
        qrt.Submitter(service, journal=journal) as submitter,
    ):
        if point == "random":
            asyncio.get_running_loop().call_later(nth / 1000, die)
        submissions = [
            submitter.submit(qrt.Sampler([QASM], shots=3), backend=BACKEND, isa="off")
            for _ in range(SUBMISSIONS)
        ]
        await asyncio.gather(*submissions)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
