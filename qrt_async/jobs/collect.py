"""Results of many jobs: in the order in which they finish, or all together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar, overload

from qrt_async.errors import InvalidInput, QrtError
from qrt_async.jobs.job import AsyncJob
from qrt_async.transport.whole import whole

R = TypeVar("R")

_HELD = 8


class Completions(Generic[R]):
    """Jobs in the order in which their results are in hand. Made by ``as_completed``."""

    def __init__(self, jobs: Iterable[AsyncJob[R]], held: int) -> None:
        self._jobs = _checked(jobs)
        self._held = whole("held", held)
        self._waiting: dict[int, tuple[AsyncJob[R], Callable[[AsyncJob[R]], object]]] = {}
        self._ended: deque[AsyncJob[R]] = deque()
        self._fetching: set[asyncio.Task[None]] = set()
        self._ready: deque[AsyncJob[R]] = deque()
        self._shown: AsyncJob[R] | None = None
        self._left = 0
        self._crash: BaseException | None = None
        self._inside = ExitStack()
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        with ExitStack() as inside:
            for home in {job.home for job in self._jobs}:
                inside.enter_context(home)
            try:
                self._begin()
            except BaseException:
                self._forsake()
                raise
            self._inside = inside.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops waiting and downloading. The jobs themselves go on."""
        with self._inside:
            await self._stop()

    def _begin(self) -> None:
        self._left = len(self._jobs)
        for number, job in enumerate(self._jobs):
            callback = self._callback(number)
            self._waiting[number] = (job, callback)
            job.want(1)
            job.add_done_callback(callback)

    def _forsake(self) -> None:
        """Nothing is wanted any more of jobs that have not ended, as far as we were told."""
        for job, callback in self._waiting.values():
            job.remove_done_callback(callback)
            job.want(-1)
        self._waiting.clear()
        self._ended.clear()
        self._left = 0
        self._news.set()

    async def _stop(self) -> None:
        self._forsake()
        for job in (*self._ready, *filter(None, [self._shown])):
            job.hold(None)
        self._ready.clear()
        self._shown = None
        for task in self._fetching:
            task.cancel()
        await asyncio.gather(*self._fetching, return_exceptions=True)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AsyncJob[R]:
        if self._shown is not None:
            self._shown.hold(None)
            self._shown = None
        self._fetch()
        while not self._ready:
            if self._crash is not None:
                raise self._crash
            if self._left == 0:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        self._left -= 1
        self._shown = self._ready.popleft()
        return self._shown

    def _callback(self, number: int) -> Callable[[AsyncJob[R]], object]:
        def ended(job: AsyncJob[R]) -> None:
            if self._waiting.pop(number, None) is not None:  # else it was on its way when all was left
                job.want(-1)
                self._ended.append(job)
                self._fetch()

        return ended

    def _fetch(self) -> None:
        """Download what has ended, as long as not too many results are in hand."""
        while self._ended and len(self._fetching) + len(self._ready) + (self._shown is not None) < self._held:
            task = asyncio.get_running_loop().create_task(
                self._bring(self._ended.popleft()), name="qrt result"
            )
            self._fetching.add(task)
            task.add_done_callback(self._brought)

    async def _bring(self, job: AsyncJob[R]) -> None:
        """The result or the error goes to the handle: awaiting it brings either out."""
        try:
            job.hold((await job.result(), None))
        except QrtError as error:
            job.hold((None, error))
        self._ready.append(job)

    def _brought(self, task: asyncio.Task[None]) -> None:
        self._fetching.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crash = error
        self._news.set()


def as_completed(jobs: Iterable[AsyncJob[R]], *, held: int = _HELD) -> Completions[R]:
    """Iterate over jobs as they finish, each with its result in hand.

        async with qrt.as_completed(jobs) as finished:
            async for job in finished:
                print(job.id, await job)

    At most ``held`` results are in hand or on their way at any time, the one that you look at included: a
    slow reader holds up downloads, not the jobs. A result is let go when the next one is asked for; whether
    the service keeps it is for ``keep_results`` to say. A job that went wrong is yielded like any other, and
    raises when it is awaited. Leaving the block stops waiting and downloading; the jobs go on.
    """
    return Completions(jobs, held)


@overload
async def gather(
    *jobs: AsyncJob[R], return_exceptions: Literal[False] = False, downloads: int = _HELD
) -> list[R]: ...


@overload
async def gather(
    *jobs: AsyncJob[R], return_exceptions: bool, downloads: int = _HELD
) -> list[R | QrtError]: ...


async def gather(
    *jobs: AsyncJob[R], return_exceptions: bool = False, downloads: int = _HELD
) -> list[R] | list[R | QrtError]:
    """All results, in the order of the jobs given, with at most ``downloads`` on their way at any time.

    The first job that went wrong raises its error at once, and the others are no longer waited for; with
    ``return_exceptions=True`` its error stands in its place instead. No job is ever cancelled.
    """
    whole("downloads", downloads)
    places: dict[int, list[int]] = {}
    for place, job in enumerate(_checked(jobs)):
        places.setdefault(id(job), []).append(place)
    found: list[Any] = [None] * len(jobs)
    unique = {id(job): job for job in jobs}
    async with as_completed(unique.values(), held=downloads) as finished:
        async for job in finished:
            try:
                value: Any = await job
            except QrtError as error:
                if not return_exceptions:
                    raise
                value = error
            for place in places[id(job)]:
                found[place] = value
    return found


def _checked(jobs: Iterable[AsyncJob[R]]) -> list[AsyncJob[R]]:
    given = list(jobs)
    for job in given:
        if not isinstance(job, AsyncJob):
            raise InvalidInput(
                f"{type(job).__name__} is no AsyncJob; submit it first, or use service.job(id)."
            )
    return given
