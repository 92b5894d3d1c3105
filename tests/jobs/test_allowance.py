"""What all looks together may cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.jobs.allowance import Allowance
from qrt_async.jobs.cadence import PollPolicy


@given(st.lists(st.floats(0, 30), max_size=300))
def test_no_minute_ever_holds_more_requests_than_burst_and_allowance(gaps: list[float]) -> None:
    policy = PollPolicy(allowance=60.0, burst=20)
    allowance, now, made = Allowance(policy), 0.0, []
    for gap in gaps:
        now += gap
        wait = allowance.wait(now)
        if wait == 0.0:
            allowance.spend(now)
            made.append(now)
    for start in made:
        assert sum(start <= moment < start + 60.0 for moment in made) <= 20 + 60 + 1


def test_the_allowance_says_how_long_to_wait() -> None:
    allowance = Allowance(PollPolicy(allowance=60.0, burst=2))
    allowance.spend(0.0)
    allowance.spend(0.0)
    assert allowance.wait(0.0) == 1.0
    assert allowance.wait(0.75) == pytest.approx(0.25)
    assert allowance.wait(1.0) == 0.0
    assert allowance.wait(1.0, spare=1.0) == 1.0
    assert allowance.left(1.0) == 1.0


def test_requests_are_rationed_the_more_the_less_is_left() -> None:
    allowance = Allowance(PollPolicy(allowance=60.0, burst=20))
    rations = []
    for _ in range(20):
        rations.append(allowance.ration(0.0))
        allowance.spend(0.0)
    assert rations[:6] == [0.0] * 6, "plenty needs no rationing"
    assert rations[6] > 0.0
    assert rations == sorted(rations)
    assert allowance.ration(0.0) == 1.0, "what the allowance gives in the long run"
