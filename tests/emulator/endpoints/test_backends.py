from __future__ import annotations

import pytest

from qrt_async.emulator.dates import read
from tests.emulator.driver import Driver, config, problem


def test_backends_are_objects_with_status_and_queue_length() -> None:
    driver = Driver()
    driver.submit()
    devices = driver.json("GET", "/backends")["devices"]
    assert [device["name"] for device in devices] == ["ibm_a", "ibm_b"]
    assert [device["queue_length"] for device in devices] == [1, 0]
    assert devices[0]["status"] == {"name": "online", "reason": "available"}
    assert "wait_time_seconds" not in devices[0]


def test_wait_times_come_when_they_are_asked_for() -> None:
    devices = Driver().json("GET", "/backends", query={"fields": "wait_time_seconds"})["devices"]
    assert devices[0]["wait_time_seconds"]["average"] == 10.0


def test_backends_are_names_at_dates_before_2025() -> None:
    driver = Driver(config(api_dates=("2024-01-01", "2026-04-15")))
    assert driver.json("GET", "/backends", date="2024-01-01") == {"devices": ["ibm_a", "ibm_b"]}


def test_the_status_of_a_backend_counts_its_queue() -> None:
    driver = Driver()
    driver.submit()
    status = driver.json("GET", "/backends/ibm_a/status")
    assert (status["state"], status["status"], status["message"]) == (True, "active", "available")
    assert status["length_queue"] == 1
    driver.now += 10.0
    assert driver.json("GET", "/backends/ibm_a/status")["length_queue"] == 0


def test_configuration_and_properties_name_their_backend() -> None:
    driver = Driver()
    assert driver.json("GET", "/backends/ibm_a/configuration")["backend_name"] == "ibm_a"
    assert driver.json("GET", "/backends/ibm_b/properties")["backend_name"] == "ibm_b"
    for before in ("2020-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"):
        reply = driver.ask("GET", "/backends/ibm_b/properties", query={"updated_before": before})
        assert reply.status == 200


def test_properties_are_those_of_the_moment_that_is_asked_for() -> None:
    driver = Driver()
    latest = driver.json("GET", "/backends/ibm_b/properties")["last_update_date"]
    assert read(latest) <= driver.now < read(latest) + 3600.0
    query = {"updated_before": "2026-05-01T12:30:00Z"}
    earlier = driver.json("GET", "/backends/ibm_b/properties", query=query)["last_update_date"]
    assert earlier == "2026-05-01T12:00:00+00:00"


def test_defaults_are_a_literal_null() -> None:
    assert Driver().ask("GET", "/backends/ibm_a/defaults").body == b"null"


@pytest.mark.parametrize("document", ["status", "configuration", "properties", "defaults"])
def test_an_unknown_backend_is_a_terse_404(document: str) -> None:
    reply = Driver().ask("GET", f"/backends/ibm_z/{document}")
    assert problem(reply) == (404, "not_found")
    assert b"device not found" in reply.body
    assert b"ibm_z" not in reply.body


@pytest.mark.parametrize(
    ("standing", "state", "word"),
    [("online", True, "active"), ("paused", True, "internal"), ("offline", False, "maintenance")],
)
def test_the_status_says_how_a_backend_stands(standing: str, state: bool, word: str) -> None:
    driver = Driver()
    driver.control("POST", "backends", {"ibm_a": {"name": standing, "reason": "said"}})
    status = driver.json("GET", "/backends/ibm_a/status")
    assert (status["state"], status["status"], status["message"]) == (state, word, "said")


def test_a_paused_backend_says_so_and_starts_nothing_until_it_is_online() -> None:
    driver = Driver()
    job_id = driver.submit()
    driver.simulate()
    driver.control("POST", "backends", {"ibm_a": {"name": "paused", "reason": "calibration"}})
    driver.now += 100.0
    assert driver.status(job_id) == "Queued"
    assert driver.json("GET", "/backends/ibm_a/status")["status"] == "internal"
    assert driver.json("GET", "/backends")["devices"][0]["status"] == {
        "name": "paused",
        "reason": "calibration",
    }
    driver.control("POST", "backends", {"ibm_a": {"name": "online"}})
    assert driver.status(job_id) == "Running"
    driver.now += 4.0
    assert driver.status(job_id) == "Completed"
