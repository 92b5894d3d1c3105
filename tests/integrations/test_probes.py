"""Health and readiness: what is asked of them is answered at once, and without the service."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.integrations import asgi
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, QASM, ground
from tests.integrations.test_problems import call

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)


async def asked(probe: Any) -> tuple[int, Any]:
    status, _, body = await call(probe)
    return status, json.loads(body)


async def test_who_lives_is_healthy() -> None:
    assert await asked(asgi.healthy()) == (200, {"status": "ok", "why": []})


async def test_ready_from_the_start_to_the_end(tmp_path: Path) -> None:
    async with ground() as here:
        submitter = qrt.Submitter(here.service, journal=Journal(tmp_path / "runs.db", inline=True))
        before = await here.requests()
        async with submitter:
            for probed in (submitter, lambda: submitter, here.service):
                assert (await asked(asgi.ready(probed)))[0] == 200
            assert await here.requests() == before
        assert await asked(asgi.ready(submitter)) == (503, {"status": "unavailable", "why": ["It was left."]})
        await here.service.close()
        assert (await asked(asgi.ready(here.service)))[0] == 503


async def test_before_the_application_has_started_it_is_not_ready() -> None:
    assert (await asked(asgi.ready()))[0] == 503


async def test_a_full_line_is_not_ready() -> None:
    async with (
        ground(rate_limit=qrt.RateLimit(1)) as here,
        qrt.Submitter(here.service, max_waiting=2) as submitter,
    ):
        submissions = [submitter.submit(SAMPLER, backend=BACKEND) for _ in range(2)]
        status, said = await asked(asgi.ready(submitter))
        assert (status, "max_waiting" in said["why"][0]) == (503, True)
        await submissions[0].job()
        assert (await asked(asgi.ready(submitter)))[0] == 200


async def test_a_journal_that_cannot_be_used_is_not_ready_and_its_path_not_told(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    path.write_text("something else")
    async with ground() as here:
        submitter = qrt.Submitter(here.service, journal=Journal(path, inline=True))
        status, said = await asked(asgi.ready(submitter))
        assert status == 503
        assert str(tmp_path) not in str(said)


async def test_one_that_does_not_answer_is_not_ready() -> None:
    class Stuck(qrt.Submitter):
        async def trouble(self) -> str | None:
            await asyncio.sleep(1000)
            return None

    async with ground() as here, Stuck(here.service) as submitter:
        assert await asked(asgi.ready(submitter)) == (
            503,
            {"status": "unavailable", "why": ["It does not answer."]},
        )


async def test_an_outage_of_the_service_leaves_it_ready() -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="status", status=503)
        submission = submitter.submit(SAMPLER, backend=BACKEND)
        await asyncio.sleep(1)
        assert (await asked(asgi.ready(submitter)))[0] == 200
        await here.peace()
        await submission
