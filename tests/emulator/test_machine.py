from __future__ import annotations

import uuid

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qrt_async.emulator.routes import ROUTES
from qrt_async.emulator.wire import Request
from tests.emulator.driver import BODY, CRN, DONE, KEY, NEW, Driver, config, problem


def test_a_path_without_an_id_shows_the_web_application() -> None:
    reply = Driver().raw("GET", "/api/v1/jobs/")
    assert (reply.status, dict(reply.headers)["Content-Type"]) == (200, "text/html")


def test_unknown_paths_and_methods_are_refused_as_json() -> None:
    assert problem(Driver().raw("GET", "/api/v1/nothing")) == (404, "not_found")
    assert problem(Driver().raw("DELETE", "/api/v1/jobs")) == (405, "method_not_allowed")


def test_an_unencoded_id_is_a_path_and_an_encoded_one_an_id() -> None:
    driver = Driver()
    assert "devices" in driver.json("GET", "/jobs/../backends")
    assert problem(driver.ask("GET", "/jobs/%2E%2E%2Fbackends")) == (404, 1291)


def test_every_refusal_has_a_trace_of_its_own() -> None:
    driver = Driver()
    traces = {msgspec.json.decode(driver.ask("GET", "/jobs/x").body)["trace"] for _ in range(3)}
    assert len(traces) == 3
    assert all(uuid.UUID(trace).version == 4 for trace in traces)


def test_a_body_above_the_ceiling_is_a_413_page_before_anybody_looks_at_it() -> None:
    driver = Driver(config(payload_ceiling=100))
    reply = driver.raw("POST", "/api/v1/jobs", {}, b"x" * 101)
    assert (reply.status, dict(reply.headers)["Content-Type"]) == (413, "text/html")
    unread = driver.machine.handle(
        Request(method="POST", target="/api/v1/jobs", headers={}, oversize=True), driver.now
    )
    assert unread.status == 413


def test_the_same_seed_draws_the_same_times_and_another_seed_others() -> None:
    def starts(seed: int) -> list[float]:
        driver = Driver(config(seed=seed, jitter=0.5))
        for number in range(5):
            driver.ask("GET", f"/jobs/{number}")
            driver.submit()
        return [job.starts for job in driver.machine.books.ledger.all()]

    assert starts(1) == starts(1)
    assert starts(1) != starts(2)
    assert len(set(starts(1))) == 5


def test_a_day_of_queueing_passes_in_one_step_with_exact_times() -> None:
    driver = Driver(config(queue_seconds=86_400.0))
    jobs = [driver.submit() for _ in range(50)]
    driver.simulate()
    driver.now += 200_000.0
    driver.tokens.clear()
    assert {driver.status(job_id) for job_id in jobs} == {"Completed"}
    entry = driver.control("GET", "jobs")[0]
    assert (entry["running"] - entry["created"], entry["finished"] - entry["running"]) == (86_400.0, 4.0)


def test_orders_are_handed_out_once_with_the_params_as_posted() -> None:
    driver = Driver()
    job_id = driver.submit()
    work = driver.ordered[job_id]
    assert (work.program_id, work.backend, work.seed) == ("sampler", "ibm_a:5", 7)
    assert msgspec.json.decode(work.params) == BODY["params"]
    assert driver.machine.take_orders().start == ()


def test_a_job_that_is_cancelled_takes_its_simulation_back() -> None:
    driver = Driver()
    job_id = driver.submit()
    driver.ask("POST", f"/jobs/{job_id}/cancel")
    assert driver.stopped == [job_id]


def test_a_wished_end_orders_no_simulation() -> None:
    driver = Driver()
    driver.submit("emulate:fail")
    assert driver.ordered == {}


def test_auditing_events_follow_the_documented_table() -> None:
    driver = Driver()
    job_id = driver.completed()
    for method, path in (
        ("GET", f"/jobs/{job_id}/results"),
        ("PUT", f"/jobs/{job_id}/tags"),
        ("POST", f"/jobs/{job_id}/cancel"),
        ("DELETE", f"/jobs/{job_id}"),
        ("GET", "/backends"),
    ):
        driver.ask(method, path, {"tags": []})
    events = [
        (entry["action"].rpartition(".")[2], entry["job"], entry["outcome"])
        for entry in driver.control("GET", "audit")
    ]
    assert events == [
        ("create", job_id, "success"),
        ("read", job_id, "success"),
        ("update", job_id, "success"),
        ("cancel", job_id, "failure"),
        ("delete", job_id, "success"),
    ]


