"""Waiters come and go in any order: no wake-up is lost, no job is touched, no task is left behind."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import qrt_async as qrt
from benchmarks.simulated import Scene, scene
from qrt_async.errors import ResultGone
from tests.virtual_time import VirtualLoop

LONGEST = 600.0


async def follow(job: qrt.AsyncJob[Any]) -> list[str]:
    return [update.status_text async for update in job.updates()]


async def first_of(jobs: list[qrt.AsyncJob[Any]]) -> str:
    async with qrt.as_completed(jobs) as finished:
        return (await anext(finished)).id


class Waiters(RuleBasedStateMachine):
    """Some jobs, and waiters of every kind that are begun, cancelled and timed out while time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.jobs: dict[str, qrt.AsyncJob[Any]] = {}
        self.waiters: list[asyncio.Task[Any]] = []
        self.cancelled: list[asyncio.Task[Any]] = []
        self.private = False
        """A private result is gone once it was read and every handle was dropped."""
        self.called: list[str] = []
        self.expected_calls: list[str] = []

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @initialize(lag=st.sampled_from([0.0, 1.0, 20.0]))
    def open(self, lag: float) -> None:
        self._scene = scene({"listing_lag": lag, "jitter": 0.1})
        self.stage: Scene = self.run(self._scene.__aenter__())

    @rule(run=st.sampled_from([1.0, 4.0, 30.0, LONGEST]), watch=st.booleans(), private=st.booleans())
    def submit(self, run: float, watch: bool, private: bool) -> None:
        job = self.run(self.stage.submit(f"emulate:run={run}", watch=watch, private=private))
        self.jobs[job.id] = job
        self.private = self.private or private

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), how=st.sampled_from(["wait", "result", "updates", "first", "other handle"]))
    def begin(self, data: st.DataObject, how: str) -> None:
        job = data.draw(st.sampled_from(sorted(self.jobs.values(), key=lambda job: job.id)))
        work: Any = {
            "wait": job.wait,
            "result": job.result,
            "updates": lambda: follow(job),
            "first": lambda: first_of([job]),
            "other handle": lambda: self.stage.service.job(job.id).wait(),
        }[how]
        self.waiters.append(self.loop.create_task(work()))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def call_back(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(sorted(self.jobs.values(), key=lambda job: job.id)))

        async def add() -> None:
            job.add_done_callback(lambda done: self.called.append(done.id))

        self.expected_calls.append(job.id)
        self.run(add())

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), seconds=st.sampled_from([0.0, 0.5, 3.0]))
    def time_out(self, data: st.DataObject, seconds: float) -> None:
        job = data.draw(st.sampled_from(sorted(self.jobs.values(), key=lambda job: job.id)))

        async def wait() -> None:
            with suppress(TimeoutError):
                await job.wait(timeout=seconds)

        self.run(wait())

    @precondition(lambda self: self.waiters)
    @rule(data=st.data(), turns=st.integers(0, 3))
    def cancel(self, data: st.DataObject, turns: int) -> None:
        number = data.draw(st.integers(0, len(self.waiters) - 1))
        task = self.waiters.pop(number)
        for _ in range(turns):
            self.run(asyncio.sleep(0))
        task.cancel()
        self.cancelled.append(task)

    @rule(seconds=st.sampled_from([0.0, 0.2, 1.0, 5.0, 40.0]))
    def let_pass(self, seconds: float) -> None:
        self.run(asyncio.sleep(seconds))

    @precondition(lambda self: self.jobs)
    @rule()
    def drop_handles(self) -> None:
        """Their ids are enough to go on."""
        service = self.stage.service
        self.jobs = {job_id: service.job(job_id) for job_id in self.jobs}
        gc.collect()

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            self.loop.close()
            return
        self.run(asyncio.sleep(LONGEST + 200))
        assert all(task.done() for task in self.waiters), "a wake-up was lost"
        for task in self.waiters:
            error = task.exception()
            assert error is None or (self.private and isinstance(error, ResultGone))
        assert all(task.done() for task in self.cancelled)
        assert sorted(self.called) == sorted(self.expected_calls)
        ends = {job["status"] for job in self.run(self.stage.control("GET", "jobs"))}
        assert ends <= {"Completed"}, "a job was touched"
        left = [task.get_name() for task in asyncio.all_tasks(self.loop)]
        assert left == [], "a task was left behind"
        self.run(self._scene.__aexit__(None, None, None))
        self.loop.close()


Waiters.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
TestWaiters = Waiters.TestCase
