"""What a journal tells of shares that were left: who waits, who rides together, who is looked into. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from qrt_async.coalesce.book import BundleRow, MemberRow

_NEVER = frozenset({"waiting", "failed", "withdrawn"})
"""A job that never left, for certain."""


class Group(Struct, frozen=True, eq=False):
    """A job whose members have not all come to an end: they are in the order of their PUBs. ``suspects`` and ``held``
    wait for it in a search."""

    bundle: BundleRow
    members: list[MemberRow]
    suspects: list[MemberRow]
    held: list[MemberRow]


class Left(Struct, frozen=True, eq=False):
    """``free`` wait for a job; ``over`` have come to an end with one; ``spent`` are jobs that nobody is in any more."""

    free: list[MemberRow]
    over: list[MemberRow]
    groups: list[Group]
    spent: list[BundleRow]


def sort(members: Iterable[MemberRow], bundles: Sequence[BundleRow]) -> Left:
    """What to do with each."""
    living = {row.intent.key: row for row in bundles if not _is_void(row)}
    searches = {row.intent.origin: key for key, row in living.items() if row.intent.origin}
    riding: defaultdict[str, list[MemberRow]] = defaultdict(list)
    suspects: defaultdict[str, list[MemberRow]] = defaultdict(list)
    held: defaultdict[str, list[MemberRow]] = defaultdict(list)
    rest: defaultdict[str, list[MemberRow]] = defaultdict(list)
    free, over = [], []
    for row in members:
        if row.state == "failed":
            continue
        if row.state == "ended":
            over.append(row)
            if row.bundle in living:
                rest[row.bundle].append(row)
        if row.suspicion is not None and row.intent.origin in searches:
            (suspects if row.suspicion == "suspect" else held)[searches[row.intent.origin]].append(row)
        elif row.state == "ended":
            continue
        elif row.suspicion is None and row.bundle in living:
            riding[row.bundle].append(row)
        else:
            free.append(row)
    groups = [
        Group(
            living[key],
            # Who has come to an end has their PUBs in it all the same.
            sorted([*rows, *rest[key]], key=lambda row: row.span),
            suspects[key],
            held[key],
        )
        for key, rows in riding.items()
    ]
    spent = [row for key, row in living.items() if key not in riding]
    return Left(free, over, groups, spent)


def _is_void(row: BundleRow) -> bool:
    """One that looks for a fault is sent as it was written down; any other that never left is filled anew."""
    return row.state in _NEVER and not (row.state == "waiting" and row.intent.origin)
