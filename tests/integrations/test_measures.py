"""Metrics of a service, as OpenTelemetry's own SDK collects them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import qrt_async as qrt
from tests.ground import BACKEND, BODY, QASM, ground
from tests.integrations.laboratory import Lab, counts

virtual = pytest.mark.virtual_clock


def method_and_template(point: Any) -> tuple[str, str]:
    return point.attributes["http.request.method"], point.attributes["url.template"]


@virtual
async def test_requests_permits_looks_jobs_and_bytes_are_measured(lab: Lab) -> None:
    async with ground(observers=[lab.telemetry], rate_limit=qrt.RateLimit(2, per=30.0)) as here:
        await asyncio.gather(*[counts(await here.run()) for _ in range(3)])
        asked = await here.requests()
        address = here.emulator.url.removeprefix("http://").partition(":")
    every = lab.points("http.client.request.duration")
    assert sum(point.count for point in every) == sum(asked.values())
    (posts,) = (point for point in every if method_and_template(point) == ("POST", "/jobs"))
    assert dict(posts.attributes) == {
        "http.request.method": "POST",
        "url.template": "/jobs",
        "server.address": address[0],
        "server.port": int(address[2]),
        "http.response.status_code": 200,
    }
    assert posts.count == 3
    (sent,) = (
        point for point in lab.points("http.client.request.body.size") if point.attributes == posts.attributes
    )
    assert sent.sum > 3 * len(QASM)
    (waits,) = lab.points("qrt.permit.wait.duration")
    assert (waits.count, waits.max) == (3, pytest.approx(30.25, abs=1))
    (looks,) = lab.points("qrt.looks")
    assert looks.value >= 3
    assert dict(looks.attributes) == {"qrt.look.outcome": "answered"}
    (jobs,) = lab.points("qrt.jobs")
    assert jobs.value == 3
    assert dict(jobs.attributes) == {
        "qrt.backend": BACKEND,
        "qrt.program.id": "sampler",
        "qrt.job.status": "Completed",
    }
    (results,) = lab.points("qrt.result.size")
    assert (results.count, results.sum) == (3, 3 * len(BODY))
    (queues,) = lab.points("qrt.job.queue.duration")
    (runs,) = lab.points("qrt.job.run.duration")
    assert (queues.sum, runs.sum) == (pytest.approx(30.0, abs=0.1), pytest.approx(12.0, abs=0.1))
    (usage,) = lab.points("qrt.job.usage")
    assert usage.value == 6


@virtual
async def test_refusals_are_counted_and_failed_looks_too(lab: Lab) -> None:
    async with ground(observers=[lab.telemetry], rate_limit=None, config={"rate_limit": (1, 60.0)}) as here:
        jobs = [await here.run() for _ in range(2)]
        await here.fault(method="GET", path="/v1/jobs/{id}", kind="status", status=503, times=2)
        await asyncio.gather(*jobs)
    (refusals,) = lab.points("qrt.refusals")
    assert refusals.value >= 1
    assert dict(refusals.attributes) == {"http.response.status_code": 429}
    failed = [point for point in lab.points("qrt.looks") if point.attributes["qrt.look.outcome"] == "failed"]
    assert failed[0].value >= 1
