from __future__ import annotations

from tests.emulator.driver import CRN, Driver, config, problem


def test_usage_adds_up_what_jobs_were_charged() -> None:
    driver = Driver()
    driver.completed()
    driver.completed()
    usage = driver.json("GET", "/instances/usage")
    assert (usage["instance_id"], usage["usage_consumed_seconds"]) == (CRN, 6.0)
    assert "usage_limit_reached" not in usage
    assert "usage_remaining_seconds" not in usage


def test_usage_says_when_the_limit_is_reached() -> None:
    driver = Driver(config(usage_limit=5.0))
    assert driver.json("GET", "/instances/usage")["usage_limit_reached"] is False
    driver.completed()
    driver.completed()
    usage = driver.json("GET", "/instances/usage")
    assert (usage["usage_limit_reached"], usage["usage_limit_seconds"]) == (True, 5.0)


def test_the_instance_writes_its_seconds_as_strings() -> None:
    instance = Driver(config(usage_limit=600.0)).json("GET", "/instance")
    assert (instance["instance_limit"], instance["instance_limit_seconds"]) == (600.0, "600")
    assert instance["backends"] == ["ibm_a", "ibm_b"]
    assert "instance_limit" not in Driver().json("GET", "/instance")


def test_a_limit_that_is_put_holds_at_once_and_lets_go_what_waited_for_it() -> None:
    driver = Driver(config(usage_limit=3.0))
    waiting = driver.submit("emulate:queue=20")
    driver.completed()
    driver.now += 10.0
    assert driver.status(waiting) == "Queued"
    assert driver.ask("PUT", "/instances/configuration", {"instance_limit": 100}).status == 204
    assert driver.json("GET", "/instances/configuration") == {"instance_limit": 100.0}
    assert driver.status(waiting) == "Running"
    assert problem(driver.ask("PUT", "/instances/configuration", {"instance_limit": -1})) == (400, 1208)


def test_an_account_shows_what_its_plan_allows() -> None:
    driver = Driver(config(plan="open"))
    account = driver.json("GET", "/accounts/acc0")
    assert (account["max_ttl"], account["backends"]) == (600, ["ibm_a", "ibm_b"])
    assert driver.json("GET", "/accounts/acc0", query={"plan_id": account["plan_id"]}) == account
    assert problem(driver.ask("GET", "/accounts/acc0", query={"plan_id": "x"})) == (404, "not_found")
    assert problem(driver.ask("GET", "/accounts/other")) == (403, 1200)


def test_versions_tell_the_live_date_from_those_that_end() -> None:
    driver = Driver(config(sunset_days=10.0))
    listed = driver.json("GET", "/versions")["versions"]
    assert listed[0] == {"version": "2026-04-15", "status": "live"}
    assert {entry["status"] for entry in listed[1:]} == {"deprecated"}
    assert {entry["sunset_date"] for entry in listed[1:]} == {"2026-06-07"}
    assert len(listed) == 7