def test_a_500_on_cancel_can_hide_that_it_worked() -> None:
    driver = Driver()
    job_id = driver.submit()
    rule = {"kind": "status", "method": "POST", "path": "/v1/jobs/{id}/cancel", "when": "after", "times": 1}
    driver.control("POST", "faults", [rule])
    assert problem(driver.ask("POST", f"/jobs/{job_id}/cancel"))[0] == 500
    assert driver.status(job_id) == "Cancelled"
    assert problem(driver.ask("POST", f"/jobs/{job_id}/cancel")) == (409, 1306)


def test_a_fault_before_the_handler_leaves_everything_as_it_was() -> None:
    driver = Driver()
    driver.token()
    for rule in ({"kind": "status", "status": 503}, {"kind": "cut"}):
        driver.control("POST", "faults", [rule | {"path": "/v1/jobs"}])
        assert driver.ask("POST", "/jobs", BODY).status in (503, 0)
    driver.control("POST", "faults", [])
    assert driver.json("GET", "/jobs")["count"] == 0


def test_expired_tokens_make_this_very_request_a_401() -> None:
    driver = Driver()
    driver.token()
    driver.control("POST", "faults", [{"kind": "expire-tokens", "nth": 1}])
    assert problem(driver.ask("GET", "/jobs")) == (401, 1201)
    driver.tokens.clear()
    assert driver.ask("GET", "/jobs").status == 200


def test_a_delay_is_left_to_the_mounting_and_the_request_is_answered_when_it_ends() -> None:
    driver = Driver()
    driver.token()
    driver.control("POST", "faults", [{"kind": "delay", "seconds": 30.0}])
    request = Request(method="GET", target="/api/v1/versions", headers={})
    visit = driver.machine.receive(request)
    assert visit.hold == 30.0
    assert driver.machine.answer(visit, driver.now + 30.0).status == 200


def test_two_machines_never_draw_the_same_id() -> None:
    first, second = (Driver(run=bytes([number]) * 16) for number in (1, 2))
    assert first.submit() != second.submit()


PARTS = [part for route in ROUTES for part in route.template.split("/")[1:]]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.dictionaries(
    st.sampled_from(
        ["program_id", "backend", "params", "tags", "cost", "private", "session_id", "mode", "max_ttl"]
    ),
    JSON | st.sampled_from(["sampler", "ibm_a", "batch"]),
)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    route=st.sampled_from(ROUTES),
    name=st.text(max_size=5),
    query=st.text(max_size=20),
    body=st.binary(max_size=50) | FIELDS.map(lambda value: msgspec.json.encode(value)),
)
@settings(max_examples=300, deadline=None)
def test_whatever_comes_in_is_answered_and_never_by_a_crash(
    method: str, route: object, name: str, query: str, body: bytes
) -> None:
    driver = Driver()
    template = route.template  # type: ignore[attr-defined]  # any route will do
    target = f"/api{template}".replace("{id}", name).replace("{name}", name)
    headers = {"authorization": f"apikey {KEY}", "service-crn": CRN, "ibm-api-version": NEW}
    reply = driver.raw(method, f"{target}?{query}", headers, body)
    assert reply.status in (200, 204, 400, 401, 403, 404, 405, 409, 500)


@pytest.mark.parametrize("kind", ["[" * 100_000, '{"a":' * 100_000])
def test_a_body_nested_without_end_is_a_400(kind: str) -> None:
    driver = Driver()
    body = b'{"program_id":"sampler","backend":"ibm_a","params":' + kind.encode()
    headers = {"authorization": f"apikey {KEY}", "service-crn": CRN}
    assert problem(driver.raw("POST", "/api/v1/jobs", headers, body)) == (400, 1208)


def test_a_simulation_that_comes_too_late_changes_nothing() -> None:
    driver = Driver()
    job_id = driver.submit()
    driver.ask("POST", f"/jobs/{job_id}/cancel")
    driver.machine.finished(job_id, DONE, driver.now)
    driver.machine.finished("unknown", DONE, driver.now)
    assert driver.status(job_id) == "Cancelled"
