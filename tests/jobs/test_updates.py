"""The stream of a job's changes, as an iterator object."""

from __future__ import annotations

import asyncio

import pytest

from qrt_async.errors import ServiceClosed
from qrt_async.jobs.known import Known
from qrt_async.jobs.updates import JobUpdates
from tests.jobs.test_decider import EPOCH, record


class Watched:
    def __init__(self) -> None:
        self.known = Known("a")
        self.watches = 0

    def updates(self) -> JobUpdates:
        return JobUpdates(self.known, self._watch)

    def _watch(self) -> None:
        self.watches += 1


async def test_watching_begins_with_the_first_step_and_not_with_the_object() -> None:
    here = Watched()
    stream = here.updates()
    assert here.watches == 0
    here.known.learn(record("a"), EPOCH)
    assert (await anext(stream)).status_text == "Queued"
    here.known.learn(record("a", "Completed"), EPOCH)
    assert [each.status_text async for each in stream] == ["Completed"]
    assert here.watches == 1


async def test_of_a_job_that_has_ended_the_end_is_told() -> None:
    here = Watched()
    here.known.learn(record("a", "Failed"), EPOCH)
    assert [each.status_text async for each in here.updates()] == ["Failed"]


async def test_closing_ends_it_and_frees_the_job_of_its_listener() -> None:
    here = Watched()
    here.known.learn(record("a"), EPOCH)
    stream = here.updates()
    await anext(stream)
    await stream.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert not here.known.wants_hints


async def test_a_reader_that_is_cancelled_loses_no_change() -> None:
    here = Watched()
    stream = here.updates()

    async def step() -> str:
        return (await anext(stream)).status_text

    reading = asyncio.create_task(step())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    here.known.learn(record("a"), EPOCH)
    assert await step() == "Queued"


async def test_where_nobody_looks_any_more_it_says_so_as_often_as_it_is_asked() -> None:
    def refuse() -> None:
        raise ServiceClosed("closed")

    stream = JobUpdates(Known("a"), refuse)
    for _ in range(2):
        with pytest.raises(ServiceClosed):
            await asyncio.wait_for(anext(stream), 1)
