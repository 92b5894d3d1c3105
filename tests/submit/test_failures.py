"""Submissions that fail: told to whoever awaits them, else once to whoever watches."""

from __future__ import annotations

import asyncio
import gc

import pytest

import qrt_async as qrt
from qrt_async.errors import JobFailed, NotFound, NotSent
from qrt_async.events import Event, SubmissionFailed
from qrt_async.submit.counter import Counter
from tests.ground import BACKEND, ground
from tests.submit.samples import SAMPLER

pytestmark = pytest.mark.virtual_clock


async def test_how_a_job_failed_is_raised_by_its_submission() -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        submission = submitter.submit(SAMPLER, backend=BACKEND, tags=["emulate:fail=1517"])
        with pytest.raises(JobFailed):
            await submission


def failures(heard: list[Event]) -> list[str]:
    return [event.key for event in heard if isinstance(event, SubmissionFailed)]


async def test_a_failure_that_nobody_awaits_is_told_once() -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here, qrt.Submitter(here.service) as submitter:
        kept = submitter.submit(SAMPLER, backend="nowhere", isa="off")
        dropped = submitter.submit(SAMPLER, backend="nowhere", isa="off").id
        await asyncio.sleep(10)
        assert failures(heard) == [dropped]
        key = kept.id
        del kept
        gc.collect()
        assert failures(heard) == [dropped, key]


async def test_a_failure_that_was_awaited_is_told_to_nobody_else() -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here, qrt.Submitter(here.service) as submitter:
        submission = submitter.submit(SAMPLER, backend="nowhere", isa="off")
        for _ in range(2):
            with pytest.raises(NotFound):
                await submission
        del submission
        gc.collect()
        assert failures(heard) == []


async def test_what_goes_wrong_in_the_client_is_named_and_is_not_called_closing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def odd(self: Counter, *_: object) -> None:
        raise ValueError("an odd program")

    monkeypatch.setattr(Counter, "written", odd)
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        submission = submitter.submit(SAMPLER, backend=BACKEND)
        with pytest.raises(NotSent, match=r"was not sent: ValueError: an odd program\.") as caught:
            await submission
        assert isinstance(caught.value.__cause__, ValueError)
