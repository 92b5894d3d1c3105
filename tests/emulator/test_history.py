from __future__ import annotations

from typing import Any

import msgspec
import pytest

from qrt_async.emulator.history import History
from tests.emulator.driver import CRN, KEY, Driver, problem


def test_the_past_fills_a_listing_behind_what_is_new() -> None:
    driver = Driver()
    new = driver.submit()
    past = driver.control("POST", "history", {"count": 300, "key": KEY, "instance": CRN, "tags": ["old"]})
    newer = driver.submit()
    page = driver.json("GET", "/jobs")
    assert page["count"] == 302
    assert [job["id"] for job in page["jobs"]] == [newer, new, *past[:198]]
    assert driver.json("GET", "/jobs", query={"tags": "old", "pending": "false"})["count"] == 300
    assert driver.json("GET", "/jobs", query={"created_after": "2026-05-28T19:26:41Z"})["count"] == 2


def test_jobs_of_the_past_are_cancelled_and_cost_nothing() -> None:
    driver = Driver()
    past = driver.control(
        "POST", "history", {"count": 2, "key": KEY, "instance": CRN, "youngest": 100.0, "apart": 5.0}
    )
    job = driver.job(past[1])
    assert (job["state"], job["created"]) == ({"status": "Cancelled"}, "2026-05-28T20:24:55.000000Z")
    assert driver.ask("GET", f"/jobs/{past[0]}/results").status == 204
    assert driver.json("GET", "/instances/usage")["usage_consumed_seconds"] == 0.0
    assert driver.ordered == {}


@pytest.mark.parametrize(
    "body", [{}, {"count": 0, "instance": CRN}, {"count": 1, "instance": CRN, "apart": -1}]
)
def test_a_past_that_cannot_be_is_refused(body: Any) -> None:
    assert problem(Driver().raw("POST", "/_emulator/history", {}, msgspec.json.encode(body))) == (400, 1208)


def test_a_user_can_be_named_and_the_key_does_not_show() -> None:
    assert History(count=1, instance=CRN, user="IBMid-1").owner == "IBMid-1"
    assert KEY not in repr(History(count=1, instance=CRN, key=KEY))
