"""What may hold a submission besides the rate, and the words for it."""

from __future__ import annotations

import pytest

from qrt_async.errors import InvalidInput
from qrt_async.submit.gates import InFlight, Load, PendingCap, Shut

A, B = Load("a", "crn"), Load("b", "crn")


def test_so_many_are_in_flight_and_no_more() -> None:
    gate = InFlight(2)
    gate.take("one", A)
    assert gate.hold(A, 0.0) is None
    gate.take("two", A)
    hold = gate.hold(A, 0.0)
    assert hold is not None
    assert "2 jobs are in flight" in hold.why
    gate.free("one")
    gate.free("one")
    assert gate.hold(A, 0.0) is None
    assert len(gate) == 1


def test_without_a_cap_any_number_may_be_in_flight() -> None:
    gate = InFlight(None)
    for n in range(1000):
        gate.take(str(n), A)
    assert gate.hold(A, 0.0) is None


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "2"])
def test_a_cap_that_makes_no_sense_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidInput, match="max_in_flight"):
        InFlight(wrong)  # type: ignore[arg-type] # wrong on purpose


def test_trouble_shuts_a_gate_for_its_backend_only_and_longer_each_time() -> None:
    gate = Shut(lambda load: load.backend, first=60.0, longest=200.0)
    assert gate.shut(A, "backend a is paused", 0.0) == 60.0
    hold = gate.hold(A, 59.0)
    assert hold is not None
    assert hold.until == 60.0
    assert hold.why == "backend a is paused; tried again after 60 s"
    assert gate.hold(B, 59.0) is None
    assert gate.hold(A, 60.0) is None, "somebody may try"
    assert [gate.shut(A, "again", 60.0) for _ in range(3)] == [120.0, 200.0, 200.0]
    gate.open(A)
    assert gate.hold(A, 61.0) is None
    assert gate.shut(A, "anew", 0.0) == 60.0


class Jobs:
    def __init__(self, pending: int) -> None:
        self.pending = pending
        self.cap = PendingCap(lambda: self.pending)


def test_a_cap_is_not_known_before_the_service_names_it() -> None:
    assert Jobs(100).cap.hold(A, 0.0) is None


def test_after_a_refusal_nobody_tries_before_a_job_of_ours_has_ended() -> None:
    jobs = Jobs(3)
    jobs.cap.refused(3, 0.0)
    hold = jobs.cap.hold(A, 0.0)
    assert hold is not None
    assert "3 pending jobs" in hold.why
    assert hold.until <= 2.0, "the end of a job of ours is seen without a request"
    jobs.pending = 2
    assert jobs.cap.hold(A, 0.0) is None


def test_one_that_leaves_counts_as_pending_until_its_fate_is_known() -> None:
    jobs = Jobs(2)
    jobs.cap.refused(3, 0.0)
    jobs.pending = 1
    jobs.cap.take("next", A)
    assert jobs.cap.hold(A, 0.0) is not None
    jobs.cap.free("next")
    assert jobs.cap.hold(A, 0.0) is None


def test_where_the_pending_jobs_are_others_one_tries_now_and_then() -> None:
    jobs = Jobs(0)
    jobs.cap.refused(3, 0.0)
    assert jobs.cap.hold(A, 29.0) is not None
    assert jobs.cap.hold(A, 30.0) is None
    jobs.cap.refused(3, 30.0)
    assert jobs.cap.hold(A, 60.0) is not None, "longer, the second time"
    assert jobs.cap.hold(A, 90.0) is None


def test_once_let_in_the_cap_is_kept_without_being_refused() -> None:
    jobs = Jobs(0)
    jobs.cap.refused(2, 0.0)
    jobs.pending = 1
    jobs.cap.accepted(40.0)
    assert jobs.cap.hold(A, 41.0) is None
    jobs.pending = 2
    jobs.cap.accepted(41.0)
    assert jobs.cap.hold(A, 42.0) is not None
    assert jobs.cap.hold(A, 101.0) is None, "what nobody watches must not hold for ever"
