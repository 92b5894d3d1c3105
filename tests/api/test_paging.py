from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qrt_async.api.call import Call
from qrt_async.api.job_calls import JobFilter
from qrt_async.api.models import JobPage, JobRecord
from qrt_async.api.paging import JobWalk, Place, onward
from qrt_async.errors import InvalidInput, Unavailable
from tests.api.script import Script, finish

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def at(tick: int) -> datetime:
    return EPOCH + timedelta(microseconds=tick)


def row(name: str, tick: int | None) -> dict[str, Any]:
    created = None if tick is None else at(tick).isoformat()
    return {"id": name, "state": {"status": "Queued"}, "created": created}


class Listing:
    """A service's list of jobs, which ``change`` may alter before each page; ``ticks`` by id."""

    def __init__(self, ticks: dict[str, int], *, inclusive: bool = True) -> None:
        self.ticks = ticks
        self.inclusive = inclusive
        self.pages = 0
        self.change: Callable[[Listing], None] = lambda _: None

    async def __call__(self, call: Call[Any], /) -> Any:
        self.change(self)
        self.pages += 1
        assert self.pages < 500, "the walk has no end"
        asked = dict(call.request.query)
        limit, offset = int(asked["limit"]), int(asked.get("offset", 0))
        rows = [row(name, tick) for name, tick in self._order(asked) if self._within(at(tick), asked)]
        body = {"jobs": rows[offset : offset + limit], "limit": limit, "offset": offset}
        return msgspec.convert(body, JobPage)

    def _order(self, asked: dict[str, str]) -> list[tuple[str, int]]:
        rows = sorted(self.ticks.items(), key=lambda item: (item[1], item[0]))
        return rows if asked["sort"] == "ASC" else rows[::-1]

    def _within(self, created: datetime, asked: dict[str, str]) -> bool:
        slack = timedelta(0) if self.inclusive else timedelta(microseconds=1)
        after = datetime.fromisoformat(asked["created_after"]) if "created_after" in asked else at(-99)
        before = datetime.fromisoformat(asked["created_before"]) if "created_before" in asked else at(10**9)
        return after + slack <= created <= before - slack


def walked(listing: Any, page_size: int = 3, **chosen: Any) -> list[str]:
    walk = JobWalk(listing, JobFilter(**chosen), page_size)
    found: list[str] = []
    while True:
        try:
            found.append(finish(walk.__anext__()).id)
        except StopAsyncIteration:
            return found


TICKS = st.integers(0, 4)
CHANGES = st.lists(
    st.lists(st.tuples(st.sampled_from(["add", "drop"]), st.integers(0, 30), TICKS), max_size=4), max_size=8
)


@given(
    st.lists(TICKS, max_size=25),
    CHANGES,
    st.booleans(),
    st.sampled_from(["ASC", "DESC"]),
    st.integers(2, 6),
)
@example([0] * 7, [[], [("drop", 6, 0)]], True, "DESC", 3)
@example([0] * 7, [[], [("drop", 0, 0)], [("drop", 0, 0)]], True, "ASC", 3)
def test_a_job_that_is_there_all_the_time_comes_exactly_once(
    ticks: list[int], changes: list[list[tuple[str, int, int]]], inclusive: bool, sort: Any, page_size: int
) -> None:
    start = {f"j{number:02}": tick for number, tick in enumerate(ticks)}
    listing = Listing(dict(start), inclusive=inclusive)
    coming = iter(changes)

    def change(listing: Listing) -> None:
        for verb, which, tick in next(coming, []):
            names = sorted(listing.ticks)
            if verb == "add":
                listing.ticks[f"n{which:02}"] = tick
            elif names:
                del listing.ticks[names[which % len(names)]]

    listing.change = change
    found = walked(listing, page_size, sort=sort)
    assert len(found) == len(set(found))
    assert start.keys() & listing.ticks.keys() <= set(found)


@given(st.integers(0, 30), st.integers(2, 6))
def test_jobs_of_one_instant_cost_about_one_request_a_page(jobs: int, page_size: int) -> None:
    listing = Listing({f"j{number:02}": 0 for number in range(jobs)})
    assert sorted(walked(listing, page_size)) == sorted(listing.ticks)
    assert listing.pages <= 2 + jobs // (page_size - 1)


