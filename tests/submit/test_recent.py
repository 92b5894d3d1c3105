"""Ages of recent jobs by the server's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qrt_async.api.models import JobPage, JobRecord, JobState
from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.recent import ages

DATE = datetime(2026, 9, 10, 12, 0, 30, tzinfo=UTC)


def page(*old: float | None) -> JobPage:
    rows = [
        JobRecord(
            id=f"j{n}",
            state=JobState(status_text="Queued"),
            created=None if age is None else DATE - timedelta(seconds=age),
        )
        for n, age in enumerate(old)
    ]
    return JobPage(jobs=tuple(rows), limit=5, offset=0)


@pytest.mark.parametrize(
    ("old", "counted"),
    [
        ([], []),
        ([5.0, 59.0], [5.0, 59.0]),
        ([60.5, 3600.0], []),
        ([None], []),
        ([-0.9], [0.0]),
    ],
    ids=["none", "recent", "older than a period", "undated", "made in the second that Date cuts off"],
)
def test_only_jobs_of_the_last_period_count(old: list[float | None], counted: list[float]) -> None:
    assert ages(page(*old), DATE, RateLimit(5)) == counted
