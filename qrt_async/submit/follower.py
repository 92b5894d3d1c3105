"""Follows in the journal what other living processes do: to submissions of theirs, and to those that wait here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from qrt_async.errors import JournalError, ServiceClosed
from qrt_async.submit.counter import Counter
from qrt_async.submit.journal import Journal
from qrt_async.submit.passage import Passage
from qrt_async.submit.records import Sighting, sight, withdrawn_since
from qrt_async.submit.sessions import now

_BETWEEN = 1.0
"""Seconds between two looks into the journal: another process cannot tell us."""

Seen = Callable[[Passage, Sighting], Awaitable[None]]
Gone = Callable[[list[str]], None]


class Follower:
    """One task, as long as somebody holds a submission that is followed, or one waits here that others may withdraw.
    ``seen`` takes in what a look shows, ``gone`` what others have withdrawn, of the ``waiting``."""

    def __init__(
        self, journal: Journal, counter: Counter, seen: Seen, gone: Gone, waiting: Callable[[], int]
    ) -> None:
        self._journal = journal
        self._crew, self._instance = counter.means.crew, counter.instance
        self._gone = gone
        self._waiting = waiting
        self._seen = seen
        self._since = now()
        """What was withdrawn before is known."""
        self._over = False
        self._passages: WeakValueDictionary[str, Passage] = WeakValueDictionary()
        self._task: asyncio.Task[None] | None = None

    def follow(self, passage: Passage) -> None:
        """Until it has become a job, or failed to, or is ours."""
        self._passages[passage.key] = passage
        self.begin()

    def begin(self) -> None:
        """There is something to look for."""
        if self._over:
            self._let_go()
        elif self._task is None or self._task.done():
            self._task = self._crew.start(self._run(), "look into the journal")
            self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Nobody waits for news any more."""
        self._over = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self._passages or self._waiting():
            await asyncio.sleep(_BETWEEN)
            try:
                self._since, gone = await withdrawn_since(self._journal, self._since)
                self._gone(gone)
                await self._look()
            except JournalError:
                continue  # a full disk, say: whoever carries them has the same trouble

    async def _look(self) -> None:
        """At those that are followed."""
        keys = list(self._passages)
        found = await sight(self._journal, keys, self._instance) if keys else {}
        for key, sighting in found.items():
            passage = self._passages.get(key)
            if passage is not None and passage.elsewhere is not None:
                await self._seen(passage, sighting)
            if passage is None or passage.elsewhere is None or passage.is_told:
                self._passages.pop(key, None)
            del passage

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task is self._task:  # else another one goes on with those that came meanwhile
            self._let_go()

    def _let_go(self) -> None:
        for passage in list(self._passages.values()):
            if passage.elsewhere is not None and not passage.is_told:
                error = ServiceClosed(
                    f"Nobody follows submission {passage.key} any more, which another process carries."
                )
                error.submitted = error.billed = "unknown"
                passage.heard = True
                passage.lose(error)
        self._passages.clear()