def test_the_order_is_the_services() -> None:
    ticks = {f"j{number}": number for number in range(8)}
    assert walked(Listing(ticks)) == [f"j{number}" for number in range(7, -1, -1)]
    assert walked(Listing(ticks), sort="ASC") == [f"j{number}" for number in range(8)]


@pytest.mark.parametrize("sort", ["ASC", "DESC"])
def test_the_callers_own_bounds_hold_to_the_end(sort: Any) -> None:
    listing = Listing({f"j{number}": number // 3 for number in range(15)})
    found = walked(listing, 2, sort=sort, created_after=at(1), created_before=at(3))
    assert sorted(found) == sorted(name for name, tick in listing.ticks.items() if 1 <= tick <= 3)


def test_a_server_that_ignores_the_bounds_is_still_walked_to_the_end() -> None:
    class Deaf(Listing):
        def _within(self, created: datetime, asked: dict[str, str]) -> bool:
            return True

    listing = Deaf({f"j{number}": number for number in range(9)})
    assert sorted(walked(listing)) == sorted(listing.ticks)


def test_rows_without_a_moment_are_counted() -> None:
    names = [f"j{number}" for number in range(7)]

    class Timeless(Listing):
        async def __call__(self, call: Call[Any], /) -> Any:
            asked = dict(call.request.query)
            offset = int(asked.get("offset", 0))
            rows = [row(name, None) for name in names[offset : offset + 3]]
            return msgspec.convert({"jobs": rows, "limit": 3, "offset": offset}, JobPage)

    assert walked(Timeless({})) == names


def test_pages_are_asked_for_only_when_they_are_needed_and_a_walk_can_be_left() -> None:
    listing = Listing({f"j{number}": number for number in range(9)})
    walk = JobWalk(listing, JobFilter(), 3)
    assert listing.pages == 0
    for _ in range(3):
        finish(walk.__anext__())
    assert listing.pages == 1


async def test_it_is_an_iterator() -> None:
    listing = Listing({"a": 0, "b": 1})
    assert [found.id async for found in JobWalk(listing, JobFilter())] == ["b", "a"]


def test_after_an_error_the_same_page_is_asked_for_again() -> None:
    first = {"jobs": [row("a", 2), row("b", 1)], "limit": 2, "offset": 0}
    script = Script(
        first, Unavailable("not now"), {"jobs": [row("b", 1), row("c", 0)], "limit": 200, "offset": 0}
    )
    walk = JobWalk(script, JobFilter(), 2)
    found = [finish(walk.__anext__()).id for _ in range(2)]
    with pytest.raises(Unavailable):
        finish(walk.__anext__())
    assert [*found, finish(walk.__anext__()).id] == ["a", "b", "c"]
    assert script.said[1] == script.said[2]


def test_the_end_is_judged_by_the_page_size_that_the_service_states() -> None:
    short = msgspec.convert({"jobs": [row("a", 5), row("b", 4)], "limit": 2, "offset": 0}, JobPage)
    place = onward(Place(chosen=JobFilter()), short)
    assert place is not None
    assert place.chosen.created_before == at(5)


def page(names: Iterable[str], limit: int) -> JobPage:
    rows = tuple(msgspec.convert(row(name, 0), JobRecord) for name in names)
    return JobPage(jobs=rows, limit=limit, offset=0)


def test_a_page_without_its_anchor_is_begun_anew() -> None:
    chosen = JobFilter(created_before=at(1))
    place = Place(chosen=chosen, offset=2, anchor="c")
    assert onward(place, page("cde", 3)) == Place(chosen=chosen, offset=4, anchor="e")
    assert onward(place, page("de", 3)) == Place(chosen=chosen)
    assert onward(place, page("", 3)) == Place(chosen=chosen)
    assert onward(place, page("c", 3)) is None


@pytest.mark.parametrize("size", [0, 1, 201, None, 2.5])
def test_a_page_size_that_cannot_work_is_refused(size: Any) -> None:
    with pytest.raises(InvalidInput, match="2 to 200"):
        JobWalk(Script(), JobFilter(), size)
