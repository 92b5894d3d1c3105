"""When jobs reached their stations, by the service's clock: asked for where an observer wants to know."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from qrt_async.api.call import Ask
from qrt_async.api.job_calls import get_metrics
from qrt_async.api.models import JobTimestamps
from qrt_async.errors import QrtError, ServiceClosed
from qrt_async.events import Event, JobTimed, wanted
from qrt_async.jobs.known import Known
from qrt_async.transport.tasks import Crew

_REMEMBERED = 10_000
"""Jobs that are not asked for a second time, though somebody awaits them by another handle."""


class Times:
    """One request for each job that has ended, one after the other; none where nobody listens."""

    def __init__(self, ask: Ask, crew: Crew, announce: Callable[[Event], None]) -> None:
        self._ask = ask
        self._crew = crew
        self._announce = announce
        self._ended: deque[JobTimed] = deque()
        self._told: OrderedDict[str, None] = OrderedDict()
        self._asking: asyncio.Task[None] | None = None

    def ended(self, known: Known) -> None:
        """Nothing more will happen to this job."""
        if not wanted(self._announce, JobTimed) or known.id in self._told:
            return
        self._told[known.id] = None
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        record = known.record
        told = JobTimed(
            job_id=known.id,
            status=None if known.lost is not None or record is None else record.state.status_text,
            heard=datetime.now(UTC),
            backend=known.backend,
            program_id=known.program_id,
            session_id=known.session_id,
            reason_code=None if record is None else record.state.code,
        )
        if told.status is None:
            self._announce(told)
            return
        self._ended.append(told)
        if self._asking is None or self._asking.done():
            try:
                self._asking = self._crew.start(self._run(), "times of jobs", precious=True)
            except ServiceClosed:
                self._flush()

    async def _run(self) -> None:
        try:
            while self._ended:
                found = await self._timed(self._ended[0])
                self._ended.popleft()
                self._announce(found)
        finally:
            self._flush()

    async def _timed(self, told: JobTimed) -> JobTimed:
        try:
            metrics = await self._ask(get_metrics(told.job_id))
        except QrtError:
            return told
        times = metrics.timestamps or JobTimestamps()
        return msgspec.structs.replace(
            told,
            created=times.created,
            running=times.running,
            finished=times.finished,
            charged=metrics.charged,
        )

    def _flush(self) -> None:
        """Those that cannot be asked for any more are told as they are."""
        while self._ended:
            self._announce(self._ended.popleft())
