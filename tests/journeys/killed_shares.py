"""A program whose submissions share jobs, one of them bad, and that is killed. Run as a process of its own.

``python -m tests.journeys.killed_shares URL JOURNAL POINT NTH`` submits eight programs in two jobs and waits for their
results. It kills itself, as SIGKILL does, at the ``NTH`` time that ``POINT`` is reached; at the point ``random``, after
``NTH`` milliseconds from the first submission.
"""

from __future__ import annotations

import asyncio
import sys

import qrt_async as qrt
from qrt_async.coalesce.book import JournalBook
from qrt_async.submit.journal import Journal
from tests.coalesce.ground import program
from tests.ground import BACKEND
from tests.journeys.killed import Trap, around, around_posts, die

SHARES, BAD = 8, 5
POINTS = (
    "before intent",
    "after intent",
    "before seal",
    "after seal",
    "in mid-POST",
    "after reply",
    "after journal",
    "after members",
    "before step",
    "after step",
)


async def main(url: str, journal: str, point: str, nth: int) -> None:
    trap = Trap(point, nth)
    around(trap, Journal, "intend", "before intent", "after intent")
    around(trap, Journal, "accepted", None, "after journal")
    around(trap, JournalBook, "seal", "before seal", "after seal")
    around(trap, JournalBook, "accepted", None, "after members")
    around(trap, JournalBook, "step", "before step", "after step")
    around_posts(trap)
    async with (
        qrt.RuntimeService(url=url, rate_limit=None, spool=False) as service,
        qrt.Submitter(
            service, journal=journal, coalesce=qrt.Coalesce(max_wait=30.0, max_points=4)
        ) as submitter,
    ):
        if point == "random":
            asyncio.get_running_loop().call_later(nth / 1000, die)
        submissions = [
            submitter.submit(
                program(n), backend=BACKEND, isa="off", tenant=f"t{n}", tags=[f"n{n // 4}"], share=True
            )
            for n in range(SHARES)
        ]
        await asyncio.gather(*submissions, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
