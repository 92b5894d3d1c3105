"""A user's function over each result: in a thread, or on any executor."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

from qrt_async.sweep.order import Transform
from qrt_async.sweep.points import SweepPoint
from qrt_async.sweep.rows import Row
from qrt_async.sweep.store import Store

_TOGETHER = 32
"""So many results travel to the executor at a time."""
_UNDER_WAY = 8
"""So many of these bundles are with it at a time: the rest waits where the results are."""


class Working:
    """``function`` gets the result of a point, and what it returns is the point's ``value``; what it raises is the
    point's error, and so is an executor that broke."""

    def __init__(self, function: Transform | None, executor: Executor | None, store: Store) -> None:
        self._function = function
        self._executor = executor
        self._store = store

    async def work(self, row: Row) -> None:
        """Over the points of a row that have a result."""
        if self._function is None:
            return
        places = asyncio.Semaphore(_UNDER_WAY)
        async with asyncio.TaskGroup() as group:
            bundle: list[SweepPoint] = []
            for point in await self._store.open(row):
                if point.result is not None and point.index not in self._store.values:
                    bundle.append(point)
                if len(bundle) == _TOGETHER:
                    await places.acquire()
                    group.create_task(self._bundle(bundle, places))
                    bundle = []
            await places.acquire()
            group.create_task(self._bundle(bundle, places))

    def forget_mistakes(self) -> None:
        """Have those tried again that the function, or its executor, failed with."""
        self._store.mistakes.clear()

    async def _bundle(self, points: list[SweepPoint], places: asyncio.Semaphore) -> None:
        assert self._function is not None  # noqa: S101 - asked before
        results = [point.result for point in points]
        try:
            worked = await self._run(self._function, results)
        except Exception as error:  # noqa: BLE001 - the executor's, or what cannot be sent to it
            worked = [(None, error)] * len(points)
        finally:
            places.release()
        for point, (value, mistake) in zip(points, worked, strict=True):
            if mistake is None:
                self._store.values[point.index] = value
            else:
                self._store.mistakes[point.index] = mistake

    async def _run(self, function: Transform, results: Sequence[Any]) -> list[tuple[Any, Exception | None]]:
        if self._executor is None:
            return await asyncio.to_thread(applied, function, results)
        return await asyncio.wrap_future(self._executor.submit(applied, function, results))


def applied(function: Transform, results: Sequence[Any]) -> list[tuple[Any, Exception | None]]:
    """Of each result what the function returns, or raises. Runs in the executor, wherever that is."""
    return [_one(function, result) for result in results]


def _one(function: Transform, result: Any) -> tuple[Any, Exception | None]:
    try:
        return function(result), None
    except Exception as error:  # noqa: BLE001 - a stranger's; it belongs to its point
        return None, error
