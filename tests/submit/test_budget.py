"""A budget of QPU seconds: settled + reserved + the next cost fit, or nothing is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import InvalidInput
from qrt_async.submit.budget import Budget, Spending
from qrt_async.submit.diary import Account
from qrt_async.submit.gates import Load


def load(cost: int | None = None) -> Load:
    return Load("backend", cost=cost)


def settle(spending: Spending, key: str, charged: float) -> None:
    """As whoever carries a submission does."""
    spending.free(key)
    spending.learn(
        Account(settled=spending.settled + charged, elsewhere=spending.elsewhere, granted=True), 0.0
    )


def test_what_others_have_reserved_counts_as_of_the_last_look() -> None:
    spending = Spending(Budget(seconds=100, cost=60))
    spending.take("one", load())
    assert spending.room == 40
    spending.free("one")
    spending.learn(Account(settled=10.0, elsewhere=50.0), 1000.0)
    hold = spending.hold(load(), 1005.0)
    assert hold is not None
    assert (hold.until, hold.hopeless) == (1010.0, False)
    assert "50 s reserved" in hold.why
    assert spending.hold(load(40), 1005.0) is None
    assert spending.hold(load(), 1010.0) is None, "the others may have settled meanwhile: the diary decides"
    spending.learn(Account(settled=41.0), 1010.0)
    hold = spending.hold(load(), 1011.0)
    assert hold is not None
    assert hold.hopeless


def test_what_may_be_charged_all_the_same_stays_reserved() -> None:
    spending = Spending(Budget(seconds=100, cost=60))
    spending.take("one", load())
    spending.free("one", unclear=True)
    assert spending.reserved == 60


def test_a_cost_stays_reserved_until_the_charge_is_settled() -> None:
    spending = Spending(Budget(seconds=100, cost=60))
    assert spending.hold(load(), 0.0) is None
    spending.take("one", load())
    hold = spending.hold(load(), 0.0)
    assert hold is not None
    assert not hold.hopeless
    assert "60 s reserved" in hold.why
    settle(spending, "one", 12.0)
    assert (spending.settled, spending.reserved) == (12.0, 0.0)
    assert spending.hold(load(), 0.0) is None


def test_what_will_never_fit_is_hopeless() -> None:
    spending = Spending(Budget(seconds=100, cost=60))
    spending.take("one", load())
    settle(spending, "one", 50.0)
    hold = spending.hold(load(), 0.0)
    assert hold is not None
    assert hold.hopeless
    assert spending.hold(load(50), 0.0) is None


def test_what_was_not_sent_costs_nothing() -> None:
    spending = Spending(Budget(seconds=100, cost=60))
    spending.take("one", load())
    spending.free("one")
    assert (spending.settled, spending.reserved) == (0.0, 0.0)


def test_every_job_gets_a_cost() -> None:
    assert Budget(seconds=1000).cost_of(None) == 300
    assert Budget(seconds=1000).cost_of(0) == 300, "0 would be the plan's own maximum"
    assert Budget(seconds=1000).cost_of(20) == 20
    assert Budget(seconds=10).cost_of(None) == 10


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"seconds": 1, "cost": 0}, {"seconds": 1, "cost": 1.5}])
def test_a_budget_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        Budget(**wrong)  # type: ignore[arg-type] # wrong on purpose


@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0, 3), st.booleans()), max_size=60))
def test_an_overrun_is_at_most_what_is_charged_beyond_cost(jobs: list[tuple[int, float, bool]]) -> None:
    spending, beyond, under_way = Spending(Budget(seconds=100)), 0.0, dict[str, tuple[int, float]]()
    for n, (cost, factor, settles) in enumerate(jobs):
        if spending.hold(load(cost), 0.0) is None:
            spending.take(str(n), load(cost))
            under_way[str(n)] = (cost, cost * factor)
        if settles and under_way:
            key, (reserved, charged) = under_way.popitem()
            settle(spending, key, charged)
            beyond += max(0.0, charged - reserved)
    assert spending.settled + spending.reserved <= 100 + beyond + 1e-6
