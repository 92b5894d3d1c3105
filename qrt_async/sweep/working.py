"""A user's function over each result: in a thread, or on any executor."""

from __future__ import annotations

import asyncio
import inspect
import pickle
from collections.abc import Iterable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

from qrt_async.errors import InvalidInput, ResultError
from qrt_async.sweep.order import Transform
from qrt_async.sweep.points import SweepPoint
from qrt_async.sweep.rows import Failure, Row
from qrt_async.sweep.store import Store

_TOGETHER = 32
"""So many results travel to the executor at a time."""
_UNDER_WAY = 8
"""So many of these bundles are with it at a time: the rest waits where the results are."""

T = TypeVar("T")
Outcome: TypeAlias = tuple[Any, Exception | None]


class Working:
    """``function`` gets the result of a point, and what it returns is the point's ``value``; what it raises is the
    point's error, and so is an executor that broke. Without an executor it is called in one thread at a time."""

    def __init__(self, function: Transform | None, executor: Executor | None, store: Store) -> None:
        _check(function)
        self._function = function
        self._executor = executor
        self._store = store
        self._places = asyncio.Semaphore(1 if executor is None else _UNDER_WAY)

    async def work(self, row: Row) -> None:
        """Over the points of a row that have a result."""
        if self._function is None:
            return
        async with asyncio.TaskGroup() as group:
            bundle: list[SweepPoint] = []
            points = await self._store.open(row)
            for at in range(len(points)):
                if row.piece.start + at in self._store.values:  # making points takes a while, so only those
                    continue
                if (point := points[at]).result is not None:
                    bundle.append(point)
                if len(bundle) == _TOGETHER:
                    await self._places.acquire()
                    group.create_task(self._bundle(bundle))
                    bundle = []
            if bundle:
                await self._places.acquire()
                group.create_task(self._bundle(bundle))

    def give_up(self, rows: Iterable[Row], failure: Failure) -> None:
        """Of these rows what the function has not seen is an error: there is no value, and will be none."""
        for row in rows if self._function is not None else ():
            for index in range(row.piece.start, row.piece.stop) if row.state == "done" else ():
                if index not in self._store.values:
                    self._store.mistakes.setdefault(index, failure.error())

    def change(self, executor: Executor | None) -> None:
        """To another executor, if any is given. Raises ``InvalidInput`` where that is needed and none is."""
        broken = sum(isinstance(mistake, BrokenExecutor) for mistake in self._store.mistakes.values())
        if broken and executor in (None, self._executor):
            raise InvalidInput(
                f"The executor of transform broke before {broken:,} points had a value, and takes no more work:"
                " retry_failed(executor=...) needs another one. Nothing was sent."
            )
        if executor is not None and self._function is None:
            raise InvalidInput("executor= is given, and the run has no transform that it could call.")
        check_executor(executor)
        if executor is not None:
            self._executor, self._places = executor, asyncio.Semaphore(_UNDER_WAY)

    def forget_mistakes(self) -> None:
        """Have those tried again that the function, or its executor, failed with."""
        self._store.mistakes.clear()

    async def _bundle(self, points: list[SweepPoint]) -> None:
        assert self._function is not None  # noqa: S101 - asked before
        results = [point.result for point in points]
        try:
            worked = await self._run(self._function, results)
        except Exception as error:  # noqa: BLE001 - the executor's, or what cannot be sent to it
            if isinstance(error, BrokenExecutor):
                error.add_note("run.retry_failed(executor=...) goes on with another executor.")
            worked = [(None, error)] * len(points)
        finally:
            self._places.release()
        for point, (value, mistake) in zip(points, worked, strict=True):
            if mistake is None:
                self._store.values[point.index] = value
            else:
                self._store.mistakes[point.index] = mistake

    async def _run(self, function: Transform, results: Sequence[Any]) -> list[Outcome]:
        if self._executor is None:
            return await asyncio.to_thread(applied, function, results)
        if isinstance(self._executor, ThreadPoolExecutor):
            return await _ended(self._executor.submit(applied, function, results))
        # A pool may start a process here, and a cluster packs what it is given.
        sent: Future[Sequence[bytes]] = await asyncio.to_thread(
            self._executor.submit, packed, function, results
        )
        return await asyncio.to_thread(unpacked, await _ended(sent))


def _check(function: Any) -> None:
    if function is not None and not callable(function):
        raise InvalidInput(f"transform is {function!r}; it must be a function of one result, or None.")
    if inspect.iscoroutinefunction(function):
        raise InvalidInput(
            "transform is a coroutine function; it must be a plain one, which is called in a thread or by an executor."
        )


def check_executor(executor: Any) -> None:
    """``InvalidInput`` for what takes no work; Dask's is no subclass, but has what it needs."""
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise InvalidInput(
            f"executor is {executor!r}; it must be a concurrent.futures.Executor, or None for a thread."
        )


async def _ended(future: Future[T]) -> T:
    """Its result. Cancelled by the executor is an error, cancelled by whoever waits here is not."""
    waiting = asyncio.wrap_future(future)
    await asyncio.wait([waiting])
    if waiting.cancelled():
        raise ResultError("The executor cancelled the work on this result.") from CancelledError()
    return waiting.result()


def applied(function: Transform, results: Sequence[Any]) -> list[Outcome]:
    """Of each result what the function returns, or raises. Runs in the executor."""
    return [_one(function, result) for result in results]


def packed(function: Transform, results: Sequence[Any]) -> list[bytes]:
    """The same for an executor in other processes, each by itself: one that cannot be packed spoils no other, and one
    that cannot be unpacked breaks no pool."""
    return [_packed(*_one(function, result)) for result in results]


def unpacked(outcomes: Sequence[bytes]) -> list[Outcome]:
    """Runs in a thread of the client."""
    return [_unpacked(outcome) for outcome in outcomes]


def _one(function: Transform, result: Any) -> Outcome:
    try:
        return function(result), None
    except Exception as error:  # noqa: BLE001 - a stranger's; it belongs to its point
        return None, error
    except BaseException as error:  # noqa: BLE001 - would end the loop, or be taken for a cancellation of ours
        return None, ResultError(
            f"transform raised {type(error).__name__}{f': {error}' if str(error) else ''}."
        )


def _packed(value: Any, error: Exception | None) -> bytes:
    try:
        body = pickle.dumps((value, error))
        if error is not None:
            pickle.loads(body)  # noqa: S301 - our own; not every exception can be made again
    except Exception as trouble:  # noqa: BLE001 - whatever packing a stranger's object raises
        what = f"The value of transform, a {type(value).__name__}, cannot be pickled: {trouble}"
        said = what if error is None else f"{type(error).__name__}: {error}"
        return pickle.dumps((None, ResultError(said)))
    return body


def _unpacked(outcome: bytes) -> Outcome:
    try:
        found: Outcome = pickle.loads(outcome)  # noqa: S301 - from the user's own executor, as all it gives back
    except Exception as trouble:  # noqa: BLE001 - a stranger's class, which may not be here
        return None, ResultError(f"The value of transform cannot be unpickled here: {trouble}")
    return found
