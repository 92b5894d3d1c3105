"""Looks as they are carried out: which requests are made, and what their answers mean."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from qrt_async.errors import NotAuthorized, NotFound, ServiceError, Throttled, Unavailable
from qrt_async.events import LookFailed
from qrt_async.jobs.cadence import PollPolicy
from qrt_async.jobs.lookout import Failed
from qrt_async.transport.wire import Request
from tests.jobs.looking import Bench, row

pytestmark = pytest.mark.virtual_clock


def pages(*rows: list[dict[str, Any]], limit: int = 3) -> Callable[[Request], Any]:
    """A listing in pages, which are asked for by offset."""
    flat = [each for page in rows for each in page]

    def answer(request: Request) -> Any:
        offset = int(dict(request.query).get("offset", 0))
        found = {"jobs": flat[offset : offset + limit], "limit": limit, "offset": offset, "count": len(flat)}
        return 200, msgspec.json.encode(found)

    return answer


async def test_a_listing_is_read_until_all_that_were_due_are_seen_and_no_page_further() -> None:
    rows = [row(f"job{number}", "Completed") for number in range(9)]
    bench = Bench(9, pages(rows))
    await bench.walk("job0", "job4")
    assert len(bench.asked) == 2
    assert bench.ended == {f"job{number}" for number in range(6)}, "others on those pages come for free"


async def test_the_end_of_a_listing_is_the_end_and_what_it_did_not_show_is_not_lost() -> None:
    bench = Bench(5, pages([row("job0"), row("stranger"), row("job1"), row("job2")]))
    await bench.walk("job0", "job1", "job2", "job4")
    assert len(bench.asked) == 2
    assert bench.lost == {}
    assert bench.decider.tracks["job4"].missing == 0.0
    assert not bench.decider.tracks["job4"].overdue, "it may be late"
    assert bench.decider.tracks["job0"].listed
    assert bench.decider.lengths == {"window": 4}


async def test_the_newest_rows_are_read_so_far_and_no_further() -> None:
    bench = Bench(9, pages([row(f"job{number}") for number in range(9)]))
    await bench.walk("job8", how="recent", most=2)
    assert len(bench.asked) == 2
    assert bench.decider.tracks["job8"].overdue, "it is old, or not there: asked for by itself"


async def test_a_row_that_cannot_be_read_is_as_good_as_none() -> None:
    odd = {"id": "job1", "state": 5}
    bench = Bench(2, pages([row("job0", "Completed"), odd]))
    await bench.walk("job0", "job1")
    assert bench.ended == {"job0"}
    assert bench.decider.tracks["job1"].missing == 0.0


async def test_a_job_that_left_what_is_pending_is_asked_for_at_once() -> None:
    bench = Bench(2, pages([row("job0", "Running")]))
    await bench.walk("job0", "job1", how="pending")
    assert bench.decider.tracks["job1"].due == 0.0
    assert bench.decider.tracks["job0"].due > 0.0


async def test_the_same_row_again_says_nothing_new_but_that_the_job_was_there() -> None:
    bench = Bench(1, pages([row("job0")]))
    await bench.walk("job0")
    first = bench.jobs["job0"].record
    await asyncio.sleep(3.0)
    await bench.walk("job0")
    assert bench.jobs["job0"].record is first
    assert bench.decider.tracks["job0"].alive == 3.0


async def test_a_job_that_a_direct_read_does_not_find_is_lost_unless_it_is_new() -> None:
    bench = Bench(1, lambda request: NotFound("no such job"))
    await bench.read("job0")
    assert bench.lost == {}
    await asyncio.sleep(PollPolicy().lag)
    await bench.read("job0")
    assert isinstance(bench.lost["job0"], NotFound)


async def test_a_job_that_has_ended_meanwhile_is_not_asked_for() -> None:
    bench = Bench(2, lambda request: (200, msgspec.json.encode(row("job0", "Completed"))))
    await bench.read("job0")
    await bench.read("job0", "gone")
    assert len(bench.asked) == 1


async def test_a_failure_ends_the_look_is_told_and_puts_off_what_comes() -> None:
    bench = Bench(3, lambda request: Throttled("slow down", retry_after=7.0))
    with pytest.raises(Failed):
        await bench.read("job0", "job1", "job2")
    assert len(bench.asked) == 1
    assert bench.told == [LookFailed(why="slow down", again_in=7.0)]
    assert bench.decider.outage.until == 7.0
    assert bench.lost == {}


async def test_a_listing_that_is_not_found_is_a_failure_and_no_verdict_on_its_jobs() -> None:
    bench = Bench(2, lambda request: NotFound("no such session"))
    with pytest.raises(Failed):
        await bench.walk("job0", "job1", how="session")
    assert bench.lost == {}
    assert isinstance(bench.told[0], LookFailed)


async def test_nobody_below_repeats_a_request_for_news() -> None:
    bench = Bench(1, lambda request: Unavailable("down"))
    for look in (bench.walk, bench.read):
        with pytest.raises(Failed):
            await look("job0")
    assert [request.repeat for request in bench.asked] == ["unsent", "unsent"]


@pytest.mark.parametrize(("status", "despairs"), [(403, 1), (401, 0)])
async def test_a_right_that_stays_refused_ends_the_waiting_and_a_token_does_not(
    status: int, despairs: int
) -> None:
    bench = Bench(1, lambda request: NotAuthorized("no", status=status))
    for _ in range(3):
        with pytest.raises(Failed):
            await bench.read("job0")
    assert len(bench.despair) == despairs


async def test_refusals_with_an_answer_between_them_are_not_in_a_row() -> None:
    good = (200, msgspec.json.encode(row("job0")))
    answers = [NotAuthorized("no", status=403)] * 2 + [good] + [NotAuthorized("no", status=403)] * 2
    bench = Bench(1, lambda request: answers.pop(0))
    for _ in range(5):
        with contextlib.suppress(Failed):
            await bench.read("job0")
    assert bench.despair == []


async def test_requests_beyond_the_burst_wait_for_the_allowance() -> None:
    bench = Bench(
        5,
        lambda request: (200, msgspec.json.encode(row(request.path.rpartition("/")[2]))),
        PollPolicy(burst=2, allowance=30.0),
    )
    await bench.read(*bench.jobs)
    assert bench.at == pytest.approx([0.0, 0.0, 2.0, 4.0, 6.0])


async def test_estimates_that_are_not_to_be_had_are_not_asked_for_again() -> None:
    bench = Bench(1, lambda request: NotFound("no metrics"))
    await asyncio.sleep(10.0)
    await bench.lookout.estimate()
    await asyncio.sleep(100.0)
    await bench.lookout.estimate()
    assert len(bench.asked) == 1
    assert bench.jobs["job0"].hintless


async def test_what_may_not_be_asked_is_no_reason_for_standing_still() -> None:
    bench = Bench(1, lambda request: ServiceError("not yours"))
    await asyncio.sleep(2 * 3600.0)
    await bench.lookout.seek_reasons()
    asked = len(bench.asked)
    assert asked > 0
    assert bench.told == []
    await bench.lookout.seek_reasons()
    assert len(bench.asked) == asked, "the same place is not asked about again at once"
