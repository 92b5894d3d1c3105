"""One thread that owns one SQLite file: what is asked of it is on disk when it answers.

Work that comes while a commit is under way is committed together, so that one sync serves many. A piece of it
that fails takes nothing else with it.
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
Piece = tuple[Work[Any], asyncio.Future[Any]]
Settle = Callable[[asyncio.Future[Any], Any, BaseException | None], None]

_AT_ONCE = 500
"""So many pieces of work at most share a commit."""


class Writer:
    """``connect`` opens the file, in the thread. ``inline`` works without one, and blocks: for tests.

    Dropped without having been closed, its thread ends and the file is closed all the same.
    """

    def __init__(self, name: str, connect: Callable[[], sqlite3.Connection], *, inline: bool = False) -> None:
        self._name = name
        self._file = _File(name, connect)
        self._inline = inline
        self._queue: queue.SimpleQueue[Piece | None] = queue.SimpleQueue()
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
            self._file.carry_out([(work, future)], _settle)
            return future
        if self._thread is None:
            # It knows nothing of the Writer, so that this can be dropped.
            self._thread = threading.Thread(
                target=_live, args=(self._file, self._queue), name=f"qrt {self._name}", daemon=True
            )
            self._thread.start()
        self._queue.put((work, future))
        return future

    async def flush(self) -> None:
        """Return when all that was begun is done, or has failed."""
        if self._thread is not None and not self._closed:
            with contextlib.suppress(JournalError):
                await self.run(_nothing)

    async def close(self) -> None:
        """Everything that was begun is done first; then the file is closed."""
        if self._closed:
            return
        self._closed = True
        if self._thread is None:
            self._file.let_go()
            return
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put((_end, gone))
        await gone

    def __del__(self) -> None:
        if self._thread is not None and not self._closed:
            self._queue.put(None)
        elif self._thread is None:
            self._file.let_go()


def _nothing(_: sqlite3.Connection) -> None: ...


def _end(_: sqlite3.Connection) -> None:
    """The last piece of work."""


def _live(file: _File, pieces: queue.SimpleQueue[Piece | None]) -> None:
    """The thread's life. It is over when nobody is there any more who could want anything."""
    ends: list[Piece | None] = []
    while not ends:
        batch = [pieces.get()]
        with contextlib.suppress(queue.Empty):
            while len(batch) < _AT_ONCE:
                batch.append(pieces.get_nowait())
        ends = [piece for piece in batch if piece is None or piece[0] is _end]
        file.carry_out(
            [piece for piece in batch if piece is not None and piece[0] is not _end], _settle_in_loop
        )
    file.let_go()
    for end in ends:
        if end is not None:
            _settle_in_loop(end[1], None, None)


class _File:
    """What holds the connection."""

    def __init__(self, name: str, connect: Callable[[], sqlite3.Connection]) -> None:
        self._name = name
        self._connect: Callable[[], sqlite3.Connection] | None = connect
        self._connection: sqlite3.Connection | None = None

    def let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def carry_out(self, batch: list[Piece], settle: Settle) -> None:
        """All of it in one transaction; where that fails, each piece in its own."""
        results, error = self._transact([work for work, _ in batch])
        if error is not None and len(batch) > 1 and self._connection is not None:
            for piece in batch:
                self.carry_out([piece], settle)
            return
        for index, (_, future) in enumerate(batch):
            settle(future, None if error is not None else results[index], error)

    def _transact(self, works: list[Work[Any]]) -> tuple[list[Any], BaseException | None]:
        import sqlite3

        if not works:
            return [], None
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            results = [work(connection) for work in works]
            connection.execute("COMMIT")
        except Exception as failure:  # noqa: BLE001 - whatever it was, those who wait hear of it
            if self._connection is not None and self._connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
            return [], failure if isinstance(failure, JournalError) else _ours(self._name, failure)
        return results, None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            assert self._connect is not None  # noqa: S101 - it is dropped once it was called
            self._connection, self._connect = self._connect(), None
        return self._connection


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
