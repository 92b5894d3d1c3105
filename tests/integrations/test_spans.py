"""Spans of jobs, as OpenTelemetry's own SDK collects them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

import qrt_async as qrt
from qrt_async.errors import QrtError
from qrt_async.events import (
    Announcer,
    JobTimed,
    ResultRead,
    SubmissionBegun,
    SubmissionOver,
)
from qrt_async.integrations.telemetry import Telemetry
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, BODY, COUNTS, QASM, ground
from tests.integrations.laboratory import Lab, counts, facts, inside, seconds

SAMPLER = qrt.Sampler([QASM], shots=3)

virtual = pytest.mark.virtual_clock


@virtual
async def test_a_job_is_a_span_with_its_stations_inside_the_span_that_submitted_it(lab: Lab) -> None:
    async with ground(observers=[lab.telemetry]) as here:
        with lab.tracer.start_as_current_span("request of a user"):
            job = await here.run("a-tag")
        assert await counts(job) == COUNTS
    root, caller = lab.one("job sampler"), lab.one("request of a user")
    assert inside(root, caller)
    assert facts(root) == {
        "qrt.job.id": job.id,
        "qrt.backend": BACKEND,
        "qrt.program.id": "sampler",
        "qrt.job.status": "Completed",
        "qrt.job.usage": 2,
        "qrt.clock": "client",
    }
    assert root.status.status_code is trace.StatusCode.UNSET
    children = {name: lab.one(name) for name in ("submit", "queue", "run", "download")}
    assert all(inside(child, root) for child in children.values())
    assert seconds(children["queue"]) == pytest.approx(10.0, abs=0.01), "by the server's own timestamps"
    assert seconds(children["run"]) == pytest.approx(4.0, abs=0.01)
    clocks = {name: facts(child)["qrt.clock"] for name, child in children.items()}
    assert clocks == {"submit": "client", "queue": "server", "run": "server", "download": "client"}
    assert facts(children["download"])["qrt.result.size"] == len(BODY)


@virtual
async def test_the_wait_for_a_permit_is_part_of_submitting_also_from_a_submitter(lab: Lab) -> None:
    async with (
        ground(observers=[lab.telemetry], rate_limit=qrt.RateLimit(1, per=30.0)) as here,
        qrt.Submitter(here.service) as submitter,
    ):
        with lab.tracer.start_as_current_span("one"):
            first = submitter.submit(SAMPLER, backend=BACKEND)
        with lab.tracer.start_as_current_span("two"):
            second = submitter.submit(SAMPLER, backend=BACKEND)
        await asyncio.gather(first, second)
    roots = {facts(span)["qrt.job.id"]: span for span in lab.spans("job sampler")}
    one, two = roots[(await first.job()).id], roots[(await second.job()).id]
    assert inside(one, lab.one("one"))
    assert inside(two, lab.one("two")), "each in its own, though one task looks after both"
    waits = {span.parent.span_id: seconds(span) for span in lab.spans("submit") if span.parent is not None}
    assert one.context is not None
    assert two.context is not None
    assert waits[one.context.span_id] == pytest.approx(0.0, abs=1)
    assert waits[two.context.span_id] == pytest.approx(30.25, abs=1)


@virtual
async def test_a_job_of_another_program_begins_a_trace_that_is_linked_to_who_wants_it(lab: Lab) -> None:
    async with ground() as here:
        job = await here.run(watch=False)
        service = qrt.RuntimeService(url=here.emulator.url, spool=False, observers=[lab.telemetry])
        async with service:
            with lab.tracer.start_as_current_span("curious") as curious:
                await service.job(job.id)
    root = lab.one("job sampler")
    assert root.parent is None
    assert [link.context.span_id for link in root.links] == [curious.get_span_context().span_id]
    assert facts(root)["qrt.clock"] == "server"
    assert seconds(root) == pytest.approx(14.0, abs=0.01)
    assert lab.spans("submit") == []
    assert inside(lab.one("queue"), root)


@virtual
async def test_without_any_span_around_it_a_job_begins_a_trace_of_its_own(lab: Lab) -> None:
    async with ground(observers=[lab.telemetry]) as here:
        await (await here.run())
    root = lab.one("job sampler")
    assert root.parent is None
    assert not root.links


@virtual
async def test_what_a_later_process_takes_up_is_linked_and_not_a_child(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with ground(rate_limit=qrt.RateLimit(1, per=60.0)) as here:
        async with qrt.Submitter(here.service, journal=Journal(path, inline=True), leave="detach") as first:
            await first.submit(SAMPLER, backend=BACKEND).job()
            first.submit(SAMPLER, backend=BACKEND)
            await asyncio.sleep(1)
        service = qrt.RuntimeService(
            url=here.emulator.url,
            spool=False,
            observers=[lab.telemetry],
            rate_limit=qrt.RateLimit(1, per=60.0),
        )
        async with service, qrt.Submitter(service, journal=Journal(path, inline=True)) as second:
            with lab.tracer.start_as_current_span("recovering") as recovering:
                recovered = await second.recover()
                for submission in recovered.submissions:
                    await submission
    roots = lab.spans("job sampler")
    assert len(roots) == 2
    for root in roots:
        assert root.parent is None
        assert [link.context.span_id for link in root.links] == [recovering.get_span_context().span_id]


@virtual
@pytest.mark.parametrize("tag", ["emulate:fail=1517", "emulate:cancelled", "emulate:ran-too-long"])
async def test_how_a_job_went_wrong_is_told_in_a_word_and_a_number(lab: Lab, tag: str) -> None:
    async with ground(observers=[lab.telemetry]) as here:
        job = await here.run(tag)
        with pytest.raises(QrtError):
            await job
        assert job.record is not None
        reason, code = job.record.state.reason, job.record.state.code
    root = lab.one("job sampler")
    assert root.status.status_code is trace.StatusCode.ERROR
    assert facts(root)["error.type"] == facts(root)["qrt.job.status"]
    assert facts(root)["qrt.job.status"] == job.record.state.status_text
    assert facts(root).get("qrt.job.reason_code") == code
    assert reason is None or reason not in str([facts(span) for span in lab.exporter.get_finished_spans()])


@virtual
async def test_a_submission_that_became_no_job_is_a_span_with_its_error(lab: Lab) -> None:
    async with ground(observers=[lab.telemetry]) as here:
        await here.fault(method="POST", path="/v1/jobs", kind="status", status=400)
        with pytest.raises(qrt.errors.Refused):
            await here.run()
        async with qrt.Submitter(here.service) as submitter:
            with pytest.raises(qrt.errors.Refused):
                await submitter.submit(SAMPLER, backend=BACKEND)
    assert [facts(span)["error.type"] for span in lab.spans("job sampler")] == ["Refused"] * 2
    assert [facts(span)["error.type"] for span in lab.spans("submit")] == ["Refused"] * 2
    assert len(lab.telemetry._submissions) == len(lab.telemetry._jobs) == 0


@virtual
async def test_a_job_that_is_left_running_is_told_as_far_as_it_went(lab: Lab) -> None:
    async with ground(observers=[lab.telemetry]) as here:
        job = await here.run()
        await here.service.close()
        with pytest.raises(qrt.errors.ServiceClosed):
            await job
    root = lab.one("job sampler")
    assert "qrt.job.status" not in facts(root)
    assert inside(lab.one("submit"), root)
    assert lab.spans("run") == []


@virtual
async def test_a_service_that_is_left_at_once_still_asks_for_the_times_of_what_ended(lab: Lab) -> None:
    async with ground() as here:
        service = qrt.RuntimeService(url=here.emulator.url, spool=False, observers=[lab.telemetry])
        async with service:
            await (await service.run(SAMPLER, backend=BACKEND))
    assert seconds(lab.one("run")) == pytest.approx(4.0, abs=0.01)


@virtual
async def test_where_the_times_cannot_be_had_the_job_is_told_without_them(lab: Lab) -> None:
    async with ground(observers=[lab.telemetry], retry=qrt.RetryPolicy(tries=1)) as here:
        job = await here.run()
        await here.fault(method="GET", path="/v1/jobs/{id}/metrics", kind="status", status=500)
        assert await counts(job) == COUNTS
    assert facts(lab.one("job sampler"))["qrt.job.status"] == "Completed"
    assert lab.spans("queue") == lab.spans("run") == []


@virtual
async def test_a_second_handle_on_the_same_job_tells_nothing_twice(lab: Lab) -> None:
    async with ground(observers=[lab.telemetry]) as here:
        job_id = (await here.run()).id
        for _ in range(3):
            await here.service.job(job_id)
        assert len(lab.spans("job sampler")) == 1
        assert (await here.requests())["GET /v1/jobs/{id}/metrics"] <= 2


@virtual
async def test_one_serves_all_accounts_of_a_pool_and_each_job_has_its_own_caller(lab: Lab) -> None:
    async with (
        ground() as here,
        qrt.RuntimePool(1, wait=None, spool=False, rate_limit=None, observers=[lab.telemetry]) as pool,
    ):

        async def use(user: str) -> str:
            with lab.tracer.start_as_current_span(f"request of {user}"):
                async with pool.service(token=f"key-of-{user}", url=here.emulator.url) as service:
                    job = await service.run(SAMPLER, backend=BACKEND)
            await job
            return job.id

        users = ["ann", "bob", "cid"]
        ids = dict(zip(users, await asyncio.gather(*map(use, users)), strict=True))
    roots = {facts(span)["qrt.job.id"]: span for span in lab.spans("job sampler")}
    assert len(roots) == 3
    for user, job_id in ids.items():
        assert inside(roots[job_id], lab.one(f"request of {user}"))
    assert len(lab.spans("run")) == 3, "a service is not closed before it has asked for the times"


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
def test_clocks_that_differ_make_no_span_of_negative_length(lab: Lab, skew: float) -> None:
    told = Announcer([lab.telemetry])
    told(SubmissionBegun(key="k", backend="b", program_id="sampler"))
    told(SubmissionOver(key="k", seconds=0.0, job_id="j"))
    server = datetime.now(UTC) + timedelta(seconds=skew)
    told(
        JobTimed(
            job_id="j",
            status="Completed",
            heard=datetime.now(UTC),
            created=server,
            running=server - timedelta(seconds=5),  # and it was set back meanwhile
            finished=server - timedelta(seconds=7),
        )
    )
    told(ResultRead(job_id="j", seconds=1.0, size=5))
    spans = lab.exporter.get_finished_spans()
    assert {span.name for span in spans} == {"job sampler", "submit", "queue", "run", "download"}
    assert all(seconds(span) >= 0 for span in spans)
    assert lab.one("queue").start_time == round(server.timestamp() * 1e9), "as the server told it"
    (queue,) = lab.points("qrt.job.queue.duration")
    assert queue.sum == 0


def test_only_so_many_jobs_are_remembered() -> None:
    telemetry = Telemetry(tracer_provider=TracerProvider(), meter_provider=MeterProvider(), remember=3)
    for number in range(10):
        telemetry(SubmissionBegun(key=f"k{number}", backend="b", program_id="p"))
    for number in range(10):
        telemetry(SubmissionOver(key=f"k{number}", seconds=1.0, job_id=f"j{number}"))
    assert (len(telemetry._submissions), len(telemetry._jobs)) == (0, 3)
