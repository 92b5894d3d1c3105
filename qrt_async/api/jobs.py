"""``service.jobs``: the endpoints of jobs, one method each, as the service documents them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from qrt_async.api.call import Ask, Call
from qrt_async.api.job_calls import (
    PAGE,
    JobFilter,
    LogLevel,
    NewJob,
    RemoteStorage,
    as_tags,
    cancel_job,
    create_job,
    delete_job,
    get_job,
    get_logs,
    get_metrics,
    get_results,
    list_jobs,
    replace_tags,
)
from qrt_async.api.models import CreatedJob, JobMetrics, JobPage, JobRecord
from qrt_async.api.paging import JobWalk
from qrt_async.api.payload import as_json
from qrt_async.api.pieces import PIECE, Long
from qrt_async.errors import NotFound, QrtError, Unavailable


class Jobs:
    """Typed, thin, complete. Raises the ``ServiceError`` that fits; a 403 names the IAM action needed."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def create(
        self,
        program_id: str,
        backend: str,
        params: Any,
        *,
        runtime: str | None = None,
        tags: Sequence[str] | None = None,
        log_level: LogLevel | None = None,
        cost: int | None = None,
        session_id: str | None = None,
        calibration_id: str | None = None,
        private: bool = False,
        remote_storage: RemoteStorage | None = None,
        parent_job_id: str | None = None,
    ) -> CreatedJob:
        """``POST /v1/jobs``, once: not paced, not repeated after an unclear end.

        ``params`` is anything JSON can hold, or JSON itself as ``bytes``; it is encoded in a thread. ``cost`` is
        seconds. An error whose ``.submitted`` is ``"unknown"`` may have left a job behind. ``service.run`` is
        the way for everyday work.
        """
        new = NewJob(
            program_id=program_id,
            backend=backend,
            params=msgspec.Raw(b"{}"),  # until everything else is known to be right
            runtime=runtime,
            tags=as_tags(tags),
            log_level=log_level,
            cost=cost,
            session_id=session_id,
            calibration_id=calibration_id,
            private=private,
            remote_storage=remote_storage,
        )
        return await self._ask(await asyncio.to_thread(_written, new, params, parent_job_id))

    async def list(
        self,
        *,
        limit: int = PAGE,
        offset: int = 0,
        pending: bool | None = None,
        program: str | None = None,
        backend: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        sort: Literal["ASC", "DESC"] = "DESC",
        tags: Sequence[str] = (),
        session_id: str | None = None,
        exclude_params: bool = True,
    ) -> JobPage:
        """One page of ``GET /v1/jobs``. Several ``tags`` must all be there; ``limit`` is 1 to 200."""
        chosen = JobFilter(
            pending=pending,
            program=program,
            backend=backend,
            created_after=created_after,
            created_before=created_before,
            sort=sort,
            tags=as_tags(tags) or (),
            session_id=session_id,
            exclude_params=exclude_params,
        )
        return await self._ask(list_jobs(chosen, limit, offset))

    def iter(
        self,
        *,
        pending: bool | None = None,
        program: str | None = None,
        backend: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        sort: Literal["ASC", "DESC"] = "DESC",
        tags: Sequence[str] = (),
        session_id: str | None = None,
        exclude_params: bool = True,
        page_size: int = PAGE,
    ) -> JobWalk:
        """Every job that matches, page by page as it is iterated over.

        Takes the filters of ``list``. A job that was there from beginning to end comes exactly once,
        however the list grows or shrinks meanwhile. ``page_size`` is 2 to 200.
        """
        chosen = JobFilter(
            pending=pending,
            program=program,
            backend=backend,
            created_after=created_after,
            created_before=created_before,
            sort=sort,
            tags=as_tags(tags) or (),
            session_id=session_id,
            exclude_params=exclude_params,
        )
        return JobWalk(self._ask, chosen, page_size)

    async def get(self, job_id: str, *, exclude_params: bool = False) -> JobRecord:
        """``GET /v1/jobs/{id}``. The service sends the params along unless told otherwise."""
        return await self._ask(get_job(job_id, exclude_params=exclude_params))

    async def delete(self, job_id: str) -> None:
        """``DELETE /v1/jobs/{id}``: only a job that has ended. After a 5xx one read tells what happened."""
        await self._resolved(job_id, self._ask(delete_job(job_id)), lambda record: record is None)

    async def cancel(self, job_id: str, *, parent_job_id: str | None = None) -> None:
        """``POST /v1/jobs/{id}/cancel``. A job that had ended is ``Conflict``.

        After a 5xx one read tells whether it worked.
        """
        asked = self._ask(cancel_job(job_id, parent_job_id))
        await self._resolved(job_id, asked, lambda record: record is not None and record.cancelled)

    async def logs(self, job_id: str) -> str:
        """``GET /v1/jobs/{id}/logs``. A job without a log is ``NotFound``."""
        return await self._ask(get_logs(job_id))

    async def metrics(self, job_id: str) -> JobMetrics:
        """``GET /v1/jobs/{id}/metrics``."""
        return await self._ask(get_metrics(job_id))

    async def results(self, job_id: str) -> bytes | None:
        """``GET /v1/jobs/{id}/results`` as it came; ``None`` where the service says there is none.

        A private job's result is deleted by this very read: prefer ``job.result()``, which keeps it.
        """
        return await self._ask(get_results(job_id))

    async def replace_tags(self, job_id: str, tags: Sequence[str]) -> None:
        """``PUT /v1/jobs/{id}/tags``: these tags and no others. ``job.add_tags()`` keeps the old ones."""
        await self._ask(replace_tags(job_id, tags))

    async def _resolved(
        self,
        job_id: str,
        asked: Coroutine[Any, Any, None],
        worked: Callable[[JobRecord | None], bool],
    ) -> None:
        """A change that ended in a 5xx, a cut or silence may have happened: one read decides."""
        try:
            await asked
        except Unavailable as error:
            with contextlib.suppress(QrtError):
                if worked(await self._found(job_id)):
                    return
            raise error

    async def _found(self, job_id: str) -> JobRecord | None:
        try:
            return await self._ask(get_job(job_id, exclude_params=True))
        except NotFound:
            return None


def _written(new: NewJob, params: Any, parent_job_id: str | None) -> Call[CreatedJob]:
    """The POST. Large params take a while, and are put in their place in pieces."""
    found = memoryview(as_json(params))
    ready = Long.of(found) if len(found) > PIECE else msgspec.Raw(found)
    return create_job(msgspec.structs.replace(new, params=ready), parent_job_id)
