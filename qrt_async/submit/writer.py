"""One thread that owns one SQLite file: what is asked of it is on disk when it answers.

Work that comes while a commit is under way is committed together, so that one sync serves many.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from qrt_async.errors import JournalError

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")
Work = Callable[["sqlite3.Connection"], T]

_AT_ONCE = 500
"""So many pieces of work at most share a commit."""


class Writer:
    """``connect`` opens the file, in the thread. ``inline`` works without one, and blocks: for tests."""

    def __init__(self, name: str, connect: Callable[[], sqlite3.Connection], *, inline: bool = False) -> None:
        self._name = name
        self._connect = connect
        self._inline = inline
        self._connection: sqlite3.Connection | None = None
        self._queue: queue.SimpleQueue[tuple[Work[Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    async def run(self, work: Work[T]) -> T:
        """What ``work`` returns, committed. Cancelled, it is carried out all the same."""
        return await self.begin(work)

    def begin(self, work: Work[T]) -> asyncio.Future[T]:
        """The same, as a future: work that nobody waits for is done, too, and in order."""
        if self._closed:
            raise JournalError(f"{self._name} was closed.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._inline:
            self._carry_out([(work, future)], _settle)
            return future
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name=f"qrt {self._name}", daemon=True)
            self._thread.start()
        self._queue.put((work, future))
        return future

    async def close(self) -> None:
        """Everything that was begun is done first."""
        if self._closed:
            return
        if self._thread is not None or self._connection is not None:
            await self.run(lambda _: None)
        self._closed = True
        if self._thread is not None:
            self._queue.put(None)
        elif self._connection is not None:
            self._connection.close()

    def __del__(self) -> None:
        """Dropped without having been closed: nobody writes any more, and only the file is still open."""
        if self._connection is not None:
            self._connection.close()

    def _live(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            while len(batch) < _AT_ONCE:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    self._queue.put(None)
                    break
                batch.append(more)
            self._carry_out(batch, _settle_in_loop)
        if self._connection is not None:
            self._connection.close()

    def _carry_out(
        self,
        batch: list[tuple[Work[Any], asyncio.Future[Any]]],
        settle: Callable[[asyncio.Future[Any], Any, BaseException | None], None],
    ) -> None:
        """All of it, in one transaction, or none."""
        import sqlite3

        results: list[Any] = []
        error: BaseException | None = None
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.execute("BEGIN IMMEDIATE")
            results = [work(self._connection) for work, _ in batch]
            self._connection.execute("COMMIT")
        except Exception as failure:  # noqa: BLE001 - whatever it was, those who wait hear of it
            error = failure if isinstance(failure, JournalError) else _ours(self._name, failure)
            if self._connection is not None and self._connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
        for index, (_, future) in enumerate(batch):
            settle(future, None if error is not None else results[index], error)


def _ours(name: str, failure: Exception) -> JournalError:
    error = JournalError(f"{name} cannot be used: {failure}.")
    error.__cause__ = failure
    return error


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
        future.exception()  # Perhaps nobody waits; that is no reason for asyncio to complain.


def _settle_in_loop(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
        future.get_loop().call_soon_threadsafe(_settle, future, result, error)
