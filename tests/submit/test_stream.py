"""``map``: any number of programs in little memory, in the order in which they end."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, NotSent
from qrt_async.submit import register
from qrt_async.submit.line import Place
from qrt_async.submit.passage import Passage
from qrt_async.submit.stream import Submissions
from qrt_async.transport.tasks import Crew
from tests.ground import BACKEND, QASM, ground

pytestmark = pytest.mark.virtual_clock


def programs(count: int, taken: list[int] | None = None) -> Iterator[qrt.Sampler]:
    for n in range(count):
        if taken is not None:
            taken.append(n)
        yield qrt.Sampler([QASM], shots=n + 1)


async def test_submissions_come_in_the_order_in_which_they_end() -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        slow = submitter.submit(qrt.Sampler([QASM]), backend=BACKEND, tags=["emulate:queue=100"])
        ended = [submission async for submission in submitter.map(programs(5), backend=BACKEND)]
        assert len({submission.id for submission in ended}) == 5
        assert [len(await submission) for submission in ended] == [1] * 5
        assert slow.state == "accepted"


async def test_no_more_than_ahead_are_taken_from_the_source_and_not_yet_yielded() -> None:
    taken: list[int] = []
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        yielded = 0
        async for submission in submitter.map(programs(40, taken), backend=BACKEND, ahead=7):
            await submission
            yielded += 1
            assert len(taken) <= yielded + 7
        assert yielded == len(taken) == 40


async def one_by_one(count: int) -> AsyncIterator[qrt.Sampler]:
    for program in programs(count):
        yield program


@pytest.mark.parametrize("source", [programs, one_by_one])
async def test_several_may_take_from_one_stream_and_each_gets_others(source: Any) -> None:
    async def work() -> list[str]:
        return [submission.id async for submission in stream]

    async with ground() as here, qrt.Submitter(here.service) as submitter:
        stream = submitter.map(source(10), backend=BACKEND, ahead=4)
        async with asyncio.timeout(1000):
            found = await asyncio.gather(*(work() for _ in range(3)))
        assert len({key for keys in found for key in keys}) == sum(map(len, found)) == 10


async def test_closing_a_stream_ends_whoever_waits_in_it() -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        stream = submitter.map(programs(10), backend=BACKEND, ahead=2)
        waiting = asyncio.ensure_future(anext(stream, None))
        await asyncio.sleep(1)
        await stream.aclose()
        async with asyncio.timeout(1000):
            assert await waiting is None


def census() -> Counter[str]:
    """How many things of the client are alive, by kind."""
    gc.collect()
    kinds = Counter(f"{type(thing).__module__}.{type(thing).__name__}" for thing in gc.get_objects())
    ours = {kind: count for kind, count in kinds.items() if kind.startswith("qrt_async.")}
    return Counter(
        {kind: count for kind, count in ours.items() if not kind.startswith("qrt_async.emulator.")}
    )


@pytest.mark.long
@pytest.mark.parametrize("source", [programs, one_by_one])
async def test_hundreds_of_programs_need_no_more_memory_than_those_ahead(
    source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "_PAST", 50)  # of those that are over, so many can be found again
    asyncio.get_running_loop().set_debug(False)
    alive: list[Counter[str]] = []
    async with (
        ground(config={"queue_seconds": 0.0, "run_seconds": 0.0}) as here,
        qrt.Submitter(here.service) as submitter,
    ):
        count = 0
        async for _ in submitter.map(source(420), backend=BACKEND, ahead=20, isa="off"):
            count += 1
            if count in (100, 400):
                alive.append(census())
        assert count == 420
    assert alive[0]["qrt_async.submit.submission.Submission"] <= 25
    assert {kind: n for kind, n in (alive[1] - alive[0]).items() if n > 20} == {}, "what grew"


@pytest.mark.long
@pytest.mark.parametrize("source", ["sync", "async"])
async def test_fifty_thousand_programs_need_no_more_memory_than_the_first_thousand(source: str) -> None:
    """The stream itself, over submissions that end at once. So do a million, in a minute."""
    asyncio.get_running_loop().set_debug(False)
    program, place = qrt.Sampler([QASM]), Place()

    async def asynchronous() -> AsyncIterator[qrt.Sampler]:
        for _ in range(50_000):
            yield program

    def submit(_: object) -> tuple[qrt.Submission[Any], Passage]:
        passage = Passage("key", BACKEND, place, lambda _: None)
        submission: qrt.Submission[Any] = qrt.Submission(passage, lambda _: False)
        passage.fail(NotSent("at once"), "withdrawn")
        return submission, passage

    many: Any = asynchronous() if source == "async" else itertools.repeat(program, 50_000)
    crew = Crew(lambda _: None)
    stream = Submissions(many, submit, 100, crew, lambda _: None)
    count, level = 0, []
    async for _ in stream:
        count += 1
        if count in (1_000, 49_000):
            gc.collect()
            level.append(len(gc.get_objects()))
    assert count == 50_000
    assert level[1] <= level[0] + 200
    await crew.finish(1.0)


async def test_a_slow_source_does_not_hold_back_what_has_ended() -> None:
    moments = []

    async def source() -> AsyncIterator[qrt.Sampler]:
        for program in programs(3):
            yield program
            await asyncio.sleep(1000)

    async with ground() as here, qrt.Submitter(here.service) as submitter:
        async for _ in submitter.map(source(), backend=BACKEND):
            moments.append(asyncio.get_running_loop().time())  # noqa: PERF401 - each at its time
    assert [moment // 1000 for moment in moments] == [0, 1, 2]


async def test_breaking_out_is_safe_and_stops_nothing() -> None:
    async def source() -> AsyncIterator[qrt.Sampler]:
        for program in programs(3):
            yield program
        await asyncio.sleep(1e6)

    async with ground() as here, qrt.Submitter(here.service) as submitter:
        stream = submitter.map(source(), backend=BACKEND)
        async for submission in stream:
            await submission
            break
        await stream.aclose()
        await asyncio.sleep(100)
        assert [job["status"] for job in await here.jobs()] == ["Completed"] * 3
        assert [left async for left in stream] == []


async def test_a_full_line_makes_the_stream_wait() -> None:
    async with ground(rate_limit=qrt.RateLimit(5, per=10.0)) as here:
        async with qrt.Submitter(here.service, max_waiting=3) as submitter:
            ended = [s async for s in submitter.map(programs(20), backend=BACKEND, ahead=10)]
        assert len(ended) == len(await here.jobs()) == 20


async def test_an_error_of_the_source_comes_after_all_that_came_before_it() -> None:
    def source() -> Iterator[qrt.Sampler]:
        yield from programs(2)
        raise ZeroDivisionError

    async with ground() as here, qrt.Submitter(here.service) as submitter:
        seen: list[Any] = []
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the loop is what raises
            async for submission in submitter.map(source(), backend=BACKEND):
                seen.append(await submission)  # noqa: PERF401 - up to the error
        assert len(seen) == 2


async def test_one_that_fails_is_yielded_like_the_others() -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        tags = ["emulate:fail=1517"]
        ended = [s async for s in submitter.map(programs(2), backend=BACKEND, tags=tags)]
        errors = await asyncio.gather(*ended, return_exceptions=True)
        assert [type(error) for error in errors] == [qrt.JobFailed] * 2


@pytest.mark.parametrize("wrong", [{"ahead": 0}, {"ahead": True}, {"tenant": ""}])
async def test_what_makes_no_sense_is_refused_at_once(wrong: dict[str, Any]) -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        with pytest.raises(InvalidInput):
            submitter.map(programs(1), backend=BACKEND, **wrong)
