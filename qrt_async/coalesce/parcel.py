"""The result of a shared job on its way to those who share it: downloaded once, cut once, each slice handed to one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from qrt_async.coalesce.book import Book
from qrt_async.errors import JournalError
from qrt_async.programs.slicing import Span, slices
from qrt_async.submit.counter import Counter
from qrt_async.transport.flight import Flight


class Parcel:
    """Of one completed job. With a journal, all slices are in it from the first download on, none in memory; without,
    a slice is held until its owner comes for it. Who comes again has it downloaded again."""

    def __init__(
        self, job_id: str, spans: Mapping[str, Span], pubs: int, counter: Counter, book: Book
    ) -> None:
        self._job_id = job_id
        self._spans = spans
        self._pubs = pubs
        self._arrivals = counter.arrivals
        self._book = book
        self._held: dict[str, bytes] = {}
        self._taken: set[str] = set()
        self._fetching: Flight[dict[str, bytes]] = Flight(counter.means.crew, "shared result")

    async def slice(self, key: str) -> bytes:
        """Raises ``ResultError`` where the result cannot be read or cut."""
        found = self._held.pop(key, None) or await self._kept(key)
        if found is None:
            found = (await self._fetching.join(self._fetch))[key]
            self._held.pop(key, None)
        self._taken.add(key)
        return found

    async def _kept(self, key: str) -> bytes | None:
        try:
            return await self._book.result(key)
        except JournalError:  # closed meanwhile: the service has it, too
            return None

    async def _fetch(self) -> dict[str, bytes]:
        body = await self._arrivals.body(self._job_id)
        cut = await asyncio.to_thread(slices, body, list(self._spans.values()), self._pubs)
        found = dict(zip(self._spans, cut, strict=True))
        if not await self._keep(found):
            self._held = {key: part for key, part in found.items() if key not in self._taken}
        return found

    async def _keep(self, found: dict[str, bytes]) -> bool:
        try:
            return await self._book.keep(found)
        except JournalError:
            return False
