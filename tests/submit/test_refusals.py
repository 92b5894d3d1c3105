"""What the service's refusals tell of its limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import Refused
from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.refusals import stated_cap, stated_limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("You have made too many job creation requests: limit is 5 per 60 seconds.", RateLimit(5, per=60.0)),
        ("limit is 5 per minute", RateLimit(5, per=60.0)),
        ("Limit is 10 requests per 1 hour", RateLimit(10, per=3600.0)),
        ("the limit is 3 per 2 min.", RateLimit(3, per=120.0)),
        ("limit is 7 per 30s", RateLimit(7, per=30.0)),
        ("limit is 7/m", RateLimit(7, per=60.0)),
        ("limit is 100 per day", RateLimit(100, per=86400.0)),
        ("limit is 1 per 500 ms", RateLimit(1, per=0.5)),
        ("limit is 5 per fortnight", None),
        ("limit is 0 per minute", None),
        ("limit is {} per {}", None),
        ("Too many requests.", None),
        ("", None),
    ],
)
def test_limit_and_period_are_read_in_whatever_unit_they_come(text: str, limit: RateLimit | None) -> None:
    assert stated_limit(text) == limit


@given(st.text())
def test_no_text_is_too_strange_to_read(text: str) -> None:
    stated_limit(text)
    stated_limit("limit is " + text)


@pytest.mark.parametrize(
    ("message", "code", "cap"),
    [
        ("You have reached the limit of 3 pending jobs. Please wait", 3458, 3),
        ("You have reached the limit of 3 pending jobs. Please wait", None, 3),
        ("Too many.", 3458, 1),
        ("Backend not found.", 1216, None),
    ],
)
def test_the_cap_on_pending_jobs_is_read_from_the_refusal(
    message: str, code: int | None, cap: int | None
) -> None:
    assert stated_cap(Refused(message, status=400, code=code)) == cap
