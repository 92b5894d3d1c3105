from __future__ import annotations

import pytest

from qrt_async.emulator.dates import read, versions, written


def test_moments_have_microseconds_and_a_z() -> None:
    assert written(0.5) == "1970-01-01T00:00:00.500000Z"
    assert written(1_780_000_000.0) == "2026-05-28T20:26:40.000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-28T20:26:40.123456Z",
        "2026-05-28T20:26:40.123456+00:00",
        "2026-05-28T22:26:40.123456+02:00",
        "2026-05-28T20:26:40.123456",
    ],
)
def test_every_way_to_write_a_moment_is_read(text: str) -> None:
    assert written(read(text)) == "2026-05-28T20:26:40.123456Z"


def test_what_was_written_is_read_back_exactly() -> None:
    at = round(1_780_000_000.654321, 6)
    assert read(written(at)) == at


def test_only_the_newest_date_is_live_and_the_others_end() -> None:
    listed = versions(("2026-02-15", "2026-04-15"), 0.0)
    assert listed == [
        {"version": "2026-04-15", "status": "live"},
        {"version": "2026-02-15", "status": "deprecated", "sunset_date": "1970-01-01"},
    ]
