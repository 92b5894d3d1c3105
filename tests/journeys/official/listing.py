"""``jobs()`` of IBM's client with every filter, over more pages than one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from qiskit.circuit import QuantumCircuit
from qiskit_ibm_runtime import Batch, EstimatorV2, SamplerV2

from tests.journeys.official.ground import (
    CRN,
    HERON,
    IDEAL,
    check,
    connect,
    control,
    ended,
    flip,
    main,
    requests,
    result,
    run,
)

KEY, INSTANCE = "the key of a collector", CRN.replace("inst0", "collection")
own = connect(KEY, INSTANCE)
OLDER = 257
"""Jobs of the past, more than the server's page of 200 and many of the client's of 20."""
history: list[str] = control(
    "history", {"count": OLDER, "instance": INSTANCE, "key": KEY, "youngest": 3600, "tags": ["old"]}
)


def ids(**how: Any) -> list[str]:
    return [job.job_id() for job in own.jobs(**how)]


@check
def pages_are_walked_to_the_end() -> None:
    before = requests().get("GET /v1/jobs", 0)
    assert ids(limit=None) == history
    assert requests()["GET /v1/jobs"] - before == 13
    assert ids() == history[:10]
    assert ids(limit=33) == history[:33]
    assert ids(limit=None, skip=250) == history[250:]
    assert ids(limit=5, skip=3) == history[3:8]
    before = requests()["GET /v1/jobs"]
    assert ids(limit=300) == history  # out of range, so the service's 200 is used
    assert requests()["GET /v1/jobs"] - before == 2
    assert ids(limit=None, descending=False) == history[::-1]
    assert ids(limit=4, descending=False) == history[:-5:-1]


@check
def every_filter_selects() -> None:
    sampled = run("new", "both", by=own)
    ended(sampled)
    circuit = QuantumCircuit(1)
    estimated = EstimatorV2(own.backend(IDEAL), options={"environment": {"job_tags": ["new"]}}).run(
        [(circuit, "Z")]
    )
    ended(estimated)
    with Batch(backend=own.backend(HERON)) as batch:
        options = {"environment": {"job_tags": ["both"]}}
        batched = SamplerV2(batch, options=options).run([flip()], shots=5)
        result(batched)
    waiting = run("emulate:never", by=own)
    a, b, c, d = (job.job_id() for job in (sampled, estimated, batched, waiting))
    since = datetime.now(UTC) - timedelta(minutes=10)
    for wanted, how in (
        ([b, a], {"job_tags": ["new"]}),
        ([a], {"job_tags": ["new", "both"]}),
        ([c], {"backend_name": HERON}),
        ([b], {"program_id": "estimator"}),
        ([c], {"session_id": batch.session_id}),
        ([], {"session_id": "a session that is none"}),
        ([d], {"pending": True}),
        ([c, b, a], {"pending": False, "created_after": since}),
        ([d, c, b, a], {"created_after": since}),
        ([a, b, c, d], {"created_after": since, "descending": False}),
        (history, {"created_before": since}),
        ([], {"created_before": since, "pending": True}),
        ([d, c, b, a], {"instance": INSTANCE, "created_after": since, "include_mocks": True}),
        ([a], {"program_id": "sampler", "backend_name": IDEAL, "pending": False, "created_after": since}),
    ):
        assert ids(limit=None, **how) == wanted, how
    waiting.cancel()


@check
def dates_are_inclusive_and_may_be_local_time() -> None:
    job = run("dated", by=own)
    created = own.job(job.job_id()).creation_date
    assert created.tzinfo is not None
    for moment in (created, created.astimezone(UTC)):
        assert ids(job_tags=["dated"], created_after=moment, created_before=moment) == [job.job_id()]
    assert ids(job_tags=["dated"], created_after=created + timedelta(microseconds=1)) == []


@check
def what_is_listed_has_all_that_the_client_reads() -> None:
    job = run("all of it", by=own)
    ended(job)
    found = own.jobs(job_tags=["all of it"])[0]
    assert found.backend().name == IDEAL
    assert found.creation_date is not None
    assert found.primitive_id == "sampler"
    assert str(found.status()) == "DONE"
    assert result(found)[0].data.meas.num_shots == 100
    assert own.jobs(job_tags=["old"], limit=1)[0].tags == ["old"]
    assert str(own.jobs(job_tags=["old"], limit=1)[0].status()) == "CANCELLED"


@check
def a_listing_that_lags_shows_a_job_late() -> None:
    control("config", {"listing_lag": 1.0})
    try:
        job = run("late", by=own)
        assert ids(job_tags=["late"]) == []
        assert own.job(job.job_id()).job_id() == job.job_id()
        deadline = time.monotonic() + 10
        while not ids(job_tags=["late"]):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        control("config", {"listing_lag": 0.0})


@check
def workloads_are_walked_by_their_cursors() -> None:
    found: list[str] = []
    after: str | None = None
    while True:
        page = own._active_api_client._api.workloads_get(
            user="me", sort="-createdAt", limit=50, tags=["old"], next=after
        )
        found += [row["id"] for row in page["workloads"]]
        assert page["total_count"] == OLDER
        if "next" not in page:
            break
        after = page["next"]["href"].rpartition("next=")[2].replace("%3D", "=")
    assert found == history
    kinds = own._active_api_client._api.workloads_get(user="me", mode="batch")["workloads"]
    assert [row["mode"] for row in kinds] == ["batch"]
    canceled = own._active_api_client._api.workloads_get(status=["canceled"], limit=50)
    assert canceled["total_count"] >= OLDER


if __name__ == "__main__":
    main()
