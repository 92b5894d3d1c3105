"""Spans and metrics by OpenTelemetry (extra ``otel``).

    async with qrt.RuntimeService(observers=[Telemetry()]) as service:
        ...

Nothing here is imported, and nothing is asked or made for it, by programs that do not use it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

try:
    from opentelemetry import trace
    from opentelemetry.context import Context, get_current
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Link, Tracer, TracerProvider
except ImportError as error:
    raise ImportError("Telemetry needs OpenTelemetry's API: pip install 'qrt-async[otel]'.") from error

from qrt_async.events import (
    Event,
    JobFollowed,
    JobLeft,
    JobTimed,
    LookFailed,
    LookMade,
    PermitTaken,
    RequestDone,
    ResultRead,
    SubmissionBegun,
    SubmissionOver,
)
from qrt_async.integrations.measures import Measures
from qrt_async.integrations.spans import Course, Memory, Spans
from qrt_async.version import __version__

__all__ = ["Telemetry"]

_NAME = "qrt_async"


class Telemetry:
    """An observer that makes spans and metrics; one serves any number of services.

    For each job a span ``job <program>`` is made when its end is heard of, with the children ``submit`` (from the call
    to the service's yes), ``queue`` and ``run`` (by the service's own timestamps) and ``download``. It is a child of
    the span that was current when the job was submitted; where that is not known, as for ``service.job(id)`` and for
    what ``recover()`` takes up, it begins a trace that is linked to the span that was current when somebody first
    wanted to know of the job. Each span says in ``qrt.clock`` whether its times are this machine's (``client``) or the
    service's (``server``): where the clocks differ, they are shown as told, and no span ends before it starts.

    Metrics: ``http.client.request.duration`` and the sizes of bodies, ``qrt.permit.wait.duration``, ``qrt.refusals``,
    ``qrt.looks``, ``qrt.jobs``, ``qrt.job.queue.duration``, ``qrt.job.run.duration``, ``qrt.job.usage`` and
    ``qrt.result.size``. Attributes are ids, names of backends and programs, words for states and numbers: nothing of
    circuits, results, tags, keys or tokens, and none of the service's texts.

    It costs one request for each job that ends, for its timestamps. ``tracer_provider`` and ``meter_provider`` are
    OpenTelemetry's global ones unless given. Of at most ``remember`` jobs at a time it keeps where they came from.
    """

    wants = frozenset(
        {
            SubmissionBegun,
            SubmissionOver,
            PermitTaken,
            JobFollowed,
            JobLeft,
            LookMade,
            ResultRead,
            JobTimed,
        }
    )

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        remember: int = 10_000,
    ) -> None:
        tracer: Tracer = trace.get_tracer(_NAME, __version__, tracer_provider)
        self._spans = Spans(tracer)
        self._measures = Measures(_NAME, __version__, meter_provider)
        self._submissions: Memory[Course] = Memory(remember)
        self._jobs: Memory[Course] = Memory(remember)
        self._told: Memory[Context] = Memory(remember)
        """Jobs that have their span: a download may come later."""
        self._heard: dict[type[Event], Callable[[Any], None]] = {
            RequestDone: self._measures.request,
            PermitTaken: self._measures.waited,
            LookMade: lambda _: self._measures.look(answered=True),
            LookFailed: lambda _: self._measures.look(answered=False),
            SubmissionBegun: self._begun,
            SubmissionOver: self._submitted,
            JobFollowed: self._followed,
            JobLeft: self._left,
            ResultRead: self._read,
            JobTimed: self._ended,
        }

    def __call__(self, event: Event) -> None:
        hear = self._heard.get(type(event))
        if hear is not None:
            hear(event)

    def _begun(self, event: SubmissionBegun) -> None:
        self._submissions.put(
            event.key,
            Course(
                context=Context() if event.again else get_current(),
                links=_links() if event.again else (),
                begun=time.time_ns(),
                backend=event.backend,
                program_id=event.program_id,
            ),
        )

    def _submitted(self, event: SubmissionOver) -> None:
        course = self._submissions.take(event.key)
        if course is None:
            return
        course.submitted = course.begun + round(event.seconds * 1e9)
        course.error = event.error
        known = None if event.job_id is None else self._jobs.get(event.job_id)
        if event.job_id is None:
            self._spans.failed(course)
        elif known is not None and known.begun:  # several submissions in one job
            self._spans.left(course, event.job_id)
        else:
            self._jobs.put(event.job_id, course)

    def _followed(self, event: JobFollowed) -> None:
        if event.job_id not in self._jobs and event.job_id not in self._told:
            self._jobs.put(event.job_id, Course(links=_links()))

    def _read(self, event: ResultRead) -> None:
        self._measures.result(event.size)
        end = time.time_ns()
        download = (end - round(event.seconds * 1e9), end, event.size)
        told = self._told.get(event.job_id)
        course = self._jobs.get(event.job_id)
        if told is not None:
            self._spans.download(told, download)
        elif course is not None:
            course.downloads.append(download)

    def _ended(self, event: JobTimed) -> None:
        if event.job_id in self._told:
            return
        self._measures.job(event)
        course = self._jobs.take(event.job_id) or Course()
        self._told.put(event.job_id, self._spans.job(course, event))

    def _left(self, event: JobLeft) -> None:
        """Of one that was submitted here there is something to tell, though not its end."""
        course = self._jobs.take(event.job_id)
        if course is not None and course.begun:
            self._spans.left(course, event.job_id)


def _links() -> tuple[Link, ...]:
    """To the span that is current, if there is one."""
    current = trace.get_current_span().get_span_context()
    return (Link(current),) if current.is_valid else ()
