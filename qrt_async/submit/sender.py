"""From a program to an accepted job: paced, tagged, sent once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import msgspec

from qrt_async.api.call import Ask, Call
from qrt_async.api.job_calls import JobFilter, NewJob, create_job, list_jobs
from qrt_async.api.models import CreatedJob
from qrt_async.api.pieces import Long
from qrt_async.errors import ServiceClosed, ServiceError, Throttled
from qrt_async.jobs.tags import RESERVED
from qrt_async.submit.permits import Permits
from qrt_async.submit.refusals import stated_limit
from qrt_async.transport.tasks import Crew

SETTLE = (0.0, 2.0, 10.0, 30.0, 60.0, 120.0)
"""Seconds after an unclear end at which the job is looked for by its tag."""


def fresh_tag() -> str:
    """A tag no other submission has; by it a job is found whose acceptance was not heard."""
    return RESERVED + secrets.token_hex(10)


class Sender:
    """Submits, under one bucket. ``ready`` opens the connection and has a token at hand."""

    def __init__(
        self,
        ask: Ask,
        crew: Crew,
        permits: Permits,
        ready: Callable[[], Awaitable[None]],
        unclaimed: Callable[[NewJob, CreatedJob | None, BaseException | None], None],
    ) -> None:
        self._ask = ask
        self._crew = crew
        self._permits = permits
        self._ready = ready
        self._unclaimed = unclaimed

    async def send(self, new: NewJob) -> CreatedJob:
        """The accepted job. Waits for its turn; a refusal for speed delays and never fails.

        Cancelled before the POST leaves, nothing is sent. Cancelled later, the exchange is finished in the
        background and reported.
        """
        tag = fresh_tag()
        new = msgspec.structs.replace(new, tags=(*(new.tags or ()), tag))
        call = await _written(new)
        while True:
            await self._ready()
            await self._permits.take()
            posting = self._crew.start(self._post(call, tag), "submission", precious=True, expected=True)
            try:
                await asyncio.wait([posting])
            except asyncio.CancelledError:
                posting.add_done_callback(lambda done: self._report(new, done))
                raise
            created = self._outcome(new, posting)
            if created is not None:
                return created

    def _outcome(self, new: NewJob, posting: asyncio.Task[CreatedJob | None]) -> CreatedJob | None:
        """Closing gave up on it: nobody cancelled the caller, who is told so in our words."""
        if posting.cancelled():
            self._report(new, posting)
            error = ServiceClosed(
                "The service was closed while a submission was under way; look for its job."
            )
            error.submitted = error.billed = "unknown"
            raise error
        return posting.result()

    async def _post(self, call: Call[CreatedJob], tag: str) -> CreatedJob | None:
        """One POST. ``None`` means that the service refused it for speed."""
        try:
            return await self._ask(call)
        except Throttled as error:
            self._permits.close(error.retry_after, stated_limit(error.message))
            return None
        except ServiceError as error:
            if error.submitted != "unknown":
                raise
            found = await self._settle(tag)
            if found is None:
                raise
            return found
        finally:
            self._permits.give_back()

    async def _settle(self, tag: str) -> CreatedJob | None:
        """After an unclear end: the job with our tag, if the service turns out to have it."""
        waited = 0.0
        for moment in SETTLE:
            await asyncio.sleep(moment - waited)
            waited = moment
            try:
                page = await self._ask(list_jobs(JobFilter(tags=(tag,)), limit=1))
            except ServiceError:
                continue
            for row in page.jobs:
                if tag in (row.tags or ()):
                    return CreatedJob(id=row.id, backend=row.backend, session_id=row.session_id)
        return None

    def _report(self, new: NewJob, posting: asyncio.Task[CreatedJob | None]) -> None:
        error = asyncio.CancelledError() if posting.cancelled() else posting.exception()
        created = None if error is not None else posting.result()
        if created is not None or error is not None:
            self._unclaimed(new, created, error)


async def _written(new: NewJob) -> Call[CreatedJob]:
    """Copying large params into the body of the request takes a while."""
    return await asyncio.to_thread(create_job, new) if isinstance(new.params, Long) else create_job(new)
