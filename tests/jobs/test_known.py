"""What all handles of a job share: learned once, never taken back, told to everybody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from qrt_async.api.models import JobMetrics
from qrt_async.api.status import JobStatus
from qrt_async.errors import NotFound, QrtError, ServiceClosed
from qrt_async.jobs.known import Acceptance, Callback, Known
from tests.jobs.test_decider import EPOCH, record


def accepted(**more: Any) -> Known:
    return Known("a", Acceptance(at=EPOCH, program_id="sampler", backend="b", **more))


def test_before_the_service_was_asked_it_is_what_was_submitted() -> None:
    known = accepted(tags=("mine",), session_id="s", private=True)
    assert (known.backend, known.program_id, known.kind) == ("b", "sampler", ("b", "sampler"))
    assert (known.tags, known.session_id, known.private) == (("mine",), "s", True)
    assert known.created == EPOCH
    assert known.status is None
    assert not known.settled


def test_of_a_strange_id_nothing_is_known() -> None:
    known = Known("a")
    assert (known.backend, known.program_id, known.private, known.created) == (None, None, None, None)
    assert known.tags == ()


def test_a_record_that_leaves_things_out_takes_nothing_away() -> None:
    known = accepted(tags=("mine",), session_id="s")
    known.learn(record("a"), EPOCH)
    assert (known.tags, known.session_id) == (("mine",), "s")


def test_only_a_change_of_state_is_a_move() -> None:
    known = accepted()
    assert known.learn(record("a"), EPOCH)
    assert not known.learn(record("a"), EPOCH)
    assert known.learn(record("a", "Running"), EPOCH)


def test_once_final_always_final() -> None:
    known = accepted()
    known.learn(record("a", "Completed"), EPOCH)
    assert not known.learn(record("a", "Running"), EPOCH)
    known.lose(NotFound("gone"))
    assert known.status is JobStatus.COMPLETED
    assert known.lost is None


async def test_everybody_who_waits_is_woken_and_the_cancelled_are_forgotten() -> None:
    known = accepted()
    waiting = [asyncio.create_task(known.wait()) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    known.learn(record("a", "Completed"), EPOCH)
    assert await asyncio.gather(*waiting[1:]) == [None] * 4
    assert waiting[0].cancelled()
    await known.wait()


@pytest.mark.parametrize("end", [Known.lose, Known.stop])
async def test_an_error_reaches_waiters_and_listeners(end: Any) -> None:
    known, error = accepted(), NotFound("gone")
    waiting, listener = asyncio.create_task(known.wait()), known.listen()
    await asyncio.sleep(0)
    end(known, error)
    for waits in (waiting, listener.next()):
        with pytest.raises(NotFound):
            await waits
    assert known.settled is (end is Known.lose), "that nobody looks any more says nothing of the job"


async def test_callbacks_are_called_in_the_loop_once() -> None:
    known, called = accepted(), list[str]()
    known.callbacks.append(Callback(print, lambda: called.append("a")))
    known.learn(record("a", "Failed"), EPOCH)
    assert called == []
    known.stop(ServiceClosed("over"))
    await asyncio.sleep(0)
    assert called == ["a"]


async def test_a_listener_hears_the_present_first_and_the_end_last() -> None:
    known = accepted()
    known.learn(record("a"), EPOCH)
    listener = known.listen()
    known.hint(JobMetrics(position_in_queue=3), EPOCH)
    known.learn(record("a"), EPOCH)
    known.learn(record("a", "Completed"), EPOCH)
    heard = [await listener.next() for _ in range(3)]
    with pytest.raises(StopAsyncIteration):
        await listener.next()
    assert [(each.status_text, each.position_in_queue) for each in heard] == [
        ("Queued", None),
        ("Queued", 3),
        ("Completed", None),
    ]


def test_metrics_without_estimates_end_the_asking() -> None:
    known = accepted()
    listener = known.listen()
    assert known.wants_hints
    known.hint(JobMetrics(), EPOCH)
    assert not known.wants_hints
    assert not listener.queue


def test_a_stall_is_news_once_and_ends_with_the_next_change() -> None:
    known = accepted()
    known.learn(record("a"), EPOCH)
    assert known.stall("the backend is paused", EPOCH)
    assert not known.stall("the backend is paused", EPOCH)
    assert known.update is not None
    assert known.update.stalled == "the backend is paused"
    known.learn(record("a", "Running"), EPOCH)
    assert known.stalled is None
    known.learn(record("a", "Completed"), EPOCH)
    assert not known.stall("the backend is paused", EPOCH)


def test_a_result_that_was_read_already_is_taken_once() -> None:
    known = accepted()
    known.body = b"{}"
    assert known.take_body() == b"{}"
    assert known.take_body() is None


def test_an_unknown_status_keeps_the_job_open() -> None:
    known = accepted()
    assert known.learn(record("a", "Pondering"), EPOCH)
    assert known.status is JobStatus.UNKNOWN
    assert not known.settled
    known.lose(QrtError("will not tell"))
    assert known.settled
