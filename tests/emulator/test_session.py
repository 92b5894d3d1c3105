from __future__ import annotations

from typing import Any

from qrt_async.emulator import session as life
from qrt_async.emulator.session import Session


def session(**facts: Any) -> Session:
    fields: dict[str, Any] = {"mode": "dedicated", "stamps": (("open", 0.0),)}
    return Session(
        id="s",
        user_id="u",
        crn="c",
        backend="ibm_a",
        created=0.0,
        max_ttl=600,
        interactive_ttl=60,
        active_ttl=600,
        **(fields | facts),
    )


def test_the_first_activation_is_remembered_and_later_jobs_do_not_move_it() -> None:
    active = life.activate(life.activate(session(), 10.0), 20.0)
    assert (active.state, active.activated_at, active.last_job_started) == ("active", 10.0, 20.0)
    assert active.stamps == (("open", 0.0), ("active", 10.0))


def test_a_dedicated_session_counts_only_the_time_in_which_it_was_active() -> None:
    idle = life.inactivate(life.activate(session(), 10.0), 40.0)
    assert idle.elapsed(500.0) == 30.0
    again = life.activate(idle, 600.0)
    assert again.elapsed(605.0) == 35.0
    assert life.close(again, 610.0, "session_closed_early").elapsed(9999.0) == 40.0


def test_a_batch_counts_what_its_jobs_were_charged() -> None:
    batch = life.note_end(life.activate(session(mode="batch"), 10.0), 14.0, 2.5)
    assert life.note_end(batch, 20.0, 1.5).elapsed(9999.0) == 4.0
    assert batch.last_job_completed == 14.0


def test_a_closed_session_has_a_time_a_reason_and_takes_no_jobs() -> None:
    closed = life.close(session(), 5.0, "session_closed_early")
    assert (closed.state, closed.closed_at, closed.reason, closed.accepting) == (
        "closed",
        5.0,
        "session_closed_early",
        False,
    )
