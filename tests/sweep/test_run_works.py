"""A user's function and its executor over a whole run: cancelled, tried again, broken off, closed."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, ServiceClosed
from tests.ground import BACKEND
from tests.sweep.ground import Reads, open_ground, sweep
from tests.sweep.test_working import Silent, until


def value_of(result: qrt.PubResult) -> int:
    (value,) = result.data.meas.get_int_counts()
    return int(value)


def fatal(result: qrt.PubResult) -> int:
    """Kills its process, unless it may live."""
    if "QRT_LIVE" not in os.environ:
        os.kill(os.getpid(), signal.SIGKILL)
    return value_of(result)


class Broken(Executor):
    """A pool whose process died."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        raise BrokenProcessPool("A child process terminated abruptly.")


QUICK: dict[str, Any] = {"queue_seconds": 0.01, "run_seconds": 0.01}


async def test_a_job_that_has_ended_counts_while_the_function_sees_its_points(journal: Path | None) -> None:
    seen = []

    def look(result: qrt.PubResult) -> None:
        seen.append((run.progress.done, run.progress.jobs, run.progress.jobs_done))

    async with open_ground(journal=journal, **QUICK) as (_, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="counts", transform=look)
        await run
    assert set(seen) == {(20, 1, 1)}


async def test_a_pool_that_broke_is_told_and_another_one_goes_on(journal: Path | None) -> None:
    async with open_ground(journal=journal, **QUICK) as (here, submitter):
        run = submitter.sweep(
            sweep(), backend=BACKEND, name="broke", pack=6, transform=value_of, executor=Broken()
        )
        points = await run
        assert all(isinstance(point.error, BrokenProcessPool) for point in points)
        assert all("executor=" in point.error.__notes__[0] for point in points if point.error)
        assert (run.progress.done, run.progress.failed, run.progress.over) == (0, 20, True)
        for executor in (None, run._runner.order.executor):
            with pytest.raises(InvalidInput, match=r"broke before 20 points had a value.*executor="):
                await run.retry_failed(executor=executor)
        with ThreadPoolExecutor(1) as threads:
            assert await run.retry_failed(executor=threads) == 20
            assert [point.value for point in await run] == list(range(20))
        assert (run.progress.done, run.progress.failed) == (20, 0)
        assert len(await here.jobs()) == 4


async def test_the_count_of_points_tried_again_is_of_all_that_had_an_error() -> None:
    simulator = Reads(bad=[7], names=True)
    allowed = threading.Event()

    def picky(result: qrt.PubResult) -> int:
        if not allowed.is_set() and value_of(result) < 3:
            raise ValueError("not yet")
        return value_of(result)

    async with open_ground(simulator, **QUICK) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="count", transform=picky)
        points = await run
        assert [point.index for point in points if point.error] == [0, 1, 2, 7]
        assert (run.progress.done, run.progress.failed) == (16, 4)
        sent = len(await here.jobs())
        allowed.set()
        simulator.bad.clear()
        assert await run.retry_failed() == 4
        assert [point.value for point in await run] == list(range(20))
        assert len(await here.jobs()) == sent + 1


async def test_an_executor_for_no_function_is_refused() -> None:
    async with open_ground(**QUICK) as (_, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="none")
        await run
        with ThreadPoolExecutor(1) as threads, pytest.raises(InvalidInput, match="no transform"):
            await run.retry_failed(executor=threads)


async def test_cancelling_while_the_executor_works_leaves_no_point_without_a_word(
    journal: Path | None,
) -> None:
    silent = Silent()
    async with open_ground(journal=journal, **QUICK) as (_, submitter):
        run = submitter.sweep(
            sweep(), backend=BACKEND, name="cancel", pack=10, transform=value_of, executor=silent
        )
        run.start()
        await until(lambda: len(silent.futures) > 0)
        await run.cancel()
        points = await run
        assert sorted([point.index async for point in run]) == list(range(20))
        assert all(isinstance(point.error, qrt.JobCancelled) for point in points)
        assert (run.progress.failed, run.progress.over) == (20, True)
        with ThreadPoolExecutor(1) as threads:
            assert await run.retry_failed(executor=threads) == 20
            assert [point.value for point in await run] == list(range(20))


async def test_closing_the_service_while_the_executor_works_ends_the_run() -> None:
    silent = Silent()
    async with open_ground(**QUICK) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="close", transform=value_of, executor=silent)
        run.start()
        await until(lambda: len(silent.futures) > 0)
        waiting = asyncio.create_task(_all(run))
        await here.service.close()
        with pytest.raises(ServiceClosed):
            await waiting


async def test_breaking_off_and_reading_again_calls_the_function_once_for_each_point(
    journal: Path | None,
) -> None:
    calls: list[int] = []

    def seen(result: qrt.PubResult) -> int:
        calls.append(value_of(result))
        return calls[-1]

    with ThreadPoolExecutor(2) as threads:
        async with open_ground(journal=journal, **QUICK) as (_, submitter):
            run = submitter.sweep(
                sweep(), backend=BACKEND, name="break", pack=5, transform=seen, executor=threads
            )
            async for _ in run:
                break
            assert [point.value for point in await run] == list(range(20))
            assert sorted([point.value async for point in run]) == list(range(20))
    assert sorted(calls) == list(range(20))


@pytest.mark.long
async def test_a_pool_whose_process_is_killed_loses_no_result(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    async with open_ground(journal=tmp_path / "runs.db", **QUICK) as (here, submitter):
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            run = submitter.sweep(
                sweep(), backend=BACKEND, name="killed", pack=5, transform=fatal, executor=pool
            )
            assert {type(point.error) for point in await run} == {BrokenProcessPool}
        os.environ["QRT_LIVE"] = "yes"
        try:
            with ProcessPoolExecutor(1, mp_context=spawn) as pool:
                assert await run.retry_failed(executor=pool) == 20
                assert [point.value for point in await run] == list(range(20))
        finally:
            del os.environ["QRT_LIVE"]
        assert len(await here.jobs()) == 4


async def _all(run: Any) -> Any:
    return await run
