from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from qrt_async.errors import ServiceClosed
from qrt_async.transport.flight import Flight
from qrt_async.transport.tasks import Crew


class Work:
    """Counts its runs; each ends when ``gate`` opens."""

    def __init__(self, outcome: Any = "done") -> None:
        self.runs = 0
        self.gate = asyncio.Event()
        self.outcome = outcome

    async def __call__(self) -> Any:
        self.runs += 1
        await self.gate.wait()
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def flight() -> tuple[Crew, Flight[Any]]:
    crew = Crew(lambda event: pytest.fail(f"announced {event}"))
    return crew, Flight(crew, "work")


async def joined(many: int, shared: Flight[Any], work: Work) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(shared.join(work)) for _ in range(many)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_all_who_ask_meanwhile_share_one_run() -> None:
    _, shared = flight()
    work = Work()
    tasks = await joined(100, shared, work)
    work.gate.set()
    assert await asyncio.gather(*tasks) == ["done"] * 100
    assert work.runs == 1


async def test_the_next_to_ask_starts_anew() -> None:
    _, shared = flight()
    work = Work()
    work.gate.set()
    assert [await shared.join(work), await shared.join(work)] == ["done", "done"]
    assert work.runs == 2


async def test_who_is_cancelled_ends_only_their_own_wait_even_the_first() -> None:
    _, shared = flight()
    work = Work()
    tasks = await joined(3, shared, work)
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    work.gate.set()
    assert await asyncio.gather(*tasks[1:]) == ["done", "done"]
    assert tasks[0].cancelled()
    assert work.runs == 1


async def test_all_who_wait_hear_the_error_and_the_next_run_is_fresh() -> None:
    _, shared = flight()
    work = Work(ValueError("oh"))
    tasks = await joined(3, shared, work)
    work.gate.set()
    assert {repr(error) for error in await asyncio.gather(*tasks, return_exceptions=True)} == {
        "ValueError('oh')"
    }
    work.outcome = "better"
    assert await shared.join(work) == "better"


async def test_an_error_that_nobody_waits_for_is_silent() -> None:
    _, shared = flight()
    work = Work(ValueError("oh"))
    work.gate.set()
    await asyncio.wait([shared.begin(work)])


async def test_an_error_after_the_only_waiter_was_cancelled_is_silent() -> None:
    _, shared = flight()
    work = Work(ValueError("oh"))
    (task,) = await joined(1, shared, work)
    task.cancel()
    work.gate.set()
    await asyncio.wait([task])
    await asyncio.sleep(0)


async def test_closing_ends_waits_with_service_closed_and_not_with_a_cancellation() -> None:
    crew, shared = flight()
    tasks = await joined(2, shared, Work())
    await crew.finish(0.0)
    for task in tasks:
        with pytest.raises(ServiceClosed):
            await task


async def test_a_run_that_is_cancelled_before_its_first_step_leaves_nobody_waiting() -> None:
    crew, shared = flight()
    work = Work()
    outcome = shared.begin(work)
    await crew.finish(0.0)
    with pytest.raises(ServiceClosed):
        await outcome
    assert work.runs == 0


async def test_after_the_end_no_run_begins() -> None:
    crew, shared = flight()
    await crew.finish(0.0)
    with pytest.raises(ServiceClosed):
        await shared.join(Work())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no eager tasks yet")
async def test_eager_tasks_that_end_before_they_are_kept_are_no_trouble() -> None:
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
    _, shared = flight()
    work = Work()
    work.gate.set()
    assert [await shared.join(work), await shared.join(work)] == ["done", "done"]
