"""A hundred jobs while every fifth request goes wrong in some way: none lost, none doubled, none hung."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.ground import COUNTS, ground

TROUBLE = [
    {"kind": "status", "status": 500, "method": "GET", "probability": 0.1},
    {"kind": "cut", "method": "GET", "probability": 0.05},
    {"kind": "status", "status": 429, "retry_after": 2, "method": "GET", "probability": 0.05},
    {"kind": "truncate", "method": "GET", "probability": 0.05},
    {"kind": "status", "status": 502, "body": "html", "method": "POST", "when": "after", "probability": 0.1},
    {"kind": "cut", "method": "POST", "when": "after", "path": "/v1/jobs", "probability": 0.1},
    {"kind": "status", "status": 429, "method": "POST", "path": "/v1/jobs", "probability": 0.1},
]


@pytest.mark.virtual_clock
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_nothing_is_lost_doubled_or_hung(seed: int) -> None:
    asyncio.get_running_loop().set_debug(False)
    async with ground(config={"listing_lag": (0.0, 5.0)}) as here:
        rules = [{**rule, "seed": 10 * seed + n} for n, rule in enumerate(TROUBLE)]
        await here.control("POST", "faults", rules)

        async def one() -> str:
            job = await here.run()
            result = await job
            assert result[0].data.bits("meas").get_counts() == COUNTS
            return job.id

        async with asyncio.timeout(3600):
            ids = await asyncio.gather(*(one() for _ in range(100)))
        await here.peace()
        there = Counter(entry["status"] for entry in await here.jobs())
        replies = (await here.control("GET", "stats"))["replies"]
        bad = sum(
            n for name in replies.values() for status, n in name.items() if status not in ("200", "204")
        )
        assert bad > 50, "there was trouble enough"
        assert there == {"Completed": 100}
        assert len(set(ids)) == 100
