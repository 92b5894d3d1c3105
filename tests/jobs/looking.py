"""A lookout and what is behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from qrt_async.api.call import Call, ask
from qrt_async.api.job_calls import JobFilter
from qrt_async.api.models import JobRecord
from qrt_async.errors import QrtError
from qrt_async.events import Event
from qrt_async.jobs.cadence import PollPolicy
from qrt_async.jobs.cover import Cover, How, Listing
from qrt_async.jobs.decider import Decider
from qrt_async.jobs.known import Acceptance, Known
from qrt_async.jobs.lookout import Lookout
from qrt_async.jobs.tracks import Moment
from qrt_async.transport.wire import Reply, Request

T = TypeVar("T")
EPOCH = datetime(2026, 11, 24, 12, tzinfo=UTC)
RESULT = b'{"results":[{"data":{},"metadata":{}}],"metadata":{"version":2}}'
JSON = {"content-type": "application/json"}


def row(job_id: str, status: str = "Queued") -> dict[str, Any]:
    return {"id": job_id, "state": {"status": status}, "backend": "b", "program": {"id": "sampler"}}


class Bench:
    """A lookout whose service is a function: a request in, an error or a reply's code and body out."""

    def __init__(self, jobs: int, answer: Callable[[Request], Any], policy: PollPolicy | None = None) -> None:
        self.asked: list[Request] = []
        self.at: list[float] = []
        self.lost: dict[str, QrtError] = {}
        self.told: list[Event] = []
        self.despair: list[QrtError] = []
        self.jobs = {f"job{number}": self._job(f"job{number}") for number in range(jobs)}
        self.decider = Decider(policy or PollPolicy(), self.jobs, lambda: 0.0)
        for known in self.jobs.values():
            self.decider.add(known, self.now())
        self.answer = answer
        self.lookout = Lookout(
            self._ask,
            self.decider,
            self.jobs.get,
            self._learn,
            lambda known, error: self.lost.update({known.id: error}),
            lambda known, why: None,
            self.told.append,
            self.despair.append,
            self.now,
        )

    @staticmethod
    def _job(job_id: str) -> Known:
        known = Known(job_id, Acceptance(at=EPOCH, program_id="sampler", backend="b"))
        known.wanted = 1
        return known

    @staticmethod
    def now() -> Moment:
        now = asyncio.get_running_loop().time()
        return Moment(now, EPOCH + timedelta(seconds=now))

    def _learn(self, known: Known, record: JobRecord, listed: bool) -> None:
        known.learn(record, EPOCH)
        self.decider.saw(known, self.now(), listed=listed)

    async def _ask(self, call: Call[T], /) -> T:
        return await ask(self._send, call)

    async def _send(self, request: Request) -> Reply:
        self.asked.append(request)
        self.at.append(asyncio.get_running_loop().time())
        answer = self.answer(request)
        if isinstance(answer, Exception):
            raise answer
        code, body = answer
        return Reply(code=code, headers=JSON, body=body)

    async def walk(self, *ids: str, how: How = "window", most: int | None = None) -> None:
        listing = Listing(how, how, JobFilter(), frozenset(ids), 1, most)
        await self.lookout.look(Cover((listing,), ()))

    async def read(self, *ids: str) -> None:
        await self.lookout.look(Cover((), ids))

    def paths(self) -> list[str]:
        return [request.path.rpartition("/v1")[2] or request.path for request in self.asked]

    @property
    def ended(self) -> set[str]:
        return {known.id for known in self.jobs.values() if known.final}
