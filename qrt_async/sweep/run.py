"""``SweepRun``: what ``Submitter.sweep`` gives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec.structs import replace

from qrt_async.sweep import dataset, tables
from qrt_async.sweep import plot as plotting
from qrt_async.sweep.plan import Plan
from qrt_async.sweep.plot import Of
from qrt_async.sweep.points import SweepPoint
from qrt_async.sweep.progress import Progress
from qrt_async.sweep.runner import Runner
from qrt_async.sweep.store import PointsOfRow
from qrt_async.sweep.sweep import Sweep

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

_AT_ONCE = 64
"""So many points are made between two turns of the loop."""


class SweepRun:
    """A sweep on its way. Nothing is sent before the first ``async for``, ``await run`` or ``run.start()``.

        async for point in run:          # as their jobs end
            print(point.parameters, point.result)
        points = await run               # all of them, in the order of the sweep

    Iterating again replays; ``break`` and cancelling a wait stop nothing. A point that failed is a point with an
    ``error``. Raised is only what ends the whole run: before anything is sent ``NotISA``, ``InvalidInput``,
    ``OverUsage`` and ``NotAuthorized``; later ``NotSent``, where its Submitter was left, and ``ServiceClosed``.

    With a journal, the same sweep run again goes on where this one ended. While another run has it, in this process or
    another one that shares the journal, this one follows: it sends nothing, has points and progress within about a
    second of them, and goes on by itself if the other process dies or leaves.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    @property
    def sweep(self) -> Sweep:
        """What is run."""
        return self._runner.sweep

    @property
    def name(self) -> str:
        """The name that was given to the run."""
        return self._runner.order.name

    @property
    def progress(self) -> Progress:
        """How far it is, as of now; makes no request."""
        return self._runner.progress

    @property
    def done(self) -> bool:
        """Has every point a result or an error, or was the run ended?"""
        return self._runner.over

    @property
    def error(self) -> BaseException | None:
        """What ended the whole run before every point had a result or an error, if something did."""
        return self._runner.error

    async def changed(self) -> None:
        """Return at the next news of it."""
        await self._runner.held.bell.wait()

    async def plan(self) -> Plan:
        """What is to be sent: points, jobs, seconds. Sends no job; may ask about the backend and the usage.

        Of a sweep that was begun before, it is what is missing. Raises ``NotISA`` where a circuit or a point does not
        fit the backend, ``OverUsage`` where the plan takes more than is left, ``NotAuthorized`` for a wrong key.
        """
        return await self._runner.plan()

    def start(self) -> None:
        """Begin, without waiting for anything."""
        self._runner.start()

    async def cancel(self) -> None:
        """Send nothing more, and cancel the jobs that run. Points without a result get an error, also for those who
        follow; run again, they are missing. What another run carries out goes on: only the following of it ends."""
        await self._runner.cancel()

    async def retry_failed(self, *, executor: Executor | None = None) -> int:
        """Seek the points that failed anew, once the run is over; returns how many these are. Iterate or await to see
        what became of them. Those that have a result, and only ``transform`` failed, are not sent again: it sees them
        once more, on ``executor`` where one is given. That takes the place of the run's own; one that broke, as a pool
        whose process died, is of no use again and ``InvalidInput``."""
        return await self._runner.again(executor)

    async def updates(self) -> AsyncIterator[Progress]:
        """The progress now, and whenever it changes, until the run is over. Slow listeners miss what was between. That
        ``eta`` runs down is no change: ``run.progress`` has it as of any moment."""
        last = None
        while True:
            over, progress = self._runner.over, self._runner.progress
            if (news := replace(progress, eta=None)) != last:
                last = news
                yield progress
            elif over:
                return
            else:
                await self._runner.held.bell.wait()

    def __aiter__(self) -> SweepPoints:
        self._runner.start()
        return SweepPoints(self._runner)

    def __await__(self) -> Generator[Any, None, list[SweepPoint]]:
        return self._in_order().__await__()

    def points(self) -> Iterator[SweepPoint]:
        """All points in the order of the sweep, missing ones included, as far as the run is. With a journal it reads
        that file and so blocks; in a thread it may be used, too."""
        for row in self._runner.rows():
            yield from self._runner.held.store.open_now(row)

    # --- reading -----------------------------------------------------------------------------------------

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary a point, in the order of the sweep, as far as the run is; all have the same keys.

        ``index``, ``name``, with several circuits ``circuit``, the parameters by their names (lists for vectors), then
        of a Sampler ``counts``, a dictionary of bitstrings; of several registers ``counts_<register>`` of each. Of an
        Estimator ``evs`` and ``stds``, numbers, or nested lists in the shape of the observables. With
        ``transform`` the ``value``; at last ``error``, a text, and ``job_id``. Without a result counts are ``None``,
        numbers NaN. A parameter whose name is one of ours, or might be, is ``parameter_<name>``.

        This, ``to_pandas``, ``to_xarray`` and ``plot`` read like ``points()``, which blocks: some 0.05 ms a point of
        expectation values, 0.2 ms of counts. So from a thousand points on ``await asyncio.to_thread(run.to_dicts)``. A
        table holds 1 to 2 KiB a point; of many points a ``transform`` that makes one number is the quicker.
        """
        return tables.to_dicts(self.sweep, self.points(), transformed=self._transformed)

    def to_pandas(self) -> pd.DataFrame:
        """The same as one row a point, by ``index``. Vectors have a column for each element, such as ``theta[0]``, and
        so have observables with a shape: ``evs[0]``. Needs the extra ``sweep``.

        ``frame.counts.map(lambda counts: counts.get("00", 0), na_action="ignore")`` is how often 00 was measured.
        """
        return tables.to_pandas(self.sweep, self.points(), transformed=self._transformed)

    def to_xarray(self) -> xr.Dataset:
        """Arrays along named axes; NaN where there is no result. Needs the extra ``sweep``.

        A product has an axis for each parameter that has several values; other points lie along ``point``, or
        ``point_0``, ``point_1``... in the shape of their arrays, with the parameters as coordinates. Several circuits
        lie along ``circuit``, observables along ``observable``. The variables are ``evs`` and ``stds``, or ``counts``
        along ``bitstring`` (``counts_<register>`` along ``bitstring_<register>`` of several) and ``shots``; and
        ``value``. Registers of more than ten bits are ``InvalidInput``: an axis has every bitstring.
        """
        return dataset.to_xarray(self.sweep, self.points(), transformed=self._transformed)

    def plot(self, *, of: Of = None, circuit: str | None = None, ax: Axes | None = None) -> Axes:
        """A line where one parameter has several values, with error bars of one ``stds``; a map where two have. What is
        missing is a gap in the line, grey in the map. Returns matplotlib's axes; needs the extra ``sweep``.

        ``of`` says what is shown: an observable, by its place or text; an outcome such as ``"01"``, or
        ``("register", "01")`` of several, whose probability it is; or ``"value"``, what ``transform`` made, which comes
        first where there is one. By default a Sampler's mean parity: +1 for each shot with an even number of ones, -1
        else. That is ⟨Z…Z⟩, uses all shots and bits, and needs no choice among outcomes. Its errors are those of
        counting. A line shows all observables and circuits, a map one: ``circuit`` names it.

        Without ``ax`` it makes a figure of its own, and not one of pyplot's, so that it may be called in any thread;
        ``run.plot().figure.savefig("landscape.png")``. For a window pass ``ax=plt.gca()``.
        """
        return plotting.plot(
            self.sweep, self.points(), of=of, circuit=circuit, ax=ax, transformed=self._transformed
        )

    @property
    def _transformed(self) -> bool:
        return self._runner.order.transform is not None

    def __repr__(self) -> str:
        return f"<SweepRun {self.name!r}: {self.progress}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A SweepRun belongs to its Submitter and cannot be pickled or copied. In another process, run the same"
            " Sweep with the same journal."
        )

    async def _in_order(self) -> list[SweepPoint]:
        await self._runner.wait()
        found: list[SweepPoint] = []
        for row in self._runner.rows():
            found += [point async for point in _Unhurried(await self._runner.held.store.open(row))]
        return found


class SweepPoints:
    """Points in the order in which their jobs end. An iterator object without a task: drop it at any time."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._rows = runner.held.finished
        self._next = 0
        self._points: _Unhurried | None = None

    def __aiter__(self) -> SweepPoints:
        return self

    async def __anext__(self) -> SweepPoint:
        while True:
            if self._points is not None:
                try:
                    return await anext(self._points)
                except StopAsyncIteration:
                    self._points = None
            over = self._runner.over or self._rows is not self._runner.held.finished
            if self._next < len(self._rows):
                row = self._rows[self._next]
                self._next += 1
                self._points = _Unhurried(await self._runner.held.store.open(row))
            elif over:
                raise self._runner.error or StopAsyncIteration
            else:
                await self._runner.held.bell.wait()


class _Unhurried:
    """The points of a row, with a turn for the others now and then."""

    def __init__(self, points: PointsOfRow) -> None:
        self._points = points
        self._next = 0

    def __aiter__(self) -> _Unhurried:
        return self

    async def __anext__(self) -> SweepPoint:
        at, self._next = self._next, self._next + 1
        if at >= len(self._points):
            raise StopAsyncIteration
        if at % _AT_ONCE == 0:
            await asyncio.sleep(0)
        return self._points[at]
