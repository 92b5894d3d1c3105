"""Peeks as they are carried out: what asking for results costs that may not be there."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from qrt_async.errors import Unavailable
from qrt_async.events import LookFailed
from qrt_async.jobs.cadence import PollPolicy
from qrt_async.transport.wire import Request
from tests.jobs.looking import RESULT, Bench, row

pytestmark = pytest.mark.virtual_clock


async def test_results_that_are_there_are_read_in_growing_waves_and_end_their_jobs() -> None:
    bench = Bench(30, lambda request: (200, RESULT))
    await bench.lookout.peek(bench.jobs)
    assert len(bench.asked) == 30
    assert all(path.endswith("/results") for path in bench.paths())
    assert bench.ended == set(bench.jobs)
    assert {known.take_body() for known in bench.jobs.values()} == {RESULT}, "it is not read twice"
    assert bench.decider.allowance.left(0.0) == PollPolicy().burst, "they had to be read anyway"


async def test_peeking_ends_with_a_wave_that_finds_little_and_costs_what_was_in_vain() -> None:
    bench = Bench(30, lambda request: (204, b""))
    await bench.lookout.peek(bench.jobs)
    assert len(bench.asked) == 1
    assert bench.ended == set()
    assert bench.decider.allowance.left(0.0) == PollPolicy().burst - 1
    assert bench.decider.tracks["job0"].alive == 0.0


async def test_a_body_that_is_no_result_is_no_proof_and_the_job_itself_is_read() -> None:
    def answer(request: Request) -> Any:
        if request.path.endswith("/results"):
            return 200, b"Traceback: it went wrong"
        return 200, msgspec.json.encode(row(request.path.rpartition("/")[2], "Failed"))

    bench = Bench(2, answer)
    await bench.lookout.peek(["job0"])
    assert [path.count("results") for path in bench.paths()] == [1, 0]
    assert bench.jobs["job0"].status is not None
    assert bench.jobs["job0"].status.value == "Failed"
    assert bench.jobs["job0"].take_body() is None


async def test_a_failure_of_one_peek_is_no_failure_of_the_others() -> None:
    def answer(request: Request) -> Any:
        return Unavailable("down") if "job1" in request.path else (200, RESULT)

    bench = Bench(3, answer)
    await bench.lookout.peek(bench.jobs)
    assert bench.ended == {"job0", "job2"}, "asked for at once with the one that failed"
    assert isinstance(bench.told[0], LookFailed)
