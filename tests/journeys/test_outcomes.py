"""Everything that can go wrong has an outcome of its own, in the service's own words: one table.

Each row runs at the documented API date and at the newest one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async import errors
from qrt_async.emulator import Emulator, EmulatorConfig, Key
from tests.ground import BACKEND, QASM, Sampled

pytestmark = pytest.mark.virtual_clock

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:inst0::"
FOREIGN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:inst9::"
REGION = "crn:v1:bluemix:public:quantum-computing:eu-de:a/acc0:inst0::"
READS = frozenset({"quantum-computing.job.read"})
WRITES = frozenset({"quantum-computing.job.create"})

Act = Callable[[qrt.RuntimeService], Awaitable[Any]]


async def run(service: qrt.RuntimeService, *tags: str, backend: str = BACKEND) -> qrt.AsyncJob[Any]:
    return await service.run(qrt.Sampler([QASM], shots=3), backend=backend, tags=tags)


async def awaited(service: qrt.RuntimeService, *tags: str) -> Any:
    return await (await run(service, *tags))


async def read_metrics_of_own(service: qrt.RuntimeService) -> Any:
    return await (await run(service)).metrics()


async def cancel_twice(service: qrt.RuntimeService) -> Any:
    job = await run(service)
    await service.jobs.cancel(job.id)
    await service.jobs.cancel(job.id)


async def delete_unfinished(service: qrt.RuntimeService) -> Any:
    await (await run(service)).delete()


TABLE: list[tuple[str, dict[str, str], Act, type[Exception], dict[str, Any], str]] = [
    (
        "wrong key",
        {"token": "mistyped"},
        run,
        errors.NotAuthorized,
        {"status": 400, "code": "BXNIM0415E", "path": "/identity/token", "submitted": "no", "retry": "never"},
        "API key",
    ),
    (
        "key without the right to submit",
        {"token": "reader"},
        run,
        errors.NotAuthorized,
        {"status": 403, "code": 1200, "action": "quantum-computing.job.create", "submitted": "no"},
        "Access",
    ),
    (
        "key without the right to read",
        {"token": "writer"},
        read_metrics_of_own,
        errors.NotAuthorized,
        {"status": 403, "action": "quantum-computing.job.read", "method": "GET"},
        r"quantum-computing\.job\.read",
    ),
    ("foreign instance", {"instance": FOREIGN}, run, errors.NotAuthorized, {"status": 403, "code": 1200}, ""),
    (
        "instance of another region",
        {"instance": REGION},
        run,
        errors.NotFound,
        {"status": 404, "code": 1279},
        "inst0",
    ),
    (
        "unknown job",
        {},
        lambda service: service.jobs.get("d4if161vhnc73fl21ug0"),
        errors.NotFound,
        {"status": 404, "code": 1291, "method": "GET", "path": "/jobs/{id}"},
        "d4if161vhnc73fl21ug0.*Verify the job ID",
    ),
    (
        "unknown job, awaited",
        {},
        lambda service: service.job("d4if161vhnc73fl21ug0").result(),
        errors.NotFound,
        {"code": 1291},
        "d4if161vhnc73fl21ug0",
    ),
    (
        "unknown backend",
        {},
        lambda service: run(service, backend="ibm_nowhere"),
        errors.NotFound,
        {"status": 404, "code": 1216, "submitted": "no", "billed": "no"},
        "ibm_nowhere",
    ),
    (
        "unknown backend, asked for",
        {},
        lambda service: service.backends.status("ibm_nowhere"),
        errors.NotFound,
        {"status": 404, "path": "/backends/{name}/status"},
        "device not found",
    ),
    (
        "empty id",
        {},
        lambda service: service.jobs.get(""),
        errors.InvalidInput,
        {"submitted": "no"},
        "job id",
    ),
    (
        "cancelled job",
        {},
        lambda service: awaited(service, "emulate:cancelled"),
        qrt.JobCancelled,
        {"reason_code": None, "submitted": "yes"},
        "cancelled",
    ),
    (
        "failed job",
        {},
        lambda service: awaited(service, "emulate:fail=1517"),
        qrt.JobFailed,
        {"reason_code": 1517, "submitted": "yes", "billed": "unknown"},
        "1517",
    ),
    (
        "job that ran too long",
        {},
        lambda service: awaited(service, "emulate:ran-too-long"),
        qrt.JobRanTooLong,
        {"reason_code": 1305, "billed": "yes"},
        "Ran too long",
    ),
    ("cancelled twice", {}, cancel_twice, errors.Conflict, {"status": 409, "code": 1306}, "not cancellable"),
    (
        "deleted before its end",
        {},
        delete_unfinished,
        errors.Refused,
        {"status": 400, "code": 1337, "method": "DELETE"},
        "terminal",
    ),
]


@pytest.mark.parametrize("api_version", ["2026-02-15", "2026-04-15"])
@pytest.mark.parametrize(
    ("credentials", "act", "kind", "facts", "words"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
async def test_each_failure_has_its_own_outcome(
    credentials: dict[str, str],
    act: Act,
    kind: type[Exception],
    facts: dict[str, Any],
    words: str,
    api_version: str,
) -> None:
    keys = (Key(token="reader", user_id="r", actions=READS), Key(token="writer", user_id="w", actions=WRITES))
    config = EmulatorConfig(
        token="right", instance=CRN, keys=keys, rate_limit=None, backends=(BACKEND,), jitter=0.0, seed=1
    )
    async with Emulator(config, simulator=Sampled()) as emulator:
        who: dict[str, Any] = {"token": "right", "instance": CRN, **credentials}
        async with qrt.RuntimeService(url=emulator.url, api_version=api_version, **who) as service:
            with pytest.raises(kind, match=f"(?s){words}") as caught:
                await act(service)
    assert type(caught.value) is kind
    assert {name: getattr(caught.value, name) for name in facts} == facts
    assert not any(secret in str(caught.value) for secret in ("mistyped", "reader", "writer"))
