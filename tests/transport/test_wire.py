from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import InvalidInput
from qrt_async.transport.wire import (
    Reply,
    Request,
    aware,
    header,
    moment,
    query,
    retry_after,
    segment,
    server_date,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "encoded"),
    [
        ("c5dge2d3rn7breq27i9g", "c5dge2d3rn7breq27i9g"),
        ("../backends", "..%2Fbackends"),
        ("a b?c#d%2F", "a%20b%3Fc%23d%252F"),
        ("ü", "%C3%BC"),
        ("...", "..."),
    ],
)
def test_a_path_segment_stays_one_segment(given: str, encoded: str) -> None:
    assert segment(given, "The job id") == encoded


@pytest.mark.parametrize("given", ["", "  ", ".", "..", "\ud800", None, 7])
def test_what_names_nothing_is_refused_and_the_error_says_that_nothing_was_sent(given: Any) -> None:
    with pytest.raises(InvalidInput, match=r"The job id is .* Nothing was sent\."):
        segment(given, "The job id")


@pytest.mark.parametrize("given", ["", " ", "a\r\nX-Other: 1", "a\nb", "ü", None])
def test_a_header_cannot_carry_a_second_one(given: Any) -> None:
    with pytest.raises(InvalidInput, match="Parent-Job-Id"):
        header("Parent-Job-Id", given)


def test_a_header_loses_the_blanks_around_it() -> None:
    assert header("Parent-Job-Id", " c5d ") == ("Parent-Job-Id", "c5d")


def test_query_values_are_in_the_services_spelling() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2)))
    pairs = query(
        [("tags", ["a", "b"]), ("none", None), ("no", False), ("n", 5), ("when", when), ("empty", ())]
    )
    assert pairs == (
        ("tags", "a"),
        ("tags", "b"),
        ("no", "false"),
        ("n", "5"),
        ("when", "2026-01-02T01:04:05.000006+00:00"),
    )


def test_a_moment_without_a_zone_is_refused_by_name() -> None:
    naive = datetime(2026, 1, 2)  # noqa: DTZ001 - the point
    with pytest.raises(InvalidInput, match="updated_before"):
        query([("updated_before", naive)])
    with pytest.raises(InvalidInput, match="created_after"):
        aware("created_after", "2026-01-02")  # type: ignore[arg-type]  # what a caller may do
    assert aware("created_after", NOW) is NOW


@pytest.mark.parametrize(
    ("text", "date", "expected"),
    [
        ("3", None, 3.0),
        ("0", None, 0.0),
        (" 1.5 ", None, 1.5),
        ("", None, None),
        ("-3", None, None),
        ("soon", None, None),
        ("1e3", None, None),
        (".", None, None),
        ("٣", None, None),
        ("Sun, 01 Mar 2026 12:00:30 GMT", None, 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", None, 0.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", "Sun, 01 Mar 2026 12:00:20 GMT", 10.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", "yesterday", 30.0),
        ("Sun, 01 Mar 2026 14:00:30 +0200", None, 30.0),
    ],
)
def test_retry_after_in_seconds_and_as_a_date_by_the_servers_clock(
    text: str, date: str | None, expected: float | None
) -> None:
    headers = {"retry-after": text} | ({"date": date} if date else {})
    assert retry_after(headers, NOW) == expected


def test_no_header_is_no_wish() -> None:
    assert retry_after({}, NOW) is None
    assert server_date({}) is None


@given(st.text())
def test_whatever_stands_in_a_header_does_no_harm(text: str) -> None:
    found = retry_after({"retry-after": text, "date": text}, NOW)
    assert found is None or found >= 0
    assert (read := moment(text)) is None or read.tzinfo is not None


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("text/html", b"", True),
        ("Text/HTML; charset=utf-8", b"x", True),
        ("application/json", b"{}", False),
        ("", b"\n <!DOCTYPE html><p>", True),
        ("", b"<HTML>", True),
        ("text/plain", b"logs not found", False),
    ],
)
def test_a_web_page_is_known_by_its_type_or_its_beginning(kind: str, body: bytes, expected: bool) -> None:
    assert Reply(code=200, headers={"content-type": kind}, body=body).is_html is expected


def test_a_request_shows_neither_headers_nor_query_nor_body() -> None:
    request = Request(
        method="GET", path="/jobs/hidden", template="/jobs/{id}", query=(("tags", "hidden"),), body=b"hidden"
    ).with_headers(("Authorization", "Bearer hidden"))
    assert repr(request) == "Request(GET /jobs/{id})"
    assert request.headers == (("Authorization", "Bearer hidden"),)
