"""What is asked next: facts in, requests out, no loop and no clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.api.models import JobRecord, JobState, ProgramName
from qrt_async.jobs.cadence import PollPolicy
from qrt_async.jobs.cover import Cover
from qrt_async.jobs.decider import Decider, Step
from qrt_async.jobs.known import Acceptance, Known
from qrt_async.jobs.tracks import Moment

EPOCH = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = PollPolicy()


def at(now: float) -> Moment:
    return Moment(now, EPOCH + timedelta(seconds=now))


def record(job_id: str, status: str = "Queued", created: float = 0.0, **more: Any) -> JobRecord:
    return JobRecord(
        id=job_id,
        state=JobState(status_text=status),
        created=EPOCH + timedelta(seconds=created),
        backend="b",
        program=ProgramName(id="sampler"),
        **more,
    )


class Bench:
    """A decider and its jobs, and what one does with it."""

    def __init__(self, policy: PollPolicy = POLICY) -> None:
        self.jobs: dict[str, Known] = {}
        self.decider = Decider(policy, self.jobs, lambda: 0.0)

    def accept(self, count: int, now: float = 0.0) -> list[Known]:
        found = []
        for _ in range(count):
            job_id = f"job{len(self.jobs)}"
            known = self.jobs[job_id] = Known(
                job_id, Acceptance(at=EPOCH + timedelta(seconds=now), program_id="sampler", backend="b")
            )
            self.decider.add(known, at(now))
            found.append(known)
        return found

    def step(self, now: float) -> Step:
        step = self.decider.step(at(now))
        assert step is not None
        return step

    def show(self, known: Known, now: float, status: str = "Queued", *, listed: bool = True) -> None:
        known.learn(record(known.id, status), EPOCH)
        self.decider.saw(known, at(now), listed=listed)

    def looks(self, until: float) -> Iterator[tuple[float, Step]]:
        """Steps in time; whoever iterates shows rows, or not."""
        now = 0.0
        while (step := self.decider.step(at(now))) is not None and now < until:
            if step.look is None and not step.peek:
                now += step.wait
            else:
                self.decider.spend(now)
                yield now, step


def test_with_nothing_to_watch_there_is_nothing_to_do() -> None:
    bench = Bench()
    assert bench.decider.step(at(0.0)) is None
    known = bench.accept(1)[0]
    bench.decider.drop(known.id)
    assert bench.decider.step(at(1.0)) is None


def test_a_job_that_was_just_accepted_is_looked_at_after_the_floor_and_a_strange_one_at_once() -> None:
    bench = Bench()
    bench.accept(1)
    assert bench.step(0.0).wait == 0.5
    bench.jobs["strange"] = strange = Known("strange")
    bench.decider.add(strange, at(0.0))
    look = bench.step(0.0).look
    assert look is not None
    assert look.singles == ("strange",)


def test_one_more_job_calls_for_no_step_unless_it_comes_before_the_next_one() -> None:
    bench = Bench()
    crowd = bench.accept(200)
    bench.step(0.0)
    assert not any(bench.decider.add(known, at(0.1)) for known in crowd), "they are watched already"
    for number in range(100):
        known = bench.jobs[f"more{number}"] = Known(f"more{number}", crowd[0].accepted)
        assert not bench.decider.add(known, at(0.1)), "looked at with the others"
    bench.jobs["strange"] = Known("strange")
    assert bench.decider.add(bench.jobs["strange"], at(0.1)), "nothing is known of it"


def test_a_second_job_and_one_whose_result_is_soon_there_call_for_a_step() -> None:
    bench = Bench(PollPolicy(floor=10.0))
    first, second = bench.accept(2)
    bench.decider.drop(second.id)
    bench.step(0.0)
    assert bench.decider.add(second, at(0.1))
    bench.step(0.1)
    bench.decider.durations.saw(first.kind, 5.0, 5.0)
    assert bench.decider.add(first, at(0.2)), "who awaits it may have its result before the next look"


def test_a_job_whose_handles_are_gone_is_no_longer_watched() -> None:
    bench = Bench()
    bench.accept(2)
    bench.jobs.clear()
    assert bench.decider.step(at(1.0)) is None


def test_two_hundred_jobs_are_one_request_a_look() -> None:
    bench = Bench()
    crowd = bench.accept(200)
    for now, step in bench.looks(3.0):
        assert step.look is not None
        assert step.look.requests == 1
        for known in crowd:
            bench.show(known, now)


def test_an_old_job_that_is_attached_is_as_old_as_the_service_says() -> None:
    bench = Bench()
    bench.jobs["old"] = old = Known("old")
    bench.decider.add(old, at(0.0))
    assert bench.step(0.0).look is not None
    old.learn(record("old", created=-1000.0), EPOCH)
    bench.decider.saw(old, at(0.0), listed=False)
    assert bench.step(0.1).wait == pytest.approx(100.0, rel=0.01)


def test_new_jobs_join_the_looks_at_others_and_do_not_double_them() -> None:
    bench = Bench()
    crowd, made = bench.accept(1), []
    for now, _ in bench.looks(4.0):
        made.append(now)
        for known in crowd:
            bench.show(known, now)
        crowd += bench.accept(5, now)
    assert len(made) <= 9


def test_a_missing_job_is_asked_for_directly_only_after_the_grace_and_one_more_listing() -> None:
    bench = Bench()
    there, missing, other = bench.accept(3)
    direct = None
    for now, step in bench.looks(40.0):
        assert step.look is not None
        if step.look.singles:
            assert step.look.singles == (missing.id,)
            direct = now
            break
        bench.show(there, now)
        bench.show(other, now)
        bench.decider.missed([missing.id], now)
    assert direct is not None
    assert POLICY.lag < direct < POLICY.lag + 5.0


def test_a_row_that_is_older_than_what_was_seen_is_known_as_stale() -> None:
    bench = Bench()
    known = bench.accept(1)[0]
    bench.show(known, 5.0, "Running", listed=False)
    assert bench.decider.is_stale(known, record(known.id, "Queued"), 6.0)
    assert not bench.decider.is_stale(known, record(known.id, "Completed"), 6.0)
    assert not bench.decider.is_stale(known, record(known.id, "Running"), 6.0)
    assert not bench.decider.is_stale(known, record(known.id, "Queued"), 500.0), "it was sent back"


def test_after_a_job_of_its_kind_was_seen_to_end_the_next_is_looked_at_rarely_until_it_can_end() -> None:
    bench = Bench()
    first = bench.accept(1)[0]
    for now, _ in bench.looks(200.0):
        bench.show(first, now, "Completed" if now > 100.0 else "Running", listed=False)
    assert first.final
    now, made = 1000.0, []
    later = bench.accept(1, now)[0]
    while now < 1060.0:
        step = bench.step(now)
        if step.look is None:
            now += step.wait
        else:
            made.append(now)
            bench.show(later, now, "Running", listed=False)
    assert len(made) <= 6, "by its age alone it would be more than thirty"


def test_a_failure_puts_off_everything_for_a_moment_and_its_own_job_longer() -> None:
    bench = Bench()
    bad, good = bench.accept(2)
    waits = []
    now = 10.0
    for _ in range(6):
        waits.append(bench.decider.failed([bad.id], now, None, listing=False))
        bench.decider.outage.succeeded(listing=True)
        now += 5.0
    assert waits == [1.0] * 6, "what works in between is not held up for long"
    assert bench.decider.tracks[bad.id].due >= now - 5.0 + 32.0
    assert bench.decider.tracks[good.id].due < now


def test_a_pause_that_the_service_asks_for_holds_up_everything() -> None:
    bench = Bench()
    crowd = bench.accept(3)
    bench.decider.failed([crowd[0].id], 5.0, 90.0, listing=False)
    assert bench.step(5.0).wait == pytest.approx(90.0)


def test_broken_listings_make_one_job_the_probe_and_bring_single_reads_where_a_listing_fails_again() -> None:
    bench = Bench()
    crowd = bench.accept(5)
    ids, now = [known.id for known in crowd], 1.0

    def look() -> Cover:
        found = bench.step(now).look
        assert found is not None
        for known in crowd:
            bench.decider.tracks[known.id].due = now
        return found

    for _ in range(3):
        now += bench.decider.failed(ids, now, None, listing=True) + 1.0
    probe = look()
    assert (len(probe.listings), len(probe.singles)) == (0, 1)
    bench.decider.outage.succeeded(listing=False)
    now += 5.0
    again = look()
    assert (len(again.listings), len(again.singles)) == (1, 0), "the end of an outage costs no read a job"
    now += bench.decider.failed(ids, now, None, listing=True) + 10.0
    apart = look()
    assert (len(apart.listings), sorted(apart.singles)) == (0, ids)


def test_the_hurry_after_a_cancel_is_a_look_at_once() -> None:
    bench = Bench()
    known = bench.accept(1)[0]
    bench.show(known, 500.0)
    assert bench.step(501.0).wait > 10.0
    bench.decider.hurry(known.id, 502.0)
    assert bench.step(502.0).look is not None


@given(
    jobs=st.integers(1, 60),
    allowance=st.floats(1.0, 600.0),
    burst=st.integers(1, 50),
    shown=st.floats(0.0, 1.0),
)
def test_no_look_is_made_beyond_the_allowance(jobs: int, allowance: float, burst: int, shown: float) -> None:
    bench = Bench(PollPolicy(allowance=allowance, burst=burst))
    crowd, now, spent = bench.accept(jobs), 0.0, list[float]()
    while now < 120.0 and len(spent) < 400:
        step = bench.step(now)
        if step.look is None:
            now += max(step.wait, 1e-3)
            continue
        for number, known in enumerate(crowd):
            if number < shown * jobs:
                bench.show(known, now, listed=bool(step.look.listings))
        if step.look.listings:
            bench.decider.missed([known.id for known in crowd[int(shown * jobs) + 1 :]], now)
        for _ in range(step.look.requests):
            now += bench.decider.allowance.wait(now)
            bench.decider.spend(now)
            spent.append(now)
    for start in spent[:: max(1, len(spent) // 20)]:
        assert sum(start <= moment < start + 60.0 for moment in spent) <= burst + allowance + 1
