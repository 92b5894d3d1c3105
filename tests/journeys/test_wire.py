"""Whatever the emulator is asked, at each API date: its replies have the shapes that the wire's reference gives."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from qrt_async.emulator.config import Key
from tests.emulator import lab
from tests.emulator.driver import CRN, DONE, FAILED, KEY, Driver, config
from tests.journeys.wire import results
from tests.journeys.wire.judge import DATES, ENDPOINTS, NEW_USAGE, Exchange, endpoint, objections

WATCHER = {"program_id": "sampler", "backend": "ibm_a", "params": {"pubs": [["OPENQASM 3.0;"]]}}
NO_SESSION = "11111111-2222-4333-8444-555555555555"


class Asker:
    """Asks at one date, and lets the referee judge every reply."""

    def __init__(self, date: str, **fields: Any) -> None:
        self.driver = Driver(config(**fields))
        self.date = date
        self.seen: Counter[tuple[str, str, int]] = Counter()

    def __call__(self, method: str, path: str, value: Any = msgspec.UNSET, **options: Any) -> Any:
        """The decoded body of the reply; ``None`` where that is empty or no JSON."""
        headers = {"ibm-api-version": options.setdefault("date", self.date)}
        reply = self.driver.ask(method, path, value, **options)
        query = "&".join(f"{name}={text}" for name, text in dict(options.get("query", ())).items())
        exchange = Exchange(
            method=method,
            target=f"/api/v1{path}" + (f"?{query}" if query else ""),
            request_headers=headers,
            request_body="",
            status=reply.status,
            reply_headers=dict(reply.headers),
            reply_body=reply.body.decode(),
        )
        assert objections(exchange) == []
        found = endpoint(exchange)
        self.seen[method, found.path if found else path, reply.status] += 1
        is_json = exchange.kind == "application/json"
        return msgspec.json.decode(reply.body) if reply.body and is_json else None

    def submit(self, *tags: str, **fields: Any) -> str:
        return str(self("POST", "/jobs", WATCHER | ({"tags": list(tags)} if tags else {}) | fields)["id"])

    def look(self, job_id: str) -> None:
        """Everything that can be asked about a job."""
        for path in ("", "/metrics", "/results", "/logs"):
            self("GET", f"/jobs/{job_id}{path}")
        self("GET", f"/jobs/{job_id}", query={"exclude_params": "true"})
        for query in ({}, {"exclude_params": "false"}, {"limit": "1", "offset": "1"}, {"limit": "300"}):
            self("GET", "/jobs", query=query)


@pytest.fixture(params=DATES)
def ask(request: pytest.FixtureRequest) -> Asker:
    return Asker(request.param)


def test_jobs_have_their_shapes_in_every_state(ask: Asker) -> None:
    ids = [
        ask.submit(),
        ask.submit("one", "two", private=True, cost=99, calibration_id="c1", runtime="rt:tag"),
    ]
    ids += [ask.submit(tag) for tag in ("emulate:fail=1517", "emulate:ran-too-long", "emulate:cancelled")]
    ids += [ask.submit("emulate:never"), ask.submit("emulate:run=3")]
    ask.driver.simulate()
    for passed in (0.0, 11.0, 4.0, 10.0):
        ask.driver.now += passed
        for job_id in ids:
            ask.look(job_id)
    ask("PUT", f"/jobs/{ids[0]}/tags", {"tags": ["three"]})
    ask("POST", f"/jobs/{ids[5]}/cancel")
    ask("POST", f"/jobs/{ids[0]}/cancel")
    ask("DELETE", f"/jobs/{ask.submit('emulate:never')}")
    ask("DELETE", f"/jobs/{ids[0]}")
    ask.look(ids[0])
    ask.look(ids[5])
    assert ask.seen["POST", "/v1/jobs/{id}/cancel", 204] == ask.seen["POST", "/v1/jobs/{id}/cancel", 409] == 1
    assert ask.seen["DELETE", "/v1/jobs/{id}", 204] == ask.seen["DELETE", "/v1/jobs/{id}", 400] == 1
    assert ask.seen["GET", "/v1/jobs/{id}/results", 204]
    assert ask.seen["GET", "/v1/jobs/{id}/logs", 404]


def test_a_program_that_fails_says_why_at_every_date(ask: Asker) -> None:
    job_id = ask.submit()
    ask.driver.simulate(FAILED)
    ask.driver.now += 14.0
    ask.look(job_id)
    assert ask("GET", f"/jobs/{job_id}")["state"]["reason_code"] == 1517


def test_usage_changes_its_shape_between_dates(ask: Asker) -> None:
    job_id = ask.submit()
    ask.driver.simulate(DONE)
    ask.driver.now += 14.0
    metrics = ask("GET", f"/jobs/{job_id}/metrics")
    assert ("bss" in metrics) is (ask.date < NEW_USAGE)
    assert ("usage" in ask("GET", f"/jobs/{job_id}")) is (ask.date >= NEW_USAGE)


def test_sessions_have_their_shapes_in_every_state(ask: Asker) -> None:
    for mode in ("batch", "dedicated"):
        session = ask(
            "POST", "/sessions", {"mode": mode, "backend": "ibm_a", "max_ttl": 600, "instance": CRN}
        )["id"]
        ask("GET", f"/sessions/{session}")
        job_id = ask.submit("emulate:run=5", session_id=session)
        for passed in (11.0, 5.0, 61.0):
            ask.driver.simulate()
            ask.driver.now += passed
            ask("GET", f"/sessions/{session}")
            ask.look(job_id)
        queued = ask.submit(session_id=session)
        ask("PATCH", f"/sessions/{session}", {"accepting_jobs": False})
        ask("DELETE", f"/sessions/{session}/close")
        ask("GET", f"/sessions/{session}")
        assert ask("GET", f"/jobs/{queued}")["state"]["reason_code"] == 1217
        ask("POST", "/jobs", WATCHER | {"session_id": session})
    ask("POST", "/sessions", {"mode": "nonsense"})
    ask("GET", f"/sessions/{NO_SESSION}")
    assert ask.seen["POST", "/v1/sessions", 500] == ask.seen["GET", "/v1/sessions/{id}", 404] == 1
    assert ask.seen["POST", "/v1/jobs", 400] == 2


def test_everything_else_has_its_shape(ask: Asker) -> None:
    ask.submit("tagged")
    for name in ("status", "configuration", "properties", "defaults"):
        for backend in ("ibm_a", "ibm_none"):
            ask("GET", f"/backends/{backend}/{name}")
    ask("GET", "/backends")
    ask("GET", "/backends", query={"fields": "wait_time_seconds"})
    for query in ({}, {"limit": "1"}, {"sort": "-createdAt", "mode": "job"}):
        ask("GET", "/workloads", query=query)
    for query in ({"search": "tag"}, {"search": "t"}):
        ask("GET", "/tags", query=query)
    for path in ("/instance", "/instances/usage", "/instances/configuration", "/versions", "/accounts/acc0"):
        ask("GET", path)
    ask("PUT", "/instances/configuration", {"instance_limit": 1.0})
    for path in ("/instance", "/instances/usage", "/instances/configuration", "/accounts/none", "/nowhere"):
        ask("GET", path)


def test_refusals_have_their_shape(ask: Asker) -> None:
    wrong: list[dict[str, Any]] = [
        {"tags": ["t"] * 9},
        {"cost": -1},
        {"backend": "none"},
        {"program_id": "none"},
    ]
    bodies: list[Any] = [{}, []]
    for body in (*bodies, *(WATCHER | more for more in [*wrong, {"log_level": "loud"}, {"new": 1}])):
        ask("POST", "/jobs", body)
    ask("GET", "/jobs", query={"sort": "UP"})
    ask("GET", "/jobs", date="2020-01-01")
    ask("GET", "/jobs", crn="crn:v1:x")
    assert ask.seen["POST", "/v1/jobs", 200] == 0
    limited = Asker(ask.date, rate_limit=(1, 60.0), pending_cap=1, usage_limit=1.0)
    for _ in range(2):
        limited.submit() if not limited.seen else limited("POST", "/jobs", WATCHER)
    capped = Asker(
        ask.date, pending_cap=1, keys=(Key(token="none", user_id="IBMid-0000000001", actions=frozenset()),)
    )
    capped.submit()
    capped("POST", "/jobs", WATCHER)
    capped("POST", "/jobs", WATCHER, key="none")
    assert limited.seen["POST", "/v1/jobs", 429] == 1
    assert capped.seen["POST", "/v1/jobs", 400] == capped.seen["POST", "/v1/jobs", 403] == 1


def test_every_endpoint_is_judged() -> None:
    """Those that the tests above ask: none that the reference names is left out."""
    asked = Asker(DATES[-1])
    for test in (test_jobs_have_their_shapes_in_every_state, test_sessions_have_their_shapes_in_every_state,
                 test_everything_else_has_its_shape):  # fmt: skip
        test(asked)
    judged = {(method, path) for method, path, _ in asked.seen}
    assert {(one.method, one.path) for one in ENDPOINTS} - judged == {("POST", "/identity/token")}


def test_iam_has_its_shapes() -> None:
    driver = Driver(config(token=KEY))
    for key, status in ((KEY, 200), ("wrong", 400), ("", 400)):
        reply = driver.exchange(key)
        exchange = Exchange(
            method="POST", target="/identity/token", request_headers={}, request_body="", status=reply.status,
            reply_headers=dict(reply.headers), reply_body=reply.body.decode(),
        )  # fmt: skip
        assert (reply.status, objections(exchange)) == (status, [])


def test_plain_results_have_their_shapes() -> None:
    sampled = lab.run([[lab.BELL, None, 20], [lab.ROTATION, [0.3], 10]])
    assert len(msgspec.json.decode(sampled.body, type=results.SamplerResult).results) == 2
    rotation = 'OPENQASM 3.0; include "stdgates.inc"; input float[64] theta; qubit q; ry(theta) q;'
    estimated = lab.run([[rotation, "Z", [0.3]], [rotation, ["Z", "X"], [[0.1], [0.2]]]], program="estimator")
    assert len(msgspec.json.decode(estimated.body, type=results.EstimatorResult).results) == 2


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"reply_body": '{"count":0,"limit":200,"offset":0,"jobs":[],"next":1}'}, "unknown field"),
        ({"reply_body": '{"limit":200,"offset":0,"jobs":[]}'}, "missing required field"),
        ({"reply_body": '{"count":7,"limit":200,"offset":0,"jobs":[]}'}, "0 jobs on a page that has 7"),
        ({"status": 201}, "not documented"),
        ({"status": 204}, "not documented"),
        ({"status": 404}, "unknown field"),
        ({"reply_headers": {"Content-Type": "text/plain"}}, "JSON as 'text/plain'"),
    ],
)
def test_the_referee_objects_to_what_is_wrong(change: dict[str, Any], word: str) -> None:
    right = Exchange(
        method="GET", target="/api/v1/jobs", request_headers={}, request_body="", status=200,
        reply_headers={"Content-Type": "application/json"},
        reply_body='{"count":0,"limit":200,"offset":0,"jobs":[]}',
    )  # fmt: skip
    assert objections(right) == []
    found = objections(msgspec.structs.replace(right, **change))
    assert len(found) == 1
    assert word in found[0]
