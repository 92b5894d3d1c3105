"""Spans and metrics of jobs, as OpenTelemetry's own SDK collects them; and nothing of it for those who do not ask."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import qrt_async as qrt
from qrt_async.errors import QrtError
from qrt_async.events import (
    Announcer,
    Detail,
    Event,
    JobTimed,
    ResultRead,
    SubmissionBegun,
    SubmissionOver,
    wanted,
)
from qrt_async.integrations.telemetry import Telemetry
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, BODY, COUNTS, QASM, ground

virtual = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)


class Lab:
    """A Telemetry, and what the SDK got of it."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])
        self.telemetry = Telemetry(tracer_provider=self.tracers, meter_provider=self.meters)
        self.tracer = self.tracers.get_tracer("the application")

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.spans(name)
        return span

    def points(self, name: str) -> list[Any]:
        data = self.reader.get_metrics_data()
        assert data is not None
        found = [
            metric
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
        ]
        return [point for metric in found for point in metric.data.data_points]


@pytest.fixture
def lab() -> Iterator[Lab]:
    made = Lab()
    yield made
    made.tracers.shutdown()
    made.meters.shutdown()


def seconds(span: ReadableSpan) -> float:
    assert span.end_time is not None
    assert span.start_time is not None
    return (span.end_time - span.start_time) / 1e9


def facts(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def inside(child: ReadableSpan, parent: ReadableSpan) -> bool:
    assert parent.context is not None
    return child.parent is not None and child.parent.span_id == parent.context.span_id


async def counts(job: qrt.AsyncJob[qrt.PrimitiveResult]) -> dict[str, int]:
    found: dict[str, int] = (await job)[0].data.bits("meas").get_counts()
    return found


# --- spans ------------------------------------------------------------------------------------------------


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


def method_and_template(point: Any) -> tuple[str, str]:
    return point.attributes["http.request.method"], point.attributes["url.template"]


# --- metrics ----------------------------------------------------------------------------------------------


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


# --- what is not told -------------------------------------------------------------------------------------


@virtual
async def test_no_secret_and_nothing_of_the_circuit_is_in_spans_or_metrics(lab: Lab) -> None:
    async with ground() as here:
        how: dict[str, Any] = {"token": "very-secret-key", "instance": here.service.account.instance}
        service = qrt.RuntimeService(url=here.emulator.url, spool=False, observers=[lab.telemetry], **how)
        async with service:
            job = await service.run(SAMPLER, backend=BACKEND, tags=["tag-of-a-user"])
            await job
            bad = await service.run(SAMPLER, backend=BACKEND, tags=["emulate:fail"])
            with pytest.raises(qrt.JobFailed):
                await bad
    data = lab.reader.get_metrics_data()
    assert data is not None
    shown = data.to_json()
    shown += "".join(span.to_json() for span in lab.exporter.get_finished_spans())
    assert job.id in shown
    for hidden in (
        "very-secret-key",
        "eyJ",
        "OPENQASM",
        "stdgates",
        "measure",
        "tag-of-a-user",
        "qrt:",
        "crn:",
    ):
        assert hidden not in shown, hidden


@virtual
async def test_without_it_nothing_is_made_and_nothing_is_asked() -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here:
        assert await counts(await here.run()) == COUNTS
        plain = await here.requests()
    assert heard
    assert [event for event in heard if isinstance(event, Detail)] == []
    lab = Lab()
    async with ground(observers=[lab.telemetry, heard.append]) as here:
        assert await counts(await here.run()) == COUNTS
        told = await here.requests()
    assert [event for event in heard if isinstance(event, Detail)] == [], "told to those alone that want it"
    metrics = "GET /v1/jobs/{id}/metrics"
    assert told[metrics] == plain.get(metrics, 0) + 1
    looks = "GET /v1/jobs/{id}"  # these are drawn
    assert told | {metrics: 0, looks: 0} == plain | {metrics: 0, looks: 0}


def test_an_observer_without_wishes_makes_no_detail_wanted() -> None:
    kinds = list(Detail.__subclasses__())
    assert len(kinds) == 8
    assert not any(wanted(Announcer([print]), kind) for kind in kinds)
    assert not any(wanted(print, kind) for kind in kinds)
    assert all(wanted(Announcer([print, Telemetry()]), kind) for kind in kinds)


def test_importing_and_running_without_it_imports_no_opentelemetry(tmp_path: Path) -> None:
    program = """
        import asyncio, sys
        import qrt_async as qrt

        async def main():
            async with qrt.RuntimeService(url="http://127.0.0.1:9", retry=qrt.RetryPolicy(tries=1)) as service:
                try:
                    await service.jobs.list()
                except qrt.QrtError:
                    pass

        asyncio.run(main())
        print([name for name in sys.modules if "opentelemetry" in name or "integrations" in name])
    """
    script = [sys.executable, "-W", "error", "-c", textwrap.dedent(program)]
    root = str(Path(qrt.__file__).parent.parent)
    home = {"PYTHONPATH": root, "HOME": str(tmp_path)}
    done = subprocess.run(script, capture_output=True, text=True, check=False, env=home)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_without_the_extra_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['opentelemetry'] = None; import qrt_async.integrations.telemetry"
    root = str(Path(qrt.__file__).parent.parent)
    script = [sys.executable, "-c", program]
    done = subprocess.run(script, capture_output=True, text=True, check=False, env={"PYTHONPATH": root})
    assert "ImportError: Telemetry needs OpenTelemetry's API: pip install 'qrt-async[otel]'" in done.stderr
