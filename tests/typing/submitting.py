"""A submission is of its program, and so are its job and its result. Checked by mypy, never run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type

import qrt_async as qrt
from qrt_async.submit.records import SubmissionRecord
from qrt_async.submit.recovery import Recovery
from qrt_async.sweep.run import SweepRun


async def types_follow_the_program(submitter: qrt.Submitter, sampler: qrt.Sampler) -> None:
    submission = submitter.submit(sampler, backend="b", priority=1, tenant="t", tags=["a"], cost=5)
    assert_type(submission, qrt.Submission[qrt.PrimitiveResult])
    assert_type(await submission.job(), qrt.AsyncJob[qrt.PrimitiveResult])
    assert_type(await submission, qrt.PrimitiveResult)
    assert_type(await asyncio.wait_for(submission, 5), qrt.PrimitiveResult)
    assert_type(submission.why_waiting, str | None)
    assert_type(submission.eta, float | None)
    assert_type(submission.withdraw(), bool)
    assert_type(submitter.submit(sampler, backend="b", share=True), qrt.Submission[qrt.PrimitiveResult])
    assert_type(
        submitter.tenant("t").submit(sampler, backend="b", share=True), qrt.Submission[qrt.PrimitiveResult]
    )
    submitter.submit(sampler, backend="b", shots=5)  # type: ignore[call-arg] # of the program, not of the job


async def what_is_mapped_keeps_its_type(submitter: qrt.Submitter) -> None:
    def some() -> Iterator[qrt.Estimator]: ...  # type: ignore[empty-body] # never run

    async def others() -> AsyncIterator[qrt.Program[int]]:
        yield qrt.Program("executor", {})

    async for submission in submitter.map(some(), backend="b"):
        assert_type(await submission, qrt.PrimitiveResult)
    async for numbers in submitter.map(others(), backend="b", ahead=5):
        assert_type(await numbers, int)


async def it_takes_a_service_and_files(service: qrt.RuntimeService) -> None:
    async with qrt.Submitter(
        service,
        journal="runs.db",
        permits="permits.db",
        max_in_flight=3,
        budget=qrt.Budget(seconds=600),
        settle=None,
        leave="cancel_all",
    ) as submitter:
        assert_type(await submitter.recover(), Recovery)
    qrt.Submitter(service, leave="flee")  # type: ignore[arg-type] # not among the four


async def a_tenant_keeps_types(submitter: qrt.Submitter, sampler: qrt.Sampler, sweep: qrt.Sweep) -> None:
    tenant = submitter.tenant("alice")
    submission = tenant.submit(sampler, backend="b", tags=["a"])
    assert_type(submission, qrt.Submission[qrt.PrimitiveResult])
    assert_type(await submission.kept(), None)
    assert_type(submission.ahead, int | None)
    async for mapped in tenant.map([sampler], backend="b"):
        assert_type(await mapped, qrt.PrimitiveResult)
    assert_type(await tenant.find("id"), qrt.Submission[Any])
    assert_type(await tenant.cancel("id"), bool)
    assert_type(await tenant.list(limit=5), list[SubmissionRecord])
    async for record in tenant:
        assert_type(record, SubmissionRecord)
    assert_type(tenant.sweep(sweep, backend="b", name="n"), SweepRun)
    tenant.submit(sampler, backend="b", tenant="bob")  # type: ignore[call-arg] # it is alice's
