"""Which requests cover the watched jobs, and that no cover costs more than reading them one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.jobs.cover import Cover, Sight, cover

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def sights(count: int, age: float = 10.0, **more: Any) -> list[Sight]:
    return [Sight(f"job{n}", NOW - timedelta(seconds=age + n), **more) for n in range(count)]


def hows(plan: Cover) -> list[str]:
    return [listing.how for listing in plan.listings]


def test_one_job_is_read_by_itself() -> None:
    plan = cover(sights(1), NOW, {})
    assert plan.listings == ()
    assert plan.singles == ("job0",)


def test_many_jobs_are_covered_by_one_window_that_reaches_behind_the_oldest() -> None:
    plan = cover(sights(200), NOW, {})
    assert hows(plan) == ["window"]
    window = plan.listings[0]
    assert len(window.ids) == 200
    assert window.chosen.created_after is not None
    assert window.chosen.created_after < NOW - timedelta(seconds=10 + 199)
    assert plan.requests == 1


def test_one_that_is_due_among_many_is_read_with_them_for_the_same_price() -> None:
    crowd = sights(200, due=False)
    due = msgspec.structs.replace(crowd[3], due=True)
    plan = cover([*crowd[:3], due, *crowd[4:]], NOW, {})
    assert hows(plan) == ["window"]
    assert plan.listings[0].ids == {"job3"}


def test_where_nothing_is_due_nothing_is_asked() -> None:
    assert cover(sights(5, due=False), NOW, {}) == Cover((), ())


def test_jobs_of_distant_creation_are_read_by_themselves() -> None:
    ancient = Sight("ancient", NOW - timedelta(days=400))
    plan = cover([*sights(3), ancient], NOW, {})
    assert plan.listings[0].ids == {"job0", "job1", "job2"}
    assert plan.singles == ("ancient",)


def test_jobs_of_unknown_creation_are_looked_for_among_the_newest_rows() -> None:
    unknown = [Sight(f"job{n}", None) for n in range(250)]
    plan = cover(unknown, NOW, {})
    assert hows(plan) == ["recent"]
    assert plan.listings[0].most == plan.requests == 2
    assert cover(unknown[:1], NOW, {}).singles == ("job0",)


def test_jobs_that_listings_do_not_show_are_read_by_themselves() -> None:
    crowd = sights(5)
    lost = msgspec.structs.replace(crowd[3], missing=True)
    plan = cover([*crowd[:3], lost, crowd[4]], NOW, {})
    assert hows(plan) == ["window"]
    assert plan.singles == ("job3",)


def test_a_crowded_listing_costs_more_than_single_reads() -> None:
    crowded = {f"window {reach}": 5000 for reach in ("0:10:00", "1:00:00", "1 day, 0:00:00")}
    assert cover(sights(3), NOW, crowded).listings == ()
    assert hows(cover(sights(100), NOW, crowded)) == ["window"]


def test_old_jobs_do_not_make_the_window_over_the_new_ones_longer() -> None:
    old = [Sight(f"old{n}", NOW - timedelta(hours=20, seconds=n)) for n in range(2)]
    plan = cover([*sights(100), *old], NOW, {"window 1 day, 0:00:00": 5000})
    assert [listing.key for listing in plan.listings] == ["window 0:10:00"]
    assert set(plan.singles) == {"old0", "old1"}


def test_a_session_is_listed_by_itself_where_the_windows_are_crowded() -> None:
    crowded = {f"window {reach}": 5000 for reach in ("0:10:00", "1:00:00", "1 day, 0:00:00")}
    plan = cover(sights(20, session="s1"), NOW, crowded)
    assert hows(plan) == ["session"]
    assert plan.listings[0].chosen.session_id == "s1"


def test_a_tag_is_listed_by_itself_where_the_windows_are_crowded() -> None:
    crowded = {f"window {reach}": 5000 for reach in ("0:10:00", "1:00:00", "1 day, 0:00:00")}
    plan = cover(sights(20, tags=("mine",)), NOW, crowded)
    assert hows(plan) == ["tag"]
    assert plan.listings[0].chosen.tags == ("mine",)


def test_what_is_pending_is_listed_where_everything_else_is_full_of_finished_rows() -> None:
    crowded = {f"window {reach}": 5000 for reach in ("0:10:00", "1:00:00", "1 day, 0:00:00")}
    plan = cover(sights(20, listed=True), NOW, crowded)
    assert hows(plan) == ["pending"]
    assert plan.listings[0].chosen.pending is True
    assert cover(sights(20), NOW, crowded).listings == (), "a row that was never there cannot have left"


SIGHTS = st.lists(
    st.builds(
        Sight,
        st.uuids().map(str),
        st.none() | st.integers(0, 10**6).map(lambda age: NOW - timedelta(seconds=age)),
        session=st.none() | st.sampled_from(["s1", "s2"]),
        tags=st.sampled_from([(), ("a",), ("a", "b")]),
        due=st.booleans(),
        missing=st.booleans(),
        listed=st.booleans(),
    ),
    max_size=60,
)
KEYS = [
    "window 0:10:00",
    "window 1:00:00",
    "window 1 day, 0:00:00",
    "session s1",
    "tag a",
    "tag b",
    "pending",
]


@given(SIGHTS, st.dictionaries(st.sampled_from(KEYS), st.integers(0, 3000)))
def test_every_cover_is_whole_and_costs_at_most_one_request_a_due_job(
    drawn: list[Sight], lengths: dict[str, int]
) -> None:
    plan = cover(drawn, NOW, lengths)
    due = {sight.id for sight in drawn if sight.due}
    covered = [*plan.singles, *(job_id for listing in plan.listings for job_id in listing.ids)]
    assert sorted(covered) == sorted(due), "each that is due, once"
    assert plan.requests <= len(due)
