"""What a handle says of itself, and that it is awaited like any awaitable. Checked by mypy, never run."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, assert_type

import qrt_async as qrt


async def a_handle_by_id_may_be_of_any_program(service: qrt.RuntimeService) -> None:
    job = service.job("d0")
    assert_type(job, qrt.AsyncJob[Any])
    assert_type(job.id, str)
    assert_type(job.status, qrt.JobStatus | None)
    assert_type(job.record, qrt.JobRecord | None)
    assert_type(job.seen_at, datetime | None)
    assert_type(job.backend, str | None)
    assert_type(job.tags, tuple[str, ...])
    assert_type(await job.wait(timeout=5), qrt.JobStatus)
    assert_type(await job.cancel(), bool)
    assert_type(await job.raw_results(), bytes | None)
    assert_type(await job.logs(), str)
    async for update in job.updates():
        assert_type(update, qrt.JobUpdate)


async def it_is_awaited_like_any_awaitable(
    one: qrt.AsyncJob[qrt.PrimitiveResult], other: qrt.AsyncJob[dict[str, int]]
) -> None:
    assert_type(await asyncio.gather(one, other), tuple[qrt.PrimitiveResult, dict[str, int]])
    assert_type(await asyncio.wait_for(one, 5), qrt.PrimitiveResult)
    assert_type(await asyncio.shield(other), dict[str, int])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(one.result())
    assert_type(task.result(), qrt.PrimitiveResult)


def a_callback_gets_the_job(job: qrt.AsyncJob[qrt.PrimitiveResult]) -> None:
    def told(done: qrt.AsyncJob[qrt.PrimitiveResult]) -> None:
        assert_type(done.exception(), qrt.QrtError | None)

    job.add_done_callback(told)


def a_job_of_something_is_a_job_of_anything(job: qrt.AsyncJob[bool]) -> qrt.AsyncJob[int]:
    return job
