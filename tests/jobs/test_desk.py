"""What the handles of one service share."""

from __future__ import annotations

import gc

import pytest

from qrt_async.events import CallbackFailed, Event
from tests.ground import ground

pytestmark = pytest.mark.virtual_clock


async def test_two_handles_on_one_job_share_what_is_known_and_its_one_result() -> None:
    async with ground() as here:
        job = await here.run()
        other = here.service.job(job.id)
        assert await job is await other
        requests = await here.requests()
        assert requests["GET /v1/jobs/{id}/results"] == 1


async def test_with_the_last_handle_its_result_is_forgotten() -> None:
    async with ground() as here:
        job = await here.run()
        job_id, first = job.id, await job
        del job
        gc.collect()
        assert await here.service.job(job_id) is not first
        assert (await here.requests())["GET /v1/jobs/{id}/results"] == 2


async def test_a_decoder_of_the_users_is_used_from_then_on() -> None:
    async with ground() as here:
        here.service.decoders["sampler"] = len
        job = here.service.job((await here.run()).id)
        assert await job == len(await job.raw_results() or b"")


def test_a_mistake_in_a_callback_is_told_and_hurts_nobody() -> None:
    from qrt_async.service import RuntimeService

    told: list[Event] = []
    service = RuntimeService(url="http://127.0.0.1:9", token="a-key", observers=[told.append])
    service._desk.call_back("job", lambda: 1 / 0)
    assert told == [CallbackFailed(job_id="job", error="ZeroDivisionError: division by zero")]
