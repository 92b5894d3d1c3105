"""Where the results of a run are: in memory, or in the journal and in memory for one job at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from qrt_async.errors import QrtError, ResultError
from qrt_async.jobs.job import AsyncJob
from qrt_async.programs.containers import PrimitiveResult, PubResult
from qrt_async.programs.results import decode
from qrt_async.submit.arrivals import Arrivals
from qrt_async.submit.passage import Passage
from qrt_async.sweep.book import Book
from qrt_async.sweep.points import SweepPoint, result_at
from qrt_async.sweep.rows import Row
from qrt_async.sweep.sweep import Sweep

_DOWNLOADS = 2
"""So many results are brought home at a time."""


class Store:
    """The results of one run. ``job_ids`` maps the keys of its submissions to the service's ids."""

    def __init__(self, sweep: Sweep, book: Book, arrivals: Arrivals) -> None:
        self.job_ids: dict[str, str] = {}
        self.values: dict[int, Any] = {}
        """What ``transform`` made of the points, by index."""
        self.mistakes: dict[int, Exception] = {}
        """What it raised instead."""
        self.sweep = sweep
        self._book = book
        self._arrivals = arrivals
        self._held: dict[str, PrimitiveResult] = {}
        self._door = asyncio.Semaphore(_DOWNLOADS)

    async def keep(self, passage: Passage, job: AsyncJob[Any]) -> None:
        """Have the result of a completed job, on disk where there is a journal. Raises ``ResultError``."""
        async with self._door:
            if not (self._book.keeps and await passage.store(job)):
                body = await self._arrivals.body(job.id)
                self._held[passage.key] = await self._decoded(body, job.id)

    async def open(self, row: Row) -> PointsOfRow:
        """The points of a row, with its result at hand."""
        return PointsOfRow(self, row, None if row.state != "done" else await self._result(row.job))

    def open_now(self, row: Row) -> PointsOfRow:
        """The same for one who may block."""
        return PointsOfRow(self, row, None if row.state != "done" else self._result_now(row.job))

    async def _result(self, job: str) -> PrimitiveResult | QrtError:
        """An error where it was had and cannot be read any more: that must not hide the others."""
        if job in self._held:
            return self._held[job]
        body = await self._book.result(job)
        if body is None:
            return self._gone(job)
        try:
            return await self._decoded(body, job)
        except ResultError as error:
            return error

    async def _decoded(self, body: bytes, job: str) -> PrimitiveResult:
        return _primitive(await self._arrivals.decode(self.sweep.program_id, body), job)

    def _result_now(self, job: str) -> PrimitiveResult | QrtError:
        if job in self._held:
            return self._held[job]
        body = self._book.result_now(job)
        if body is None:
            return self._gone(job)
        try:
            return _primitive(decode(self.sweep.program_id, body), job)
        except ResultError as error:
            return error

    def _gone(self, job: str) -> ResultError:
        return ResultError(f"The result of job {self.job_ids.get(job, job)} is not in the journal any more.")


def _primitive(result: Any, job: str) -> PrimitiveResult:
    if not isinstance(result, PrimitiveResult):
        raise ResultError(f"The result of job {job} is {type(result).__name__}, not one of a primitive.")
    return result


class PointsOfRow:
    """Makes them when they are asked for, by their place in the row."""

    def __init__(self, store: Store, row: Row, result: PrimitiveResult | QrtError | None) -> None:
        self.row = row
        self._store = store
        self._error: Exception | None = None
        self._pub: PubResult | None = None
        if isinstance(result, PrimitiveResult):
            self._pub, self._error = _pub_of(result, row, has_points=bool(store.sweep.grid.names))
        elif isinstance(result, QrtError):
            self._error = result
        elif row.state == "failed" and row.failure is not None:
            self._error = row.failure.error()

    def __len__(self) -> int:
        return self.row.piece.size

    def __iter__(self) -> Iterator[SweepPoint]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, at: int) -> SweepPoint:
        sweep, store, index = self._store.sweep, self._store, self.row.piece.start + at
        point = SweepPoint(index, sweep.label(index), sweep.circuit_of(index), sweep.parameters(index))
        if self._pub is not None:
            point.result = result_at(self._pub, at) if sweep.grid.names else self._pub
        point.error = store.mistakes.get(index, self._error)
        point.value = store.values.get(index)
        point.job_id = store.job_ids.get(self.row.job)
        return point


def _pub_of(
    result: PrimitiveResult, row: Row, *, has_points: bool
) -> tuple[PubResult | None, ResultError | None]:
    """The row's part of a result, or why it is none."""
    if row.place >= len(result):
        return None, ResultError(f"The result has {len(result)} PUBs; the points are in PUB {row.place}.")
    pub = result[row.place]
    if has_points and pub.data.shape[:1] != (row.piece.size,):
        return None, ResultError(f"The PUB is of shape {pub.data.shape}; sent were {row.piece.size} points.")
    return pub, None
