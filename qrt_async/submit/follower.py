"""Follows submissions that another living process carries, by what it writes into the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from qrt_async.errors import JournalError, ServiceClosed
from qrt_async.submit.journal import Journal
from qrt_async.submit.passage import Passage
from qrt_async.submit.records import Sighting, sight
from qrt_async.transport.tasks import Crew

_BETWEEN = 1.0
"""Seconds between two looks into the journal: another process cannot tell us."""

Seen = Callable[[Passage, Sighting], Awaitable[None]]


class Follower:
    """One task, as long as somebody holds a submission that is followed. ``seen`` takes in what a look shows."""

    def __init__(self, journal: Journal, crew: Crew, instance: str | None, seen: Seen) -> None:
        self._journal = journal
        self._crew = crew
        self._instance = instance
        self._seen = seen
        self._passages: WeakValueDictionary[str, Passage] = WeakValueDictionary()
        self._task: asyncio.Task[None] | None = None

    def follow(self, passage: Passage) -> None:
        """Until it has become a job, or failed to, or is ours."""
        self._passages[passage.key] = passage
        if self._task is None or self._task.done():
            self._task = self._crew.start(self._run(), "look into the journal")
            self._task.add_done_callback(lambda _: self._let_go())

    async def stop(self) -> None:
        """Nobody waits for news any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while self._passages:
            await asyncio.sleep(_BETWEEN)
            try:
                sightings = await sight(self._journal, list(self._passages), self._instance)
            except JournalError:
                continue  # a full disk, say: whoever carries them has the same trouble
            for key, sighting in sightings.items():
                passage = self._passages.get(key)
                if passage is not None and passage.elsewhere is not None:
                    await self._seen(passage, sighting)
                if passage is None or passage.elsewhere is None or not passage.unsent:
                    self._passages.pop(key, None)
                del passage

    def _let_go(self) -> None:
        for passage in list(self._passages.values()):
            if passage.elsewhere is not None and passage.unsent:
                error = ServiceClosed(
                    f"Nobody follows submission {passage.key} any more, which another process carries."
                )
                error.submitted = error.billed = "unknown"
                passage.heard = True
                passage.fail(error)
        self._passages.clear()
