"""What ``Submitter.map`` gives: submissions of any number of programs, in the order in which they end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Generic, TypeVar

from qrt_async.errors import LineFull
from qrt_async.programs.program import Program
from qrt_async.submit.passage import Passage
from qrt_async.submit.submission import Submission
from qrt_async.transport.tasks import Crew

T = TypeVar("T")
Programs = Iterable[Program[T]] | AsyncIterable[Program[T]]
Submit = Callable[[Program[T]], tuple[Submission[T], Passage]]


class Submissions(Generic[T]):
    """Iterates over submissions whose job has ended, or that failed to become one. ``await`` each for its result.

    At most ``ahead`` programs are taken from the source and not yet yielded, so that a million of them need no more
    memory than these. An iterator object without a task group: ``break`` at any time; what was submitted goes on. An
    error of the source is raised when all that came before has been yielded.
    """

    def __init__(
        self,
        programs: Programs[T],
        submit: Submit[T],
        ahead: int,
        crew: Crew,
        when_room: Callable[[Callable[[], None]], None],
    ) -> None:
        self._source: Iterator[Program[T]] | None = None
        self._asource: AsyncIterator[Program[T]] | None = None
        if isinstance(programs, AsyncIterable):
            self._asource = aiter(programs)
        else:
            self._source = iter(programs)
        self._submit = submit
        self._ahead = ahead
        self._crew = crew
        self._when_room = when_room
        self._next: Program[T] | None = None
        self._pulling: asyncio.Task[None] | None = None
        self._under_way: dict[Passage, Submission[T]] = {}
        self._ready: deque[Submission[T]] = deque()
        self._dry = False
        self._error: Exception | None = None
        self._news = asyncio.Event()
        """For all who wait: several may take from it."""

    def __aiter__(self) -> Submissions[T]:
        return self

    async def __anext__(self) -> Submission[T]:
        while True:
            self._fill()
            if self._ready:
                return self._ready.popleft()
            if self._dry and not self._under_way:
                error, self._error = self._error, None
                raise error or StopAsyncIteration
            self._news.clear()
            await self._news.wait()

    async def aclose(self) -> None:
        """Take nothing more from the source. What was submitted goes on."""
        self._stop()
        self._under_way.clear()
        self._ready.clear()
        self._news.set()

    def __del__(self) -> None:
        self._stop()

    def _stop(self) -> None:
        self._dry, self._next = True, None
        if self._pulling is not None:
            self._pulling.cancel()

    def _fill(self) -> None:
        while len(self._under_way) + len(self._ready) < self._ahead:
            if self._next is None:
                self._pull()
            if self._next is None:
                return
            try:
                submission, passage = self._submit(self._next)
            except LineFull:
                self._when_room(self._news.set)
                return
            except Exception as error:  # noqa: BLE001 - raised in its turn
                self._end(error)
                return
            self._next = None
            self._under_way[passage] = submission
            passage.listen(self._ended)

    def _pull(self) -> None:
        """The next program into ``_next``: at once, or by a task that wakes whoever waits."""
        if self._dry or self._pulling is not None:
            return
        if self._asource is not None:
            self._pulling = self._crew.start(self._apull(self._asource), "source of map()", expected=True)
            return
        assert self._source is not None  # noqa: S101 - one of the two is there
        try:
            self._next = next(self._source)
        except StopIteration:
            self._dry = True
        except Exception as error:  # noqa: BLE001 - raised in its turn
            self._end(error)

    async def _apull(self, source: AsyncIterator[Program[T]]) -> None:
        try:
            self._next = await anext(source)
        except StopAsyncIteration:
            self._dry = True
        except Exception as error:  # noqa: BLE001 - raised in its turn
            self._end(error)
        finally:
            self._pulling = None
            self._news.set()

    def _end(self, error: Exception) -> None:
        self._dry, self._next, self._error = True, None, error

    def _ended(self, passage: Passage) -> None:
        submission = self._under_way.pop(passage, None)
        if submission is not None:
            self._ready.append(submission)
            self._news.set()
