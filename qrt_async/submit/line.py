"""Whose turn is it: priorities, and tenants in turns. No I/O."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Place(msgspec.Struct, frozen=True):
    """Where somebody stands: the higher ``priority`` goes first, ``tenant``s of one priority take turns."""

    priority: int = 0
    tenant: str | None = None


class Line(Generic[T]):
    """First come first served inside a tenant of a priority. Items are told apart by identity or hash."""

    def __init__(self) -> None:
        self._ranks: dict[int, OrderedDict[str | None, deque[T]]] = {}
        self._places: dict[T, Place] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, item: T) -> bool:
        return item in self._places

    def __iter__(self) -> Iterator[T]:
        return iter(self._places)

    def add(self, item: T, place: Place, *, front: bool = False) -> None:
        """Queue up; ``front`` is for one who had their turn and could not use it."""
        tenants = self._ranks.setdefault(place.priority, OrderedDict())
        queue = tenants.setdefault(place.tenant, deque())
        if front:
            queue.appendleft(item)
            tenants.move_to_end(place.tenant, last=False)
        else:
            queue.append(item)
        self._places[item] = place

    def first(self, may_go: Callable[[T], bool]) -> T | None:
        """Whose turn it is among those who may go. Who is held back lets others pass and keeps their place."""
        for priority in sorted(self._ranks, reverse=True):
            for queue in self._ranks[priority].values():
                for item in queue:
                    if may_go(item):
                        return item
        return None

    def take(self, item: T) -> None:
        """It has its turn: the other tenants of its priority come before its tenant's next."""
        place = self._places[item]
        self.remove(item)
        tenants = self._ranks.get(place.priority)
        if tenants is not None and place.tenant in tenants:
            tenants.move_to_end(place.tenant)

    def remove(self, item: T) -> None:
        """It leaves the line."""
        place = self._places.pop(item)
        tenants = self._ranks[place.priority]
        queue = tenants[place.tenant]
        if queue[0] is item:
            queue.popleft()
        else:
            queue.remove(item)
        if not queue:
            del tenants[place.tenant]
        if not tenants:
            del self._ranks[place.priority]

    def ahead(self, item: T) -> int:
        """How many go before it, were nobody held back and did nobody else come."""
        place = self._places[item]
        tenants = self._ranks[place.priority]
        before = tenants[place.tenant].index(item)
        higher = sum(
            len(queue)
            for priority, rank in self._ranks.items()
            if priority > place.priority
            for queue in rank.values()
        )
        others, turn_is_later = 0, True
        for tenant, queue in tenants.items():
            if tenant == place.tenant:
                turn_is_later = False
            else:
                others += min(len(queue), before + turn_is_later)
        return higher + before + others
