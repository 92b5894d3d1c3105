"""Metrics of a service (``telemetry``), by OpenTelemetry's names where it has some.

https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from opentelemetry import metrics
from opentelemetry.metrics import Histogram, Meter, MeterProvider

from qrt_async.events import JobTimed, PermitTaken, RequestDone

_REQUEST = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Boundaries in seconds that the convention gives for requests."""
_WAIT = (0.0, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
_BYTES = tuple(float(4**power) for power in range(3, 16))


class Measures:
    """Counts and histograms; attributes are few, so that none of them grows with the number of jobs."""

    def __init__(self, name: str, version: str, provider: MeterProvider | None) -> None:
        meter = metrics.get_meter(name, version, provider)
        histogram = partial(_histogram, meter)
        self._requests = histogram(
            "http.client.request.duration",
            "s",
            _REQUEST,
            "Duration of requests to the service and to IAM, each try by itself.",
        )
        self._sent = histogram("http.client.request.body.size", "By", _BYTES, "Bytes of request bodies.")
        self._received = histogram(
            "http.client.response.body.size", "By", _BYTES, "Bytes of response bodies."
        )
        self._refusals = meter.create_counter(
            "qrt.refusals", "{refusal}", "Submissions that the service refused; most of them are sent again."
        )
        self._waits = histogram(
            "qrt.permit.wait.duration", "s", _WAIT, "How long submissions were in line for their turn."
        )
        self._looks = meter.create_counter("qrt.looks", "{look}", "How often the service was asked for news.")
        self._jobs = meter.create_counter("qrt.jobs", "{job}", "Jobs whose end was heard of.")
        self._queues = histogram(
            "qrt.job.queue.duration",
            "s",
            _WAIT,
            "From a job's creation to its running, by the service's clock.",
        )
        self._runs = histogram(
            "qrt.job.run.duration", "s", _WAIT, "From a job's running to its end, by the service's clock."
        )
        self._usage = meter.create_counter(
            "qrt.job.usage", "s", "Seconds of QPU time that jobs were charged."
        )
        self._results = histogram("qrt.result.size", "By", _BYTES, "Bytes of results, undecoded.")

    def request(self, done: RequestDone) -> None:
        facts: dict[str, str | int] = {"http.request.method": done.method, "url.template": done.template}
        if done.host:
            facts["server.address"] = done.host
        if done.port is not None:
            facts["server.port"] = done.port
        if done.code is None:
            facts["error.type"] = "_OTHER"
        else:
            facts["http.response.status_code"] = done.code
            if done.code >= 400:
                facts["error.type"] = str(done.code)
        self._requests.record(done.seconds, facts)
        self._sent.record(done.sent, facts)
        self._received.record(done.received, facts)
        if done.method == "POST" and done.template == "/jobs" and done.code is not None and done.code >= 400:
            self._refusals.add(1, {"http.response.status_code": done.code})

    def waited(self, taken: PermitTaken) -> None:
        self._waits.record(taken.seconds)

    def look(self, *, answered: bool) -> None:
        self._looks.add(1, {"qrt.look.outcome": "answered" if answered else "failed"})

    def result(self, size: int) -> None:
        self._results.record(size)

    def job(self, ended: JobTimed) -> None:
        place = {"qrt.backend": ended.backend or "", "qrt.program.id": ended.program_id or ""}
        facts = {name: value for name, value in place.items() if value}
        self._jobs.add(1, {**facts, "qrt.job.status": ended.status or "lost"})
        began = ended.running or ended.finished
        if ended.created is not None and began is not None:
            self._queues.record(_between(ended.created, began), facts)
        if ended.running is not None and ended.finished is not None:
            self._runs.record(_between(ended.running, ended.finished), facts)
        if ended.charged:
            self._usage.add(ended.charged, facts)


def _histogram(meter: Meter, name: str, unit: str, edges: Sequence[float], what: str) -> Histogram:
    return meter.create_histogram(name, unit, what, explicit_bucket_boundaries_advisory=edges)


def _between(start: datetime, end: datetime) -> float:
    """Seconds, and never fewer than none: clocks may be set back."""
    return max(0.0, (end - start).total_seconds())
