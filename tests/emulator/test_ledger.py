from __future__ import annotations

import pytest

from qrt_async.emulator.agenda import Agenda
from qrt_async.emulator.job import Job, Plan, Posted
from qrt_async.emulator.ledger import JobIds, Ledger
from qrt_async.emulator.wire import Problem
from qrt_async.emulator.wishes import wish
from tests.emulator.driver import DONE

RUN = bytes(range(16))


class Bench:
    """A ledger, its agenda, and what it told."""

    def __init__(self) -> None:
        self.agenda = Agenda()
        self.told: list[tuple[str, str, float]] = []
        self.held = False
        self.ledger = Ledger(
            self.agenda, lambda job, at: self.told.append((job.id, job.status, at)), lambda job: self.held
        )

    def add(
        self, name: str, *, created: float = 0.0, queue: float = 10.0, tag: str = "", backend: str = "a"
    ) -> Job:
        plan = Plan(queue=queue, run=4.0, lag=0.0, expected_queue=queue, expected_run=4.0)
        posted = Posted(program_id="sampler", backend=backend, params=b"{}", cost=600)
        tags = (tag,) if tag else ()
        job = Job(
            id=name,
            user_id="u",
            crn="c",
            created=created,
            posted=posted,
            plan=plan,
            wish=wish(tags),
            tags=tags,
        )
        self.ledger.add(job)
        return job

    def until(self, now: float) -> None:
        while (due := self.agenda.pop(now)) is not None:
            (self.ledger.start if due.what == "start" else self.ledger.end)(due.key, due.at)


def test_ids_have_20_base32hex_characters_sort_by_time_and_do_not_repeat_in_another_run() -> None:
    ids, again = JobIds(RUN), JobIds(bytes(reversed(RUN)))
    drawn = [ids.next(1000.0 + step // 3) for step in range(300)]
    assert all(len(name) == 20 and set(name) <= set("0123456789abcdefghijklmnopqrstuv") for name in drawn)
    assert drawn == sorted(drawn)
    assert len({*drawn, *(again.next(1000.0) for _ in range(300))}) == 600


def test_each_change_is_told_with_its_own_time() -> None:
    bench = Bench()
    bench.add("x", created=1.0)
    bench.ledger.finished("x", DONE, 2.0)
    bench.until(1000.0)
    assert bench.told == [("x", "Queued", 1.0), ("x", "Running", 11.0), ("x", "Completed", 15.0)]


def test_a_run_that_outlasts_its_plan_ends_with_its_simulation() -> None:
    bench = Bench()
    bench.add("x")
    bench.until(20.0)
    bench.ledger.finished("x", DONE, 21.5)
    assert bench.told[-1] == ("x", "Completed", 21.5)


def test_a_simulation_that_is_early_does_not_end_the_run() -> None:
    bench = Bench()
    bench.add("x")
    bench.until(12.0)
    bench.ledger.finished("x", DONE, 12.0)
    assert bench.told[-1][1] == "Running"
    bench.until(14.0)
    assert bench.told[-1] == ("x", "Completed", 14.0)


def test_a_job_that_never_starts_stays_queued_and_one_with_a_queue_runs_for_ever() -> None:
    bench = Bench()
    bench.add("x", tag="emulate:never")
    plan = Plan(queue=5.0, run=4.0, lag=0.0, expected_queue=5.0, expected_run=4.0)
    posted = Posted(program_id="sampler", backend="a", params=b"{}", cost=600)
    wished = wish(["emulate:never", "emulate:queue=5"])
    bench.ledger.add(
        Job(id="y", user_id="u", crn="c", created=0.0, posted=posted, plan=plan, wish=wished, tags=())
    )
    bench.until(1e9)
    assert bench.told == [("x", "Queued", 0.0), ("y", "Queued", 0.0), ("y", "Running", 5.0)]


def test_positions_count_the_queued_jobs_of_the_backend_that_start_earlier() -> None:
    bench = Bench()
    jobs = [bench.add("slow", queue=30.0), bench.add("quick", queue=1.0), bench.add("other", backend="b")]
    assert [bench.ledger.position(job) for job in jobs] == [1, 0, 0]
    assert bench.ledger.queue_length("a") == 2
    bench.until(1.0)
    assert bench.ledger.position(jobs[0]) == 0
    assert bench.ledger.queue_length("a") == 1


def test_held_jobs_start_when_they_are_released_and_not_before() -> None:
    bench = Bench()
    bench.add("x")
    bench.held = True
    bench.until(50.0)
    assert bench.told[-1][1] == "Queued"
    bench.held = False
    bench.ledger.release(60.0)
    assert bench.told[-1] == ("x", "Running", 60.0)


def test_a_cancelled_job_neither_starts_nor_ends() -> None:
    bench = Bench()
    job = bench.add("x")
    bench.ledger.cancel(job, 1.0)
    bench.ledger.finished("x", DONE, 2.0)
    bench.until(100.0)
    assert bench.told[-1] == ("x", "Cancelled", 1.0)
    assert bench.ledger.pending("u") == 0


def test_pending_counts_queued_and_running_jobs() -> None:
    bench = Bench()
    bench.add("x")
    bench.add("y", queue=1.0)
    bench.until(1.0)
    assert bench.ledger.pending("u") == 2
    bench.ledger.finished("y", DONE, 1.0)
    bench.until(5.0)
    assert bench.ledger.pending("u") == 1


@pytest.mark.parametrize(("name", "crn"), [("nobody", "c"), ("x", "another instance")])
def test_a_job_that_is_not_there_is_404_with_1291(name: str, crn: str) -> None:
    bench = Bench()
    bench.add("x")
    with pytest.raises(Problem, match=f"Job ID: {name}") as caught:
        bench.ledger.find(name, crn)
    assert (caught.value.status, caught.value.code) == (404, 1291)


def test_a_deleted_job_is_forgotten_by_all_but_the_controls() -> None:
    bench = Bench()
    job = bench.add("x")
    bench.ledger.cancel(job, 1.0)
    bench.ledger.delete(bench.ledger.find("x", "c"), 2.0)
    with pytest.raises(Problem):
        bench.ledger.find("x", "c")
    assert list(bench.ledger.owned("u", "c")) == []
    assert [kept.deleted for kept in bench.ledger.all()] == [2.0]
