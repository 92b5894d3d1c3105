"""Drives the pure machine with plain numbers as time, and simulators that need no Qiskit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from qrt_async.emulator.config import EmulatorConfig
from qrt_async.emulator.machine import Machine
from qrt_async.emulator.wire import Reply, Request
from qrt_async.emulator.work import Outcome, Work

START = 1_780_000_000.0
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:inst0::"
OTHER_CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:inst1::"
KEY = "the-key-of-a-test"
OLD, MIDDLE, NEW = "2026-02-15", "2026-03-15", "2026-04-15"
GRANT = "urn:ibm:params:oauth:grant-type:apikey"
RESULT = b'{"results":[{"data":{"c":{"samples":["0x0","0x3"],"num_bits":2}}}],"metadata":{"version":2}}'
DONE = Outcome(kind="completed", body=RESULT, quantum_seconds=3.0, circuits=1, qubits=(2,), depths=(4,))
FAILED = Outcome(
    kind="failed",
    body=b"Traceback (most recent call last):\nValueError: no gate\n",
    quantum_seconds=2.0,
    reason="The instruction h on qubits (0,) is not supported by the target system.",
    reason_code=1517,
    reason_solution="Transpile the circuits for the target.",
)
PARAMS = {"pubs": [["OPENQASM 3.0;", None, 2]], "version": 2}
BODY = {"program_id": "sampler", "backend": "ibm_a", "params": PARAMS}
EXACT = EmulatorConfig(
    queue_seconds=10.0, run_seconds=4.0, jitter=0.0, rate_limit=None, seed=7, backends=("ibm_a:5", "ibm_b:7")
)


def config(**fields: Any) -> EmulatorConfig:
    """Times that are exact and no limits, unless said otherwise."""
    return msgspec.structs.replace(EXACT, **fields)


class Driver:
    """One machine and its clock. Each request is made at ``now``; work is done when ``simulate`` is called."""

    def __init__(self, settings: EmulatorConfig = EXACT, *, run: bytes = bytes(range(16))) -> None:
        self.now = START
        self.machine = Machine(settings, run=run, now=START)
        self.ordered: dict[str, Work] = {}
        self.stopped: list[str] = []
        self.tokens: dict[str, str] = {}

    def raw(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """A request just as given."""
        request = Request(method=method, target=target, headers=headers or {}, body=body)
        reply = self.machine.handle(request, self.now)
        orders = self.machine.take_orders()
        self.ordered |= dict(orders.start)
        self.stopped += orders.stop
        return reply

    def ask(
        self,
        method: str,
        path: str,
        value: Any = msgspec.UNSET,
        *,
        key: str = KEY,
        date: str = NEW,
        crn: str = CRN,
        query: Any = (),
    ) -> Reply:
        """A request with good headers; ``value`` is its JSON body."""
        headers = {
            "authorization": f"Bearer {self.token(key)}",
            "service-crn": crn,
            "ibm-api-version": date,
        }
        target = f"/api/v1{path}" + (f"?{urlencode(query)}" if query else "")
        body = b"" if value is msgspec.UNSET else msgspec.json.encode(value)
        return self.raw(method, target, headers, body)

    def json(self, method: str, path: str, value: Any = msgspec.UNSET, **options: Any) -> Any:
        """The same, and the body of the 200 that it is answered with."""
        reply = self.ask(method, path, value, **options)
        assert reply.status == 200, reply
        return msgspec.json.decode(reply.body)

    def token(self, key: str = KEY) -> str:
        """A bearer token of that key; kept."""
        if key not in self.tokens:
            reply = self.exchange(key)
            self.tokens[key] = msgspec.json.decode(reply.body)["access_token"]
        return self.tokens[key]

    def exchange(self, key: str) -> Reply:
        return self.raw(
            "POST", "/identity/token", {}, urlencode({"grant_type": GRANT, "apikey": key}).encode()
        )

    def control(self, method: str, name: str, value: Any = msgspec.UNSET) -> Any:
        """A request to ``/_emulator/``; the decoded body, ``None`` for 204."""
        body = b"" if value is msgspec.UNSET else msgspec.json.encode(value)
        reply = self.raw(method, f"/_emulator/{name}", {}, body)
        assert reply.status in (200, 204), reply
        return msgspec.json.decode(reply.body) if reply.body else None

    def submit(self, *tags: str, options: Mapping[str, Any] | None = None, **fields: Any) -> str:
        """A job's id; its simulation is ordered, not done."""
        body = BODY | ({"tags": list(tags)} if tags else {}) | fields
        return str(self.json("POST", "/jobs", body, **(options or {}))["id"])

    def completed(self, *tags: str, outcome: Outcome = DONE, **fields: Any) -> str:
        """A job that has run to its end; the clock is there."""
        job_id = self.submit(*tags, **fields)
        self.simulate(outcome)
        self.now += 14.0
        return job_id

    def simulate(self, outcome: Outcome = DONE) -> None:
        """All that was ordered ends so, now."""
        for job_id in self.ordered:
            self.machine.finished(job_id, outcome, self.now)
        self.ordered = {}

    def job(self, job_id: str, **options: Any) -> Any:
        return self.json("GET", f"/jobs/{job_id}", **options)

    def status(self, job_id: str) -> str:
        return str(self.job(job_id)["state"]["status"])


def problem(reply: Reply) -> tuple[int, Any]:
    """The status and the error code of a refusal."""
    return reply.status, msgspec.json.decode(reply.body)["errors"][0]["code"]


class Instant:
    """A simulator whose outcome is there at once."""

    def __init__(self, outcome: Outcome = DONE) -> None:
        self.outcome = outcome
        self.works: list[Work] = []
        self.closed = False

    async def run(self, work: Work) -> Outcome:
        self.works.append(work)
        return self.outcome

    async def close(self) -> None:
        self.closed = True


class Endless(Instant):
    """A simulator that never finishes, and notes what was cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.cancelled = 0

    async def run(self, work: Work) -> Outcome:
        self.works.append(work)
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled += 1
        return self.outcome


class Broken(Instant):
    """A simulator that raises."""

    async def run(self, work: Work) -> Outcome:
        raise RuntimeError("the worker died")
