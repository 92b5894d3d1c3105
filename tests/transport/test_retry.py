from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import InvalidInput
from qrt_async.transport.retry import PASSING, RetryPolicy, Trouble, pause
from qrt_async.transport.wire import Repeat

POLICY = RetryPolicy(tries=4, base=1.0, cap=3.0, longest=60.0)


def reply(code: int, wish: float | None = None) -> Trouble:
    return Trouble(kind="reply", code=code, retry_after=wish)


@pytest.mark.parametrize(
    ("trouble", "always", "refused", "unsent"),
    [
        (reply(429), True, True, False),
        *[(reply(code), True, False, False) for code in sorted(PASSING - {429})],
        *[(reply(code), False, False, False) for code in (400, 401, 403, 404, 409, 413, 501, 505)],
        (Trouble(kind="unsent"), True, True, True),
        (Trouble(kind="unsent", lasting=True), False, False, False),
        (Trouble(kind="cut"), True, False, False),
        (Trouble(kind="late"), True, False, False),
    ],
)
def test_what_may_be_repeated(trouble: Trouble, always: bool, refused: bool, unsent: bool) -> None:
    kinds: tuple[Repeat, ...] = ("always", "refused", "unsent")
    assert [pause(POLICY, kind, trouble, 1, 0.5) is not None for kind in kinds] == [always, refused, unsent]


def test_the_statuses_that_pass_are_those_of_the_official_client_and_the_edge() -> None:
    assert {429, 500, 502, 503, 504, 520, 521, 522, 524} <= PASSING
    assert PASSING.isdisjoint({400, 401, 403, 404, 409, 413, 501})


@pytest.mark.parametrize(("tried", "most"), [(1, 1.0), (2, 2.0), (3, 3.0)])
def test_pauses_double_up_to_the_cap_with_full_jitter(tried: int, most: float) -> None:
    drawn = [pause(POLICY, "always", reply(500), tried, roll) for roll in (0.0, 0.5, 1.0)]
    assert drawn == [0.0, most / 2, most]


def test_tries_are_counted() -> None:
    assert pause(POLICY, "always", reply(500), 4, 0.5) is None
    assert pause(RetryPolicy(tries=1), "always", reply(500), 1, 0.5) is None


@pytest.mark.parametrize(
    ("wish", "expected"), [(0.0, 0.0), (2.5, 2.5), (60.0, 60.0), (60.1, None), (1e300, None)]
)
def test_the_services_wish_is_kept_exactly_or_left_to_the_caller(wish: float, expected: float | None) -> None:
    assert pause(POLICY, "always", reply(429, wish), 1, 0.5) == expected


@given(
    st.integers(1, 5000),
    st.floats(0, 1),
    st.sampled_from(["always", "refused", "unsent"]),
    st.sampled_from(["unsent", "cut", "late"]),
)
def test_a_pause_is_never_longer_than_the_cap(tried: int, roll: float, repeat: Any, kind: Any) -> None:
    found = pause(RetryPolicy(tries=10_000), repeat, Trouble(kind=kind), tried, roll)
    assert found is None or 0 <= found <= 30.0


@pytest.mark.parametrize(
    "wrong", [{"tries": 0}, {"base": -1.0}, {"cap": -1.0}, {"longest": -0.1}, {"base": float("nan")}]
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="tries must be at least 1"):
        RetryPolicy(**wrong)
