"""A sweep from its plan to its last point, in simulated time."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qrt_async as qrt
from qrt_async.emulator.work import Outcome, Work
from qrt_async.errors import InvalidInput, OverUsage, Refused
from tests.ground import BACKEND
from tests.sweep.ground import CIRCUIT, Reads, open_ground, read, sweep

pytestmark = pytest.mark.virtual_clock


class Loads(Reads):
    """Fails as the service does for a gate that it does not know."""

    async def run(self, work: Work) -> Outcome:
        if b"frob" in bytes(work.params):
            self.code = 1603
            return self._failed("The circuit could not be loaded")
        return await super().run(work)


def read_result(result: Any) -> int:
    (counted,) = result.data.meas.get_int_counts()
    value: int = counted
    return value


async def test_every_point_gets_its_own_result(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="own", pack=6)
        seen = [point async for point in run]
        assert Counter(point.index for point in seen) == Counter(range(20))
        assert all(read(point) == point.parameters["x"] == point.index for point in seen)
        assert all(point.result.data.meas.num_shots == 3 and point.result.data.shape == () for point in seen)
        assert len(await here.jobs()) == 4


async def test_nothing_is_sent_before_it_is_asked_for(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="asked", pack=6)
        plan = await run.plan()
        await asyncio.sleep(1000)
        assert (plan.points, len(plan.jobs)) == (20, 4)
        assert await here.jobs() == []
        run.start()
        await asyncio.sleep(1000)
        assert len(await here.jobs()) == 4


async def test_breaking_off_stops_nothing_and_iterating_again_replays(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="replay", pack=3)
        async for first in run:
            assert read(first) == first.index
            break
        seen = [point.index async for point in run]
        assert sorted(seen) == list(range(20))
        assert [point.index async for point in run] == seen
        assert len(await here.jobs()) == 7


async def test_the_points_of_a_job_come_as_soon_as_it_has_ended() -> None:
    async with open_ground(rate_limit=(1, 60.0)) as (_, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="early", pack=10)
        loop = asyncio.get_running_loop()
        at = {point.index: loop.time() async for point in run}
        assert max(at[index] for index in range(10)) + 50 < min(at[index] for index in range(10, 20))


async def test_one_bad_point_costs_no_more_than_its_own_result(journal: Path | None) -> None:
    simulator = Reads(bad=[321])
    async with open_ground(simulator, journal) as (here, submitter):
        run = submitter.sweep(sweep(500), backend=BACKEND, name="bad")
        points = await run
        errors = [point for point in points if point.error is not None]
        assert [point.index for point in errors] == [321]
        assert isinstance(errors[0].error, qrt.JobFailed)
        assert errors[0].result is None
        assert all(read(point) == point.index for point in points if point.error is None)
        assert len(await here.jobs()) <= 1 + math.ceil(math.log2(500)) + 1
        assert run.progress.extra_jobs == len(await here.jobs()) - 1


async def test_a_point_that_the_reason_names_costs_one_job() -> None:
    async with open_ground(Reads(bad=[7], names=True)) as (here, submitter):
        points = await submitter.sweep(sweep(500), backend=BACKEND, name="named")
        assert [point.index for point in points if point.error] == [7]
        assert len(await here.jobs()) == 2


@pytest.mark.parametrize("allowed", [None, 3, 0])
async def test_where_every_point_is_bad_it_stops_at_the_bound(allowed: int | None) -> None:
    async with open_ground(Reads(bad=range(500))) as (here, submitter):
        run = submitter.sweep(sweep(500), backend=BACKEND, name="all", extra_jobs=allowed)
        points = await run
        assert all(isinstance(point.error, qrt.JobFailed) for point in points)
        bound = math.ceil(math.log2(500)) + 1 if allowed is None else allowed
        assert len(await here.jobs()) <= 1 + bound


async def test_bad_points_in_both_halves_end_the_search_and_the_others_keep_their_results() -> None:
    async with open_ground(Reads(bad=[3, 400])) as (here, submitter):
        points = await submitter.sweep(sweep(500), backend=BACKEND, name="two")
        failed = {point.index for point in points if point.error is not None}
        assert {3, 400} <= failed
        assert all(read(point) == point.index for point in points if point.index not in failed)
        assert len(await here.jobs()) <= 1 + math.ceil(math.log2(500)) + 1


@pytest.mark.parametrize(
    "tag", ["emulate:ran-too-long", "emulate:fail=9999", "emulate:cancelled", "emulate:fail=1217"]
)
async def test_a_job_that_failed_for_another_reason_is_not_split(tag: str) -> None:
    async with open_ground() as (here, submitter):
        points = await submitter.sweep(sweep(), backend=BACKEND, name="other", tags=[tag])
        assert len(await here.jobs()) == 1
        assert all(isinstance(point.error, qrt.QrtError) for point in points)
        assert [point.index for point in points] == list(range(20))


@pytest.mark.parametrize("names", ["bad a", "a bad", "a bad b", "bad a b c", "a b c bad"])
async def test_a_circuit_that_cannot_be_loaded_takes_no_other_one_with_it(
    names: str, journal: Path | None
) -> None:
    circuits = {
        name: CIRCUIT.replace("U(x", "frob(x") if name == "bad" else CIRCUIT for name in names.split()
    }
    async with open_ground(Loads(), journal) as (here, submitter):
        wanted = qrt.Sweep(circuits, {"x": range(50)}, shots=3)
        points = await submitter.sweep(wanted, backend=BACKEND, name="circuits", isa="off")
        assert {point.circuit for point in points if point.error is not None} == {"bad"}
        assert all((point.error is not None) == (point.circuit == "bad") for point in points)
        assert len(await here.jobs()) <= 1 + math.ceil(math.log2(len(circuits))) + 1


async def test_points_of_a_circuit_that_cannot_be_loaded_are_not_sent_any_more(journal: Path | None) -> None:
    wanted = qrt.Sweep(CIRCUIT.replace("U(x", "frob(x"), {"x": range(60)}, shots=3)
    async with open_ground(Loads(), journal, rate_limit=(2, 60.0)) as (here, submitter):
        run = submitter.sweep(wanted, backend=BACKEND, name="spoilt", isa="off", pack=2)
        points = await run
        assert len(await here.jobs()) == 2
        assert all(isinstance(point.error, qrt.JobFailed) for point in points[:4])
        assert all("Not sent, since an earlier job failed" in str(point.error) for point in points[4:])
        assert (run.progress.failed, run.progress.over) == (60, True)


async def test_points_that_failed_can_be_tried_again(journal: Path | None) -> None:
    simulator = Reads(bad=[4])
    async with open_ground(simulator, journal) as (_, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="again")
        assert [point.index for point in await run if point.error] == [4]
        simulator.bad.clear()
        assert await run.retry_failed() == 1
        points = await run
        assert all(point.error is None and read(point) == point.index for point in points)
        assert run.progress.over


async def test_the_function_of_the_user_makes_values_and_errors_of_points() -> None:
    def function(result: qrt.PubResult) -> int:
        (value,) = result.data.meas.get_int_counts()
        return int(100 // value)

    async with open_ground() as (_, submitter):
        points = await submitter.sweep(sweep(), backend=BACKEND, name="worked", pack=6, transform=function)
        assert [point.value for point in points[1:]] == [100 // value for value in range(1, 20)]
        assert isinstance(points[0].error, ZeroDivisionError)
        assert points[0].result is not None


async def test_progress_counts_every_point_once() -> None:
    async with open_ground(rate_limit=(2, 60.0)) as (_, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="progress", pack=4)
        run.start()
        seen = [progress async for progress in run.updates()]
        assert all(one.done + one.failed + one.running + one.missing == 20 for one in seen)
        assert any(one.running == 8 for one in seen)
        assert any(one.why_waiting for one in seen)
        assert seen[-1].over
        assert [one.done for one in seen] == sorted(one.done for one in seen)


async def test_a_job_is_counted_from_its_submission_on_and_never_less(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (_, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="counted", pack=4, transform=read_result)
        run.start()
        seen = [progress async for progress in run.updates()]
        assert [one.jobs for one in seen] == sorted(one.jobs for one in seen)
        assert [one.jobs_done for one in seen] == sorted(one.jobs_done for one in seen)
        assert all(one.jobs_done == one.jobs == 5 for one in seen if one.over)


async def test_a_job_that_was_refused_is_none() -> None:
    async with open_ground() as (here, submitter):
        await here.fault(kind="status", method="POST", path="/v1/jobs", status=400)
        run = submitter.sweep(sweep(), backend=BACKEND, name="refused", pack=4)
        assert all(isinstance(point.error, Refused) for point in await run)
        assert (run.progress.failed, run.progress.jobs, run.progress.jobs_done) == (20, 0, 0)


async def test_a_wait_that_runs_down_is_no_news() -> None:
    async with open_ground(rate_limit=(2, 60.0)) as (_, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="waits", pack=4)
        run.start()
        seen = 0
        async for progress in run.updates():
            seen += 1
            assert progress.why_waiting is None or progress.eta is not None
            await asyncio.sleep(0.1)  # a display takes a moment, in which the wait gets shorter
        assert seen < 20


async def test_a_batch_is_opened_for_the_jobs_and_closed_after_them() -> None:
    async with open_ground() as (here, submitter):
        await submitter.sweep(sweep(), backend=BACKEND, name="batch", pack=6, mode="batch")
        page = await here.service.jobs.list()
        assert len({job.session_id for job in page.jobs}) == 1
        assert page.jobs[0].session_id
        requests = await here.requests()
        assert (
            sum(count for what, count in requests.items() if what.startswith("POST") and "sessions" in what)
            == 1
        )
        assert sum(count for what, count in requests.items() if what.startswith("PATCH")) == 1


async def test_a_budget_holds_what_it_does_not_cover() -> None:
    async with open_ground() as (here, submitter):
        run = submitter.sweep(
            sweep(),
            backend=BACKEND,
            name="budget",
            pack=6,
            budget=qrt.Budget(seconds=35, cost=30),
            over_usage="allow",
        )
        points = await run
        assert len(await here.jobs()) == 3
        assert [point.index for point in points if point.error] == [18, 19]
        assert all(isinstance(point.error, OverUsage) for point in points[18:])


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"name": ""}, "name"),
        ({"pack": "fast"}, "pack"),
        ({"mode": "dedicated"}, "mode"),
        ({"private": True}, "private"),
        ({"extra_jobs": -1}, "extra_jobs"),
        ({"extra_jobs": 1.5}, "extra_jobs"),
        ({"executor": object()}, "transform"),
        ({"over_usage": True}, "over_usage"),
        ({"extra_jobs": "3"}, "extra_jobs"),
        ({"extra_jobs": 2.5}, "extra_jobs"),
        ({"pack": np.array([1, 2])}, "pack"),
        ({"budget": 30}, "budget is 30"),
        ({"transform": len, "executor": 4}, "executor is 4"),
        ({"cost": "long"}, "cost"),
        ({"cost": 20.5}, "cost"),
        ({"tags": "x"}, "tags"),
        ({"log_level": "loud"}, "log_level"),
        ({"session_id": 5}, "session_id"),
        ({"isa": "maybe"}, "isa"),
        ({"backend": ""}, "backend"),
    ],
)
async def test_what_cannot_be_meant_is_refused_at_once(how: dict[str, Any], words: str) -> None:
    async with open_ground() as (_, submitter):
        with pytest.raises(InvalidInput, match=words):
            submitter.sweep(sweep(), **{"backend": BACKEND, "name": "wrong", **how})


async def test_awaiting_gives_all_points_in_the_order_of_the_sweep(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (_, submitter):
        run = submitter.sweep(sweep(), backend=BACKEND, name="order", pack=3)
        assert [point.index for point in await run] == list(range(20))
        assert [point.index for point in run.points()] == list(range(20))
        assert all(read(point) == point.index for point in run.points())
