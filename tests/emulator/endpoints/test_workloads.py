from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.emulator.driver import Driver, problem


def listed(driver: Driver, query: Any = ()) -> list[str]:
    return [row["id"] for row in driver.json("GET", "/workloads", query=query)["workloads"]]


def test_jobs_and_sessions_stand_in_one_list_oldest_first() -> None:
    driver = Driver()
    first = driver.submit("a")
    driver.now += 1.0
    session = driver.json("POST", "/sessions", {"mode": "dedicated", "backend": "ibm_a"})["id"]
    driver.now += 1.0
    driver.submit(session_id=session)
    last = driver.submit()
    assert listed(driver) == [first, session, last]
    assert listed(driver, {"sort": "-createdAt"}) == [last, session, first]
    rows = driver.json("GET", "/workloads")["workloads"]
    assert [row["mode"] for row in rows] == ["job", "session", "job"]
    assert (rows[0]["status"], rows[0]["tags"], rows[0]["backend"]) == ("pending", ["a"], "ibm_a")


def test_cursors_lead_through_all_pages_and_back() -> None:
    driver = Driver()
    jobs = []
    for _ in range(25):
        jobs.append(driver.submit())
        driver.now += 1.0
    pages, query = [], {"user": "me", "limit": "10"}
    while True:
        body = driver.json("GET", "/workloads", query=query)
        pages.append([row["id"] for row in body["workloads"]])
        assert (body["total_count"], body["limit"]) == (25, 10)
        if "next" not in body:
            break
        query = dict(parse_qsl(urlsplit(body["next"]["href"]).query))
    assert pages == [jobs[:10], jobs[10:20], jobs[20:]]
    back = dict(parse_qsl(urlsplit(body["previous"]["href"]).query))
    assert listed(driver, back) == jobs[10:20]


@pytest.mark.parametrize(("limit", "used"), [(None, 10), ("50", 50), ("51", 10), ("0", 10)])
def test_a_limit_out_of_range_is_the_usual_one(limit: str | None, used: int) -> None:
    query = {} if limit is None else {"limit": limit}
    assert Driver().json("GET", "/workloads", query=query)["limit"] == used


def test_filters_by_status_mode_backend_tags_and_text() -> None:
    driver = Driver()
    done = driver.completed("landscape")
    cancelled = driver.submit(backend="ibm_b")
    driver.ask("POST", f"/jobs/{cancelled}/cancel")
    assert listed(driver, {"status[]": "canceled"}) == [cancelled]
    assert listed(driver, [("status", "completed"), ("status", "failed")]) == [done]
    assert listed(driver, {"mode": "batch"}) == []
    assert listed(driver, {"backend": "ibm_b"}) == [cancelled]
    assert listed(driver, {"tags": "landscape"}) == listed(driver, {"search": "lands"}) == [done]
    assert listed(driver, {"created_after": "2030-01-01T00:00:00Z"}) == []


@pytest.mark.parametrize(
    "query", [{"sort": "name"}, {"next": "%%%"}, {"previous": "é"}, {"created_after": "x"}]
)
def test_what_cannot_be_read_is_400(query: dict[str, str]) -> None:
    driver = Driver()
    driver.submit()
    assert problem(driver.ask("GET", "/workloads", query=query)) == (400, 1208)
