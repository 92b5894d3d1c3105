"""Shares by what a journal says of them: over, left behind by a process that is gone, or in the hands of another."""

from __future__ import annotations

from qrt_async.coalesce.book import Book, MemberRow
from qrt_async.coalesce.recovery import Rejoiner
from qrt_async.coalesce.share import Share
from qrt_async.coalesce.sharing import Sharing
from qrt_async.submit.finder import Finder
from qrt_async.submit.passage import Passage
from qrt_async.submit.records import Sighting


class Abroad:
    """For the finder of one ``Submitter``. One that another process carries is followed by what that writes down, to
    its end: only there it is known whether a job that failed is that of the share."""

    def __init__(self, sharing: Sharing, rejoiner: Rejoiner, finder: Finder, book: Book) -> None:
        self._sharing = sharing
        self._rejoiner = rejoiner
        self._finder = finder
        self._book = book

    def here(self, key: str) -> Passage | None:
        return self._sharing.known.get(key)

    async def found(self, sighting: Sighting) -> Passage | None:
        intent = sighting.row.intent
        if intent.shared != "member":
            return None  # the job of several is nobody's submission
        group = await self._book.group(intent.key)
        own = next(row for row in group if row.intent.key == intent.key)
        if sighting.owner is None and own.state not in {"ended", "failed", "withdrawn"}:
            return await self._taken_up(intent.key)
        share = self._rejoiner.share_of(own)
        if sighting.owner is not None and not sighting.ours:
            self._finder.follow(share, sighting)
        await self._see(share, sighting, own, group)
        return share

    @property
    def waiting(self) -> int:
        return self._sharing.waiting

    def gone(self, keys: list[str]) -> None:
        for key in keys:
            self._sharing.withdrawn_elsewhere(key)

    async def seen(self, passage: Passage, sighting: Sighting) -> None:
        if isinstance(passage, Share):
            group = await self._book.group(passage.key)
            own = next(row for row in group if row.intent.key == passage.key)
            await self._see(passage, sighting, own, group)

    async def _see(self, share: Share, sighting: Sighting, own: MemberRow, group: list[MemberRow]) -> None:
        if own.state == "ended":
            self._rejoiner.restored(own, group)
        elif own.state in {"failed", "withdrawn"}:
            self._finder.lost(share, sighting)
        elif sighting.owner is None:
            await self._taken_up(share.key)
        elif sighting.ours and share.elsewhere is None:
            self._finder.lost(share, sighting)
        elif own.job_id is not None:
            self._rejoiner.ride_along(share, own, group)

    async def _taken_up(self, key: str) -> Share | None:
        """With all who ride with it: they cannot be told apart."""
        await self._book.adopt(key)
        found, _ = await self._rejoiner.recover()
        return next((share for share in found if share.key == key), None)
