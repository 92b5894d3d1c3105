from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from qrt_async.api.dates import DOCUMENTED, KNOWN, Choice, check_date, choose
from qrt_async.api.records import ApiDate
from qrt_async.errors import InvalidInput

TODAY = date(2026, 9, 1)


def offered(**sunsets: str | None) -> list[ApiDate]:
    """By name, with ``_`` for ``-`` and a leading ``d``."""
    return [
        ApiDate(version=date.fromisoformat(name[1:].replace("_", "-")), sunset_text=sunset)
        for name, sunset in sunsets.items()
    ]


LIVE = {"d2026_04_15": None}


@pytest.mark.parametrize(
    ("dates", "expected", "why"),
    [
        (LIVE | {"d2026_02_15": None}, "2026-02-15", None),
        (LIVE | {"d2026_02_15": "2027-01-01"}, "2026-02-15", None),
        (LIVE | {"d2026_02_15": "2026-10-02"}, "2026-02-15", None),
        (LIVE | {"d2026_02_15": "2026-10-01"}, "2026-04-15", "it ends on 2026-10-01"),
        (LIVE | {"d2026_02_15": "2026-08-01T00:00:00Z"}, "2026-04-15", "it ends on 2026-08-01"),
        (LIVE | {"d2026_03_15": None}, "2026-04-15", "no longer offers"),
        (LIVE | {"d2031_01_01": None}, "2026-04-15", "no longer offers"),
        ({"d2026_03_15": None, "d2026_04_15": "2026-09-10"}, "2026-03-15", "no longer offers"),
        ({"d2026_04_15": "2026-09-10"}, "2026-04-15", "no longer offers"),
        ({"d2026_02_15": "2026-09-09", "d2026_04_15": "2026-09-10"}, "2026-02-15", "update qrt-async"),
        ({"d2031_01_01": None}, "2026-02-15", "update qrt-async"),
        ({}, "2026-02-15", "update qrt-async"),
    ],
)
def test_the_date_is_kept_while_it_lasts_and_left_with_a_reason(
    dates: dict[str, str | None], expected: str, why: str | None
) -> None:
    choice = choose(DOCUMENTED, offered(**dates), TODAY)
    assert choice.date == expected
    assert choice.why is None if why is None else why in str(choice.why)


def test_a_date_of_tomorrow_is_kept_if_the_service_has_it() -> None:
    assert choose("2031-01-01", offered(d2031_01_01=None), TODAY) == Choice("2031-01-01")


def test_the_known_dates_are_in_order_and_hold_the_documented_one() -> None:
    assert list(KNOWN) == sorted(KNOWN)
    assert DOCUMENTED in KNOWN


@pytest.mark.parametrize("given", ["2026-04-15", "2031-01-01"])
def test_any_real_date_may_be_given(given: str) -> None:
    assert check_date(given) == given


@pytest.mark.parametrize(
    "wrong", ["", "latest", "2026-02-30", "20260415", "2026-W07-7", None, date(2026, 4, 15)]
)
def test_what_is_no_date_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInput, match="api_version"):
        check_date(wrong)
