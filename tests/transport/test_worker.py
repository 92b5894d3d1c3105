from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

import pytest

from qrt_async.transport.worker import Worker

SEEN = ContextVar("SEEN", default="nothing")


def ours() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("qrt worker")]


async def test_work_is_done_in_one_thread_in_its_order() -> None:
    worker, done = Worker(), list[tuple[int, int]]()

    def work(number: int) -> int:
        done.append((number, threading.get_ident()))
        return 2 * number

    assert await asyncio.gather(*(worker.do(work, number) for number in range(50))) == list(range(0, 100, 2))
    assert [number for number, _ in done] == list(range(50))
    assert len({thread for _, thread in done} | {threading.get_ident()}) == 2


async def test_without_work_there_is_no_thread() -> None:
    worker = Worker()
    (thread,) = await worker.do(ours)
    thread.join(10.0)
    assert not thread.is_alive()
    assert ours() == []
    assert await worker.do(int, "7") == 7


async def test_an_error_is_its_callers_and_the_next_work_is_done() -> None:
    worker = Worker()
    failed, done = await asyncio.gather(
        worker.do(int, "x"), worker.do(int, "11", base=2), return_exceptions=True
    )
    assert isinstance(failed, ValueError)
    assert done == 3


async def test_work_sees_the_context_of_who_asked() -> None:
    SEEN.set("something")
    assert await Worker().do(SEEN.get) == "something"


async def test_who_is_cancelled_ends_their_own_wait_and_nobody_elses() -> None:
    worker, begun, may_end = Worker(), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work() -> bool:
        loop.call_soon_threadsafe(begun.set)
        return may_end.wait(10.0)

    first = asyncio.create_task(worker.do(work))
    second = asyncio.create_task(worker.do(int, "5"))
    never = asyncio.create_task(worker.do(int, "6"))
    await begun.wait()
    first.cancel()
    never.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not second.done()
    may_end.set()
    assert await second == 5
    assert never.cancelled()
    for thread in ours():
        thread.join(10.0)
    assert ours() == []
