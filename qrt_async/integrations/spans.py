"""Spans of jobs (``telemetry``): each made when all of it is known."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Generic, TypeVar

import msgspec
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer

from qrt_async.api.status import JobStatus
from qrt_async.events import JobTimed

T = TypeVar("T")
Download = tuple[int, int, int]
"""Start and end in nanoseconds, and bytes."""
Attributes = Mapping[str, str | int | float]

CLOCK = "qrt.clock"
_OURS, _THEIRS = {CLOCK: "client"}, {CLOCK: "server"}


class Memory(Generic[T]):
    """What is known by id, of those at most that were heard of last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[str, T] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def __len__(self) -> int:
        return len(self._held)

    def put(self, key: str, value: T) -> None:
        self._held[key] = value
        self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)

    def get(self, key: str) -> T | None:
        return self._held.get(key)

    def take(self, key: str) -> T | None:
        return self._held.pop(key, None)


class Course(msgspec.Struct, kw_only=True):
    """What happened to a job here. Moments are nanoseconds by this machine's clock; 0 where they are not known."""

    context: Context = msgspec.field(default_factory=Context)
    links: tuple[Link, ...] = ()
    begun: int = 0
    submitted: int = 0
    backend: str | None = None
    program_id: str | None = None
    error: str | None = None
    downloads: list[Download] = []


class Spans:
    """Makes them."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def job(self, course: Course, ended: JobTimed) -> Context:
        """The span of a job that has ended, its children included; a context to add downloads in."""
        heard = _ns(ended.heard) or 0
        facts = {
            **_facts(course),
            "qrt.job.id": ended.job_id,
            "qrt.backend": ended.backend or course.backend,
            "qrt.program.id": ended.program_id or course.program_id,
            "qrt.session.id": ended.session_id,
            "qrt.job.status": ended.status,
            "qrt.job.reason_code": ended.reason_code,
            "qrt.job.usage": ended.charged,
        }
        # A job that was not submitted here has no moment by our clock at which it began.
        clock = "client" if course.begun else "server"
        start = course.begun or _ns(ended.created) or heard
        span = self._root(course, ended.program_id or course.program_id, start, {**facts, CLOCK: clock})
        inside = trace.set_span_in_context(span, Context())
        self._submit(course, inside)
        self._stations(ended, inside)
        for download in course.downloads:
            self.download(inside, download)
        if ended.status is None or JobStatus.read(ended.status) is not JobStatus.COMPLETED:
            _failed(span, ended.status or "lost")
        last = max((end for _, end, _ in course.downloads), default=0)
        end = heard if course.begun else _ns(ended.finished) or heard
        span.end(max(start, course.submitted, end, last))
        return inside

    def left(self, course: Course, job_id: str) -> None:
        """The span of a submission, whose job is told of elsewhere, or not at all."""
        facts = {**_facts(course), "qrt.job.id": job_id, CLOCK: "client"}
        span = self._root(course, course.program_id, course.begun, facts)
        inside = trace.set_span_in_context(span, Context())
        self._submit(course, inside)
        span.end(max(course.begun, course.submitted))

    def failed(self, course: Course) -> None:
        """The span of a submission that became no job."""
        span = self._root(course, course.program_id, course.begun, {**_facts(course), CLOCK: "client"})
        self._submit(course, trace.set_span_in_context(span, Context()))
        _failed(span, course.error or "_OTHER")
        span.end(max(course.begun, course.submitted))

    def download(self, inside: Context, download: Download) -> None:
        """The result was read."""
        start, end, size = download
        self._child("download", inside, start, end, {**_OURS, "qrt.result.size": size})

    def _root(
        self, course: Course, program_id: str | None, start: int, facts: Mapping[str, str | float | None]
    ) -> Span:
        return self._tracer.start_span(
            f"job {program_id}" if program_id else "job",
            context=course.context,
            kind=SpanKind.CLIENT,
            links=course.links,
            start_time=start,
            attributes={name: value for name, value in facts.items() if value is not None},
        )

    def _submit(self, course: Course, inside: Context) -> None:
        if course.begun:
            span = self._child("submit", inside, course.begun, course.submitted, _OURS, end_it=False)
            if course.error is not None:
                _failed(span, course.error)
            span.end(max(course.begun, course.submitted))

    def _stations(self, ended: JobTimed, inside: Context) -> None:
        """Queue and run, as far as the service told."""
        created, running, finished = _ns(ended.created), _ns(ended.running), _ns(ended.finished)
        if created is not None and (running or finished):
            self._child("queue", inside, created, running or finished or created, _THEIRS)
        if running is not None and finished is not None:
            self._child("run", inside, running, finished, _THEIRS)

    def _child(
        self, name: str, inside: Context, start: int, end: int, facts: Attributes, *, end_it: bool = True
    ) -> Span:
        span = self._tracer.start_span(name, context=inside, start_time=start, attributes=dict(facts))
        if end_it:
            span.end(max(start, end))  # clocks may be set back
        return span


def _facts(course: Course) -> dict[str, str | float | None]:
    return {"qrt.backend": course.backend, "qrt.program.id": course.program_id}


def _failed(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))


def _ns(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1e9)
