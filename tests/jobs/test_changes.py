"""What a listener hears: everything, in order, or the newest and how much it missed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from qrt_async.api.status import JobStatus
from qrt_async.errors import NotFound
from qrt_async.jobs.changes import JobUpdate, Listener

AT = datetime(2026, 11, 24, tzinfo=UTC)


def update(position: int) -> JobUpdate:
    return JobUpdate(
        job_id="a", status=JobStatus.QUEUED, status_text="Queued", seen_at=AT, position_in_queue=position
    )


async def test_changes_come_once_in_order_and_then_the_end() -> None:
    listener = Listener()
    for position in (3, 2, 1):
        listener.put(update(position))
    listener.end(None)
    assert [(await listener.next()).position_in_queue for _ in range(3)] == [3, 2, 1]
    for _ in range(2):
        with pytest.raises(StopAsyncIteration):
            await listener.next()


async def test_an_error_at_the_end_is_raised_once() -> None:
    listener = Listener()
    listener.end(NotFound("gone"))
    with pytest.raises(NotFound):
        await listener.next()
    with pytest.raises(StopAsyncIteration):
        await listener.next()


async def test_who_does_not_come_for_them_gets_the_newest_and_how_many_it_replaces() -> None:
    listener = Listener()
    for position in range(1000):
        listener.put(update(position))
        assert len(listener.queue) <= 64
    found = list(listener.queue)
    assert found[-1].position_in_queue == 999
    assert len(found) + sum(each.skipped for each in found) == 1000, "none is lost without a word"
    assert [each.position_in_queue for each in found] == sorted(each.position_in_queue or 0 for each in found)


async def test_two_readers_of_one_stream_share_it_and_neither_takes_an_empty_queue_for_its_end() -> None:
    listener = Listener()
    readers = [asyncio.create_task(listener.next()) for _ in range(2)]
    await asyncio.sleep(0)
    listener.put(update(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sorted(reader.done() for reader in readers) == [False, True]
    listener.put(update(2))
    assert {(await reader).position_in_queue for reader in readers} == {1, 2}


async def test_cancelling_one_reader_leaves_the_other() -> None:
    listener = Listener()
    first, second = (asyncio.create_task(listener.next()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    listener.put(update(1))
    assert (await second).position_in_queue == 1


def test_an_update_that_only_was_seen_later_says_nothing_new() -> None:
    later = JobUpdate(
        job_id="a",
        status=JobStatus.QUEUED,
        status_text="Queued",
        seen_at=AT + timedelta(1),
        position_in_queue=1,
    )
    assert later.same_as(update(1))
    assert not later.same_as(update(2))
    assert not later.same_as(None)
