from __future__ import annotations

from typing import Any

import msgspec
import pytest

from qrt_async.emulator.config import Key
from tests.emulator.driver import CRN, KEY, NEW, OTHER_CRN, Driver, config, problem

EU_CRN = CRN.replace("us-east", "eu-de")


def headers(driver: Driver, **changed: str | None) -> dict[str, str]:
    good = {
        "authorization": f"Bearer {driver.token()}",
        "service_crn": CRN,
        "ibm_api_version": NEW,
    }
    merged: dict[str, Any] = good | changed
    return {name.replace("_", "-"): value for name, value in merged.items() if value is not None}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, (200, None)),
        ({"ibm_api_version": None}, (200, None)),
        ({"authorization": f"apikey {KEY}"}, (200, None)),
        ({"authorization": None}, (401, 1201)),
        ({"authorization": "Bearer unknown"}, (401, 1201)),
        ({"service_crn": None}, (400, 1348)),
        ({"service_crn": "crn:x"}, (400, 1348)),
        ({"service_crn": CRN.removesuffix(":")}, (400, 1348)),
        ({"service_crn": CRN.replace("crn:v1", "crn:v2")}, (400, 1241)),
        ({"service_crn": CRN.replace(":inst0:", "::")}, (400, 1241)),
        ({"service_crn": CRN.replace("quantum-computing", "cloud-object-storage")}, (400, 1241)),
        ({"ibm_api_version": "2019-01-01"}, (400, "bad_request")),
        ({"ibm_api_version": "tomorrow"}, (400, "bad_request")),
    ],
)
def test_headers_are_enforced(changed: dict[str, str | None], expected: tuple[int, Any]) -> None:
    driver = Driver()
    reply = driver.raw("GET", "/api/v1/jobs", headers(driver, **changed))
    assert (reply.status, None if reply.status == 200 else problem(reply)[1]) == expected


def test_an_unknown_date_is_refused_without_naming_field_or_cause() -> None:
    driver = Driver()
    reply = driver.raw("GET", "/api/v1/jobs", headers(driver, ibm_api_version="2019-01-01"))
    assert b"2019" not in reply.body
    assert b"ersion" not in reply.body


@pytest.mark.parametrize("date", ["2025-01-01", "2025-06-01", "2026-02-15", "2026-03-15", "2026-04-15"])
def test_every_known_date_is_good(date: str) -> None:
    assert Driver().ask("GET", "/jobs", date=date).status == 200


def test_versions_need_no_authorization() -> None:
    assert Driver().raw("GET", "/api/v1/versions").status == 200


@pytest.mark.parametrize(
    ("crn", "expected"),
    [(CRN, 200), (OTHER_CRN, (403, 1200)), (EU_CRN, (404, 1279))],
    ids=["own", "other", "region"],
)
def test_with_an_instance_configured_only_its_crn_is_good(crn: str, expected: Any) -> None:
    reply = Driver(config(instance=CRN)).ask("GET", "/jobs", crn=crn)
    assert (reply.status if reply.status == 200 else problem(reply)) == expected
    if reply.status == 404:
        assert crn in msgspec.json.decode(reply.body)["errors"][0]["message"]


def test_a_key_without_the_action_is_403_with_1200_and_names_the_action() -> None:
    reader = Key(token="reader", user_id="IBMid-9", actions=frozenset({"quantum-computing.job.read"}))
    driver = Driver(config(token=KEY, keys=(reader,)))
    job_id = driver.submit()
    assert driver.ask("GET", f"/jobs/{job_id}", key="reader").status == 200
    for method, path in (
        ("POST", "/jobs"),
        ("POST", f"/jobs/{job_id}/cancel"),
        ("DELETE", f"/jobs/{job_id}"),
        ("PUT", f"/jobs/{job_id}/tags"),
    ):
        reply = driver.ask(method, path, {}, key="reader")
        assert problem(reply) == (403, 1200)
        assert b"quantum-computing.job." in reply.body
    assert driver.status(job_id) == "Queued"
