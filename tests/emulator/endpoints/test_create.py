from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from tests.emulator.driver import BODY, OLD, PARAMS, Driver, config, problem

STORED = {
    "type": "ibmcloud_cos",
    "region": "us-east",
    "region_type": "regional",
    "bucket_crn": "crn:b",
    "object_name": "o",
}


def test_a_job_is_accepted_with_200_an_id_and_its_backend() -> None:
    reply = Driver().json("POST", "/jobs", BODY)
    assert set(reply) == {"id", "backend"}
    assert re.fullmatch("[0-9a-v]{20}", reply["id"])
    assert reply["backend"] == "ibm_a"


def test_the_reply_repeats_session_private_and_calibration_only_when_given() -> None:
    driver = Driver()
    session = driver.json("POST", "/sessions", {"mode": "batch", "backend": "ibm_a"})["id"]
    reply = driver.json(
        "POST", "/jobs", BODY | {"session_id": session, "private": True, "calibration_id": "c1"}
    )
    assert reply == {
        "id": reply["id"],
        "backend": "ibm_a",
        "session_id": session,
        "private": True,
        "calibration_id": "c1",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"program_id": 3},
        {"program_id": ""},
        {"backend": None},
        {"backend": ""},
        {"params": []},
        {"params": "text"},
        {"params": {}},
        {"params": {"pubs": "no list"}},
        {"params": PARAMS | {"shoots": 3}},
        {"tags": "one"},
        {"tags": [1]},
        {"log_level": "loud"},
        {"cost": -1},
        {"cost": 1.5},
        {"cost": "60"},
        {"session_id": "x" * 37},
        {"calibration_id": "x" * 101},
        {"private": "yes"},
        {"runtime": 1},
        {"remote_storage": {"job_params": STORED}},
        {"remote_storage": {"job_params": STORED, "results": STORED | {"region_type": "galactic"}}},
        {"start_session": True},
        {"session_time": 60},
        {"emulated": 1},
    ],
    ids=str,
)
def test_a_field_of_the_wrong_shape_is_400_with_1208(changed: dict[str, Any]) -> None:
    driver = Driver()
    assert problem(driver.ask("POST", "/jobs", BODY | changed)) == (400, 1208)
    assert driver.json("GET", "/jobs")["count"] == 0


@pytest.mark.parametrize("missing", ["program_id", "backend"])
def test_program_and_backend_are_required(missing: str) -> None:
    body = {name: value for name, value in BODY.items() if name != missing}
    reply = Driver().ask("POST", "/jobs", body)
    assert problem(reply) == (400, 1208)
    assert missing.encode() in reply.body


def test_an_empty_post_is_400_with_1208() -> None:
    reply = Driver().ask("POST", "/jobs")
    assert problem(reply) == (400, 1208)
    assert b"Request validation of body failed, because: " in reply.body


def test_all_fields_are_accepted_and_shown_again() -> None:
    driver = Driver()
    job_id = driver.submit(
        "a",
        runtime="rt:tag",
        log_level="DEBUG",
        cost=120,
        remote_storage={"job_params": STORED, "results": STORED},
    )
    shown = driver.job(job_id)
    assert (shown["runtime"], shown["cost"], shown["tags"]) == ("rt:tag", 120, ["a"])
    assert shown["remote_storage"] == {"job_params": STORED, "results": STORED}


def test_an_open_plan_has_no_calibrations_of_ones_own() -> None:
    asked = BODY | {"calibration_id": "mine"}
    assert problem(Driver(config(plan="open")).ask("POST", "/jobs", asked)) == (400, 1200)
    assert Driver().ask("POST", "/jobs", asked).status == 200


@pytest.mark.parametrize("level", ["critical", "ERROR", "Warning", "info", "DEBUG"])
def test_log_levels_are_taken_in_both_cases(level: str) -> None:
    assert Driver().ask("POST", "/jobs", BODY | {"log_level": level}).status == 200


@pytest.mark.parametrize(
    ("given", "plan", "kept"),
    [
        (None, "premium", 10800),
        (0, "premium", 10800),
        (60, "premium", 60),
        (99_999, "premium", 10800),
        (None, "open", 600),
        (900, "open", 600),
    ],
)
def test_cost_is_capped_by_the_plan_which_also_fills_it_in(given: int | None, plan: Any, kept: int) -> None:
    driver = Driver(config(plan=plan))
    fields: dict[str, Any] = {} if given is None else {"cost": given}
    job_id = driver.submit(**fields)
    assert driver.job(job_id)["cost"] == kept


def test_at_most_8_tags_of_86_code_points() -> None:
    driver = Driver()
    driver.submit(*[f"{number}" + "🐈" * 85 for number in range(8)])
    assert problem(driver.ask("POST", "/jobs", BODY | {"tags": ["t"] * 9})) == (400, 1204)
    assert problem(driver.ask("POST", "/jobs", BODY | {"tags": ["t" * 87]})) == (400, 1205)


