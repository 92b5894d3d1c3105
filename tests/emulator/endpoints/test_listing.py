from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.driver import OTHER_CRN, START, Driver, config, problem


def ids(driver: Driver, query: Any = (), **options: Any) -> list[str]:
    return [job["id"] for job in driver.json("GET", "/jobs", query=query, **options)["jobs"]]


def test_newest_first_unless_asked_otherwise() -> None:
    driver = Driver()
    jobs = [driver.submit() for _ in range(3)]
    assert ids(driver) == jobs[::-1]
    assert ids(driver, {"sort": "ASC"}) == jobs
    assert problem(driver.ask("GET", "/jobs", query={"sort": "sideways"})) == (400, 1208)


@pytest.mark.parametrize(
    ("limit", "used"), [("2", 2), ("200", 200), ("300", 200), ("0", 200), ("-1", 200), ("x", 200)]
)
def test_a_limit_out_of_range_is_the_default(limit: str, used: int) -> None:
    driver = Driver()
    for _ in range(3):
        driver.submit()
    page = driver.json("GET", "/jobs", query={"limit": limit})
    assert (page["limit"], len(page["jobs"]), page["count"], page["offset"]) == (used, min(3, used), 3, 0)


def test_a_page_has_at_most_200_jobs_and_offsets_go_on() -> None:
    driver = Driver()
    jobs = [driver.submit() for _ in range(205)]
    assert len(ids(driver)) == 200
    assert ids(driver, {"offset": "200"}) == jobs[:5][::-1]
    assert ids(driver, {"offset": "1000"}) == []
    assert driver.json("GET", "/jobs", query={"offset": "99999999999"})["offset"] == 0


def test_pending_selects_open_or_final_jobs() -> None:
    driver = Driver()
    final = driver.completed()
    pending = driver.submit()
    assert ids(driver, {"pending": "true"}) == [pending]
    assert ids(driver, {"pending": "false"}) == [final]
    assert ids(driver) == [pending, final]


def test_repeated_tags_are_all_wanted_and_brackets_are_no_filter() -> None:
    driver = Driver()
    both, first, none = driver.submit("a", "b"), driver.submit("a"), driver.submit()
    assert ids(driver, [("tags", "a"), ("tags", "b")]) == [both]
    assert ids(driver, [("tags", "a")]) == [first, both]
    assert ids(driver, [("tags[]", "a")]) == [none, first, both]
    assert problem(driver.ask("GET", "/jobs", query=[("tags", str(n)) for n in range(9)])) == (400, 1208)


def test_filters_by_program_backend_and_session() -> None:
    driver = Driver()
    session = driver.json("POST", "/sessions", {"mode": "batch", "backend": "ibm_b"})["id"]
    sampler = driver.submit()
    learner = driver.submit(
        program_id="noise-learner", params={"circuits": []}, backend="ibm_b", session_id=session
    )
    assert ids(driver, {"program": "noise-learner"}) == ids(driver, {"backend": "ibm_b"}) == [learner]
    assert ids(driver, {"session_id": session}) == [learner]
    assert ids(driver, {"session_id": "unknown"}) == []
    assert ids(driver, {"program": "sampler"}) == [sampler]
    assert ids(driver, {"include_mocks": "True"}) == [learner, sampler]


def test_creation_times_are_inclusive_on_both_sides() -> None:
    driver = Driver()
    driver.now = START + 0.123456
    job_id = driver.submit()
    created = driver.job(job_id)["created"]
    assert ids(driver, {"created_after": created}) == ids(driver, {"created_before": created}) == [job_id]
    assert ids(driver, {"created_after": "2030-01-01T00:00:00+00:00"}) == []
    assert ids(driver, {"created_before": "2020-01-01T00:00:00Z"}) == []
    assert problem(driver.ask("GET", "/jobs", query={"created_after": "yesterday"})) == (400, 1208)


def test_params_are_excluded_unless_they_are_asked_for() -> None:
    driver = Driver()
    driver.submit()
    assert "params" not in driver.json("GET", "/jobs")["jobs"][0]
    assert driver.json("GET", "/jobs", query={"exclude_params": "false"})["jobs"][0]["params"]["version"] == 2


def test_a_listing_holds_the_users_own_jobs_of_one_instance() -> None:
    driver = Driver()
    driver.submit()
    assert ids(driver, key="another user") == []
    assert ids(driver, crn=OTHER_CRN) == []


def test_a_listing_lags_by_the_chosen_time_and_the_details_do_not() -> None:
    driver = Driver(config(listing_lag=2.0))
    job_id = driver.submit()
    driver.simulate()
    assert ids(driver) == []
    assert driver.status(job_id) == "Queued"
    driver.now += 2.0
    assert ids(driver) == [job_id]
    driver.now += 12.5
    assert driver.status(job_id) == "Completed"
    listed = driver.json("GET", "/jobs")["jobs"][0]
    assert (listed["status"], "reason" in listed["state"]) == ("Running", False)
    assert ids(driver, {"pending": "true"}) == [job_id]
    driver.now += 1.5
    assert ids(driver, {"pending": "false"}) == [job_id]


def test_a_lag_can_be_drawn_for_each_job() -> None:
    driver = Driver(config(listing_lag=(0.0, 1.0)))
    for _ in range(40):
        driver.submit()
    driver.now += 0.5
    assert 5 < len(ids(driver)) < 35
    driver.now += 0.5
    assert len(ids(driver)) == 40


def test_tags_are_searched_by_at_least_three_characters() -> None:
    driver = Driver()
    driver.submit("landscape", "other")
    driver.submit("Landscape-2")
    assert driver.json("GET", "/tags", query={"type": "job", "search": "land"})["tags"] == [
        "Landscape-2",
        "landscape",
    ]
    for query in ({"type": "job", "search": "la"}, {"type": "job"}, {"type": "x", "search": "land"}):
        assert driver.ask("GET", "/tags", query=query).status == 400
