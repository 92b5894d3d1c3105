"""Which requests cover the watched jobs, and what a page says of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from qrt_async.jobs.looks import Sight, Window, cover, read_rows, read_window
from qrt_async.transport.wire import Reply

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def sights(count: int, age: float = 10.0) -> list[Sight]:
    return [Sight(f"job{n}", NOW - timedelta(seconds=age + n)) for n in range(count)]


def test_one_job_is_read_by_itself() -> None:
    plan = cover(sights(1), [], NOW)
    assert plan.window is None
    assert plan.singles == ("job0",)


def test_many_jobs_are_covered_by_one_window_that_reaches_behind_the_oldest() -> None:
    plan = cover(sights(200), [], NOW)
    assert plan.window is not None
    assert len(plan.window.ids) == 200
    assert plan.window.since < NOW - timedelta(seconds=10 + 199)
    assert plan.singles == ()


def test_jobs_of_unknown_or_distant_creation_are_read_by_themselves() -> None:
    strangers = [Sight("unknown", None), Sight("ancient", NOW - timedelta(days=400))]
    plan = cover([*sights(3), *strangers], [], NOW)
    assert plan.window is not None
    assert plan.window.ids == {"job0", "job1", "job2"}
    assert set(plan.singles) == {"unknown", "ancient"}


def test_jobs_that_listings_do_not_show_are_read_by_themselves() -> None:
    plan = cover(sights(5), ["job3"], NOW)
    assert plan.window is not None
    assert plan.singles == ("job3",)


def test_a_crowded_listing_costs_more_than_single_reads() -> None:
    assert cover(sights(3), [], NOW, rows_seen=5000).window is None
    assert cover(sights(100), [], NOW, rows_seen=5000).window is not None


def row(job_id: str, status: str = "Queued", **more: Any) -> dict[str, Any]:
    return {"id": job_id, "state": {"status": status}, **more}


def page(rows: list[Any], limit: int = 200) -> Reply:
    body = msgspec.json.encode({"jobs": rows, "limit": limit, "offset": 0, "count": len(rows)})
    return Reply(code=200, headers={}, body=body)


def test_only_wanted_rows_are_decoded_so_a_strangers_odd_row_is_harmless() -> None:
    rows = read_rows(page([row("mine"), row("theirs", created="not a date")]), frozenset({"mine"}))
    assert [record.id for record in rows.found] == ["mine"]
    assert rows.read == 2


@pytest.mark.parametrize(("count", "limit", "last"), [(2, 200, True), (2, 2, False), (0, 200, True)])
def test_the_end_of_the_list_is_judged_by_the_page_size_that_the_service_states(
    count: int, limit: int, last: bool
) -> None:
    rows = read_rows(page([row(f"j{n}") for n in range(count)], limit), frozenset())
    assert rows.last is last


def test_the_window_asks_for_finished_rows_too_and_for_no_params() -> None:
    call = read_window(Window(NOW, frozenset({"a"})), 200, frozenset({"a"}))
    query = dict(call.request.query)
    assert query["created_after"] == "2026-11-23T12:00:00+00:00"
    assert query["exclude_params"] == "true"
    assert query["offset"] == "200"
    assert "pending" not in query
