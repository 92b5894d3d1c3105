"""A user's function over results: where it runs, what it may do wrong, and that nobody else suffers."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, cast

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, ResultError
from qrt_async.sweep.piece import Piece
from qrt_async.sweep.points import SweepPoint
from qrt_async.sweep.rows import Row
from qrt_async.sweep.store import Store
from qrt_async.sweep.working import Working
from tests.ground import BACKEND, ground
from tests.sweep.measured import at, circuit, shots

ROW = Row(id=0, piece=Piece(0, 0, 70), state="done")


class Points:
    """Stands in for the store of a run: what one row holds, and what became of it."""

    def __init__(self, count: int) -> None:
        sweep = qrt.Sweep(circuit("a"), {"a": [float(index) for index in range(count)]})
        self.points = [at(sweep, index, c=shots(index % 9)) for index in range(count)]
        self.values: dict[int, Any] = {}
        self.mistakes: dict[int, Exception] = {}
        self.taken = 0

    async def open(self, row: Row) -> Points:
        return self

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, at: int) -> SweepPoint:
        self.taken += 1
        return self.points[at]


async def worked(function: Callable[[Any], Any], executor: Executor | None, count: int = 70) -> Points:
    points = Points(count)
    await Working(function, executor, cast("Store", points)).work(ROW)
    return points


def ones(result: Any) -> int:
    counts: dict[int, int] = result.data.c.get_int_counts()
    return counts.get(1, 0)


class TwoWords(Exception):
    """Can be pickled and not be unpickled: its maker wants more than it keeps."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} {two}")


def picky(result: Any) -> Any:
    """Fails, and returns, what is hard to carry."""
    match ones(result):
        case 1:
            raise ZeroDivisionError("one")
        case 2:
            raise TwoWords("not", "again")
        case 3:
            return threading.Lock()
        case count:
            return count


def fatal(result: Any) -> int:
    if ones(result) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return ones(result)


def same(result: Any) -> Any:
    return result


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as made:
        yield made


async def test_every_result_is_seen_once_in_one_thread() -> None:
    threads, calls = set(), []

    def seen(result: Any) -> int:
        threads.add(threading.current_thread())
        calls.append(result)
        return ones(result)

    points = await worked(seen, None)
    assert points.values == {index: index % 9 for index in range(70)}
    assert points.mistakes == {}
    assert len(calls) == 70
    assert threading.main_thread() not in threads


async def test_what_it_raises_is_that_points_error() -> None:
    points = await worked(lambda result: 1 / ones(result), None, 9)
    assert sorted(points.values) == list(range(1, 9))
    assert type(points.mistakes[0]) is ZeroDivisionError


def ending(result: Any) -> int:
    """What a thread or a process might raise to end itself, and asyncio to end a task."""
    raise (SystemExit(3), GeneratorExit(), asyncio.CancelledError())[ones(result)]


@pytest.mark.parametrize("apart", [False, True])
async def test_what_ends_a_program_is_an_error(pool: ProcessPoolExecutor, apart: bool) -> None:
    points = await worked(ending, pool if apart else None, 3)
    whats = ("SystemExit: 3", "GeneratorExit", "CancelledError")
    said = [f"ResultError('transform raised {what}.')" for what in whats]
    assert [repr(points.mistakes[at]) for at in range(3)] == said


async def test_what_has_a_value_is_not_worked_on_again_and_mistakes_are() -> None:
    points = Points(9)
    calls = []

    def once(result: Any) -> int:
        calls.append(ones(result))
        if len(calls) == 1:
            raise OSError("at first")
        return ones(result)

    working = Working(once, None, cast("Store", points))
    await working.work(ROW)
    assert list(points.mistakes) == [0]
    working.forget_mistakes()
    await working.work(ROW)
    assert (calls[9:], points.mistakes, len(points.values)) == ([0], {}, 9)
    assert points.taken == 10


async def test_threads_of_an_executor_may_give_what_cannot_be_pickled() -> None:
    with ThreadPoolExecutor(2) as threads:
        points = await worked(lambda result: lambda: ones(result), threads, 9)
    assert [points.values[index]() for index in range(9)] == list(range(9))


@pytest.mark.parametrize("function", ["text", 3, asyncio.sleep])
async def test_what_is_no_plain_function_is_refused_at_once(function: Any) -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        sweep = qrt.Sweep(circuit("a"), {"a": [0.0]})
        with pytest.raises(InvalidInput, match="transform is"):
            submitter.sweep(sweep, backend=BACKEND, name="n", transform=function)