def test_an_unknown_backend_is_404_with_1216_and_unknown_programs_are_refused() -> None:
    driver = Driver()
    assert problem(driver.ask("POST", "/jobs", BODY | {"backend": "ibm_z"})) == (404, 1216)
    assert problem(driver.ask("POST", "/jobs", BODY | {"program_id": "circuit-runner"})) == (400, 1213)
    assert problem(driver.ask("POST", "/jobs", BODY | {"program_id": "mine"})) == (404, "not_found")


def test_circuits_are_not_looked_at_when_a_job_is_accepted() -> None:
    params = {"pubs": ["this is not qasm", [None], 7], "shots": 10**12}
    assert Driver().ask("POST", "/jobs", BODY | {"params": params}).status == 200


@pytest.mark.parametrize(
    ("program", "params"),
    [
        ("sampler", PARAMS | {"options": {"default_shots": 9}, "shots": 3, "support_qiskit": True}),
        ("estimator", {"pubs": [], "resilience_level": 1, "precision": 0.1, "options": {}, "version": 2}),
        ("noise-learner", {"circuits": [], "options": {"support_qiskit": True}}),
        ("executor", {"schema_version": "v2.0", "quantum_program": {}}),
        ("calibrate", {"schema_version": "v0.1"}),
    ],
)
def test_every_program_has_params_of_its_own(program: str, params: Any) -> None:
    assert Driver().ask("POST", "/jobs", BODY | {"program_id": program, "params": params}).status == 200


def test_the_sixth_submission_of_a_minute_is_429_with_1202() -> None:
    driver = Driver(config(rate_limit=(5, 60.0)))
    for _ in range(5):
        driver.submit()
        driver.now += 1.0
    reply = driver.ask("POST", "/jobs", BODY)
    assert problem(reply) == (429, 1202)
    assert dict(reply.headers)["Retry-After"] == "55"
    assert driver.ask("POST", "/jobs", BODY, key="another user").status == 200
    driver.now += 55.0
    assert driver.ask("POST", "/jobs", BODY).status == 200


def test_a_submission_that_is_refused_for_its_body_counts_and_one_that_was_throttled_does_not() -> None:
    driver = Driver(config(rate_limit=(1, 60.0)))
    assert driver.ask("POST", "/jobs", {}).status == 400
    for _ in range(3):
        assert driver.ask("POST", "/jobs", BODY).status == 429
    driver.now += 60.0
    assert driver.ask("POST", "/jobs", BODY).status == 200


def test_pending_jobs_are_capped_with_3458_until_one_has_ended() -> None:
    driver = Driver(config(pending_cap=2))
    first = driver.submit()
    driver.submit()
    reply = driver.ask("POST", "/jobs", BODY)
    assert problem(reply) == (400, 3458)
    assert b"limit of 2 pending jobs" in reply.body
    driver.ask("POST", f"/jobs/{first}/cancel")
    assert driver.ask("POST", "/jobs", BODY).status == 200


def test_an_instance_without_usage_left_refuses_with_409() -> None:
    driver = Driver(config(usage_limit=3.0))
    driver.completed()
    assert driver.ask("POST", "/jobs", BODY).status == 409


def test_the_client_header_becomes_caller_and_qiskit_version_of_the_metrics() -> None:
    driver = Driver()
    headers = {
        "authorization": f"Bearer {driver.token()}",
        "service-crn": "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:inst0::",
        "x-qx-client-application": "qiskit-version-2/qiskit_ibm_runtime-0.51.0,qiskit-2.6.2*/mine~sampler.py",
        "parent-job-id": "the-parent",
    }
    reply = driver.raw("POST", "/api/v1/jobs", headers, msgspec.json.encode(BODY))
    job_id = msgspec.json.decode(reply.body)["id"]
    metrics = driver.json("GET", f"/jobs/{job_id}/metrics")
    assert (metrics["caller"], metrics["qiskit_version"]) == ("mine~sampler.py", "2.6.2")
    assert "caller" not in driver.json("GET", f"/jobs/{job_id}/metrics", date=OLD)
    assert driver.control("GET", "jobs")[0]["parent"] == "the-parent"


def test_no_job_enters_a_session_that_is_closed_or_unknown() -> None:
    driver = Driver()
    session = driver.json("POST", "/sessions", {"mode": "batch", "backend": "ibm_a"})["id"]
    driver.ask("PATCH", f"/sessions/{session}", {"accepting_jobs": False})
    assert problem(driver.ask("POST", "/jobs", BODY | {"session_id": session})) == (400, 1217)
    assert problem(driver.ask("POST", "/jobs", BODY | {"session_id": "unknown"}))[0] == 404
