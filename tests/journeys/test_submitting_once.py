"""A server that accepts and then cuts the reply, at random, while its listing lags: each job exists once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

import qrt_async as qrt
from tests.ground import BACKEND, QASM, ground

SUBMISSIONS = 1000


@pytest.mark.virtual_clock
@pytest.mark.timeout(180)
@pytest.mark.parametrize("lag", [0.0, 5.0, 59.0, 90.0])
async def test_a_thousand_submissions_become_a_thousand_jobs(lag: float) -> None:
    asyncio.get_running_loop().set_debug(False)
    sampler = qrt.Sampler([QASM])
    cuts = [
        {"kind": "cut", "when": "after", "method": "POST", "path": "/v1/jobs", "probability": 0.2, "seed": 1},
        {
            "kind": "cut",
            "when": "before",
            "method": "POST",
            "path": "/v1/jobs",
            "probability": 0.1,
            "seed": 2,
        },
        {
            "kind": "status",
            "when": "after",
            "status": 502,
            "body": "html",
            "method": "POST",
            "path": "/v1/jobs",
            "probability": 0.1,
            "seed": 3,
        },
    ]
    async with ground(config={"listing_lag": lag}) as here, qrt.Submitter(here.service) as submitter:
        await here.control("POST", "faults", cuts)
        submissions = [
            submitter.submit(sampler, backend=BACKEND, isa="off", watch=False) for _ in range(SUBMISSIONS)
        ]
        jobs = await asyncio.gather(*(submission.job() for submission in submissions))
        there = await here.jobs()
        assert len(there) == SUBMISSIONS
        assert {entry["id"] for entry in there} == {job.id for job in jobs}
        tags = Counter(tag for entry in there for tag in entry["tags"])
        assert tags == {f"qrt:{submission.id}": 1 for submission in submissions}
        replies = (await here.control("GET", "stats"))["replies"]["POST /v1/jobs"]
        unheard = replies.get("0", 0) + replies.get("502", 0)
        assert unheard > 0.2 * SUBMISSIONS, "there was trouble enough"
