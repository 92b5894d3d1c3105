"""Pages of a listing: what they are asked for, and what they say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from qrt_async.api.job_calls import JobFilter
from qrt_async.jobs.cover import Listing
from qrt_async.jobs.looks import read_page, read_rows
from qrt_async.transport.wire import Reply

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def row(job_id: str, status: str = "Queued", **more: Any) -> dict[str, Any]:
    return {"id": job_id, "state": {"status": status}, **more}


def page(rows: list[Any], limit: int = 200) -> Reply:
    body = msgspec.json.encode({"jobs": rows, "limit": limit, "offset": 0, "count": len(rows)})
    return Reply(code=200, headers={}, body=body)


def test_only_wanted_rows_are_decoded_so_a_strangers_odd_row_is_harmless() -> None:
    rows = read_rows(page([row("mine"), row("theirs", created="not a date")]), frozenset({"mine"}))
    assert [row.record().id for row in rows.found] == ["mine"]
    assert rows.read == 2


@pytest.mark.parametrize(("count", "limit", "last"), [(2, 200, True), (2, 2, False), (0, 200, True)])
def test_the_end_of_the_list_is_judged_by_the_page_size_that_the_service_states(
    count: int, limit: int, last: bool
) -> None:
    rows = read_rows(page([row(f"j{n}") for n in range(count)], limit), frozenset())
    assert rows.last is last


def test_a_window_asks_for_finished_rows_too_and_for_no_params() -> None:
    ids = frozenset({"a"})
    listing = Listing("window", "window", JobFilter(created_after=NOW), ids, 1)
    call = read_page(listing, 200, ids)
    query = dict(call.request.query)
    assert query["created_after"] == "2026-11-23T12:00:00+00:00"
    assert query["exclude_params"] == "true"
    assert query["offset"] == "200"
    assert "pending" not in query