class Silent(Executor):
    """Never runs anything; counts what it was given."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(Future())
        return self.futures[-1]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is waited for rings no bell
            await asyncio.sleep(0.01)


async def test_no_more_is_under_way_than_said_and_cancelling_ends_it() -> None:
    points, silent = Points(1000), Silent()
    task = asyncio.create_task(Working(ones, silent, cast("Store", points)).work(ROW))
    await until(lambda: len(silent.futures) == 8)
    await asyncio.sleep(0.05)
    assert (len(silent.futures), points.taken) == (8, 9 * 32)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (points.values, points.mistakes) == ({}, {})


async def test_what_the_executor_cancels_is_an_error_and_not_forgotten() -> None:
    points, silent = Points(40), Silent()
    task = asyncio.create_task(Working(ones, silent, cast("Store", points)).work(ROW))
    await until(lambda: len(silent.futures) == 2)
    for future in silent.futures:
        future.cancel()
    await task
    assert sorted(points.mistakes) == list(range(40))
    assert isinstance(points.mistakes[0], ResultError)


async def test_an_executor_that_is_shut_is_the_points_error() -> None:
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    points = await worked(ones, threads, 3)
    assert [type(points.mistakes[index]) for index in range(3)] == [RuntimeError] * 3


async def test_the_loop_runs_while_the_function_does() -> None:
    started, turns = time.monotonic(), 0

    async def turning() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    task = asyncio.create_task(turning())
    await worked(lambda result: time.sleep(0.05), None, 6)
    task.cancel()
    assert turns >= 0.25 * (time.monotonic() - started) / 0.01


# --- other processes --------------------------------------------------------------------------------------


@pytest.mark.long
async def test_a_process_pool_gets_results_and_gives_values(pool: ProcessPoolExecutor) -> None:
    points = await worked(ones, pool)
    assert points.values == {index: index % 9 for index in range(70)}
    copies = (await worked(same, pool, 3)).values
    assert [copies[index].data.c.get_counts() for index in range(3)] == [
        {"0": 8},
        {"0": 7, "1": 1},
        {"0": 6, "1": 2},
    ]


@pytest.mark.long
async def test_what_cannot_be_carried_spoils_no_other_point(pool: ProcessPoolExecutor) -> None:
    points = await worked(picky, pool, 9)
    assert points.values == {index: index for index in (0, 4, 5, 6, 7, 8)}
    assert type(points.mistakes[1]) is ZeroDivisionError
    assert str(points.mistakes[2]) == "TwoWords: not again"
    assert "a lock, cannot be pickled" in str(points.mistakes[3])
    assert (await worked(ones, pool, 3)).values == {0: 0, 1: 1, 2: 2}, "the pool lives"


@pytest.mark.long
async def test_a_function_that_cannot_be_sent_is_the_error_of_all(pool: ProcessPoolExecutor) -> None:
    points = await worked(lambda result: 1, pool, 3)
    assert sorted(points.mistakes) == [0, 1, 2]
    assert (await worked(ones, pool, 3)).mistakes == {}


@pytest.mark.long
async def test_a_pool_that_broke_is_the_points_error() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as broken:
        points = Points(9)
        await Working(fatal, broken, cast("Store", points)).work(ROW)
    assert [type(points.mistakes[index]) for index in range(9)] == [BrokenProcessPool] * 9


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.filterwarnings("default")
async def test_a_dask_cluster_goes_on_when_a_worker_is_killed() -> None:
    from distributed import Client, LocalCluster

    def cluster() -> Any:
        return LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        )

    made = await asyncio.to_thread(cluster)
    client = await asyncio.to_thread(Client, made)
    try:
        victim = next(iter(made.workers.values())).pid
        task = asyncio.create_task(worked(slowly, client.get_executor(), 320))
        await asyncio.sleep(1.0)
        assert not task.done()
        os.kill(victim, signal.SIGKILL)
        points = await task
        assert points.mistakes == {}
        assert points.values == {index: index % 9 for index in range(320)}
        spoiled = await worked(picky, client.get_executor(), 9)
        assert sorted(spoiled.mistakes) == [1, 2, 3]
    finally:
        await asyncio.to_thread(client.close)
        await asyncio.to_thread(made.close)


def slowly(result: Any) -> int:
    time.sleep(0.02)
    return ones(result)
