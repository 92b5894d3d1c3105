"""Which requests cover the jobs that are due most cheaply. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from qrt_async.api.job_calls import PAGE, TAG_LENGTH, JobFilter

_SKEW = timedelta(seconds=60)
"""How far the service's clock may be ahead of ours before a window misses a new job."""
_REACHES = (timedelta(minutes=10), timedelta(hours=1), timedelta(days=1))
"""How far back windows over the creation reach: one that reaches further would list too much."""

_THOSE_THAT_LEFT = 1
"""Requests that a look at what is pending is thought to bring after it."""

How = Literal["session", "tag", "window", "pending", "recent"]


class Sight(msgspec.Struct, frozen=True):
    """A watched job, as far as looking is concerned. ``created`` is ``None`` where it is not known yet.

    ``due``: it is to be looked at; others only ride along where that costs nothing. ``missing``: listings
    did not show it for longer than a lag explains. ``listed``: a listing has shown it, so that its absence
    from one of pending jobs will mean that it left.
    """

    id: str
    created: datetime | None
    session: str | None = None
    tags: tuple[str, ...] = ()
    due: bool = True
    missing: bool = False
    listed: bool = False


class Listing(msgspec.Struct, frozen=True):
    """Read pages of a listing until all of ``ids`` were seen, its end, or ``most`` pages.

    ``key`` names listings that are about equally long, so that the length of the last one tells the next.
    """

    how: How
    key: str
    chosen: JobFilter
    ids: frozenset[str]
    pages: int
    most: int | None = None


class Cover(msgspec.Struct, frozen=True):
    """One look: listings, and single reads. It never costs more than one request a job."""

    listings: tuple[Listing, ...]
    singles: tuple[str, ...]

    @property
    def requests(self) -> int:
        """What it is thought to cost."""
        return sum(listing.pages for listing in self.listings) + len(self.singles)


def cover(sights: Sequence[Sight], now: datetime, lengths: Mapping[str, int]) -> Cover:
    """The cheapest cover of what is due: listings over a session, a tag, a window of creation or what is
    pending, each taken while it saves requests against reading its jobs one by one.

    ``lengths`` tells how many rows had to be read of a listing with that key, the last time.
    """
    left = {sight.id for sight in sights if sight.due}
    listings = []
    offers = list(_offers([sight for sight in sights if not sight.missing], now, lengths))
    while offers and left:
        best = max(offers, key=lambda offer: _worth(offer, left))
        ids = best.ids & left
        if len(ids) < best.pages or len(best.ids) < 2:
            break
        listings.append(msgspec.structs.replace(best, ids=ids))
        left -= ids
        offers.remove(best)
    return Cover(tuple(listings), tuple(sight.id for sight in sights if sight.id in left))


def _worth(offer: Listing, left: set[str]) -> tuple[float, int]:
    """Due jobs for each request; at equal price the listing that shows more of the others."""
    found = len(offer.ids & left)
    return found / offer.pages if found >= offer.pages else 0.0, len(offer.ids)


def _offers(sights: Sequence[Sight], now: datetime, lengths: Mapping[str, int]) -> Iterable[Listing]:
    yield from _groups("session", [(s.session, s) for s in sights if s.session], lengths)
    yield from _groups("tag", [(tag, s) for s in sights for tag in s.tags if len(tag) <= TAG_LENGTH], lengths)
    dated = [(sight.created, sight) for sight in sights if sight.created is not None]
    for reach in _REACHES:
        inside = [(created, sight) for created, sight in dated if now - created < reach]
        if inside:
            since = min(created for created, _ in inside) - _SKEW
            ids = frozenset(sight.id for _, sight in inside)
            yield _listing("window", f"window {reach}", JobFilter(created_after=since), ids, lengths)
    listed = frozenset(sight.id for sight in sights if sight.listed)
    if listed:
        offer = _listing("pending", "pending", JobFilter(pending=True), listed, lengths)
        yield msgspec.structs.replace(offer, pages=offer.pages + _THOSE_THAT_LEFT)
    unknown = frozenset(sight.id for sight in sights if sight.created is None)
    if unknown:
        offer = _listing("recent", "recent", JobFilter(), unknown, {})
        yield msgspec.structs.replace(offer, most=offer.pages)


def _groups(
    how: Literal["session", "tag"], members: list[tuple[str, Sight]], lengths: Mapping[str, int]
) -> Iterable[Listing]:
    groups: dict[str, set[str]] = {}
    for name, sight in members:
        groups.setdefault(name, set()).add(sight.id)
    for name, ids in groups.items():
        chosen = JobFilter(session_id=name) if how == "session" else JobFilter(tags=(name,))
        yield _listing(how, f"{how} {name}", chosen, frozenset(ids), lengths)


def _listing(
    how: How, key: str, chosen: JobFilter, ids: frozenset[str], lengths: Mapping[str, int]
) -> Listing:
    rows = max(len(ids), lengths.get(key, 0))
    return Listing(how, key, chosen, ids, -(-rows // PAGE))
