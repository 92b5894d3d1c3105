from __future__ import annotations

import pytest

from qrt_async.emulator.wire import Problem
from qrt_async.emulator.wishes import Wish, wish


def test_tags_of_users_ask_for_nothing() -> None:
    assert wish(["a", "emulated", "qrt:key"]) == Wish()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["emulate:fail"], Wish(ending="fail", code=1500)),
        (["emulate:fail=1517"], Wish(ending="fail", code=1517)),
        (["emulate:ran-too-long"], Wish(ending="ran-too-long")),
        (["emulate:cancelled"], Wish(ending="cancelled")),
        (["emulate:never"], Wish(ending="never")),
        (["emulate:queue=0", "emulate:run=2.5"], Wish(queue=0.0, run=2.5)),
        (["mine", "emulate:queue=3", "emulate:fail"], Wish(ending="fail", queue=3.0)),
    ],
)
def test_each_wish_is_read(tags: list[str], expected: Wish) -> None:
    assert wish(tags) == expected


@pytest.mark.parametrize(
    "tag",
    [
        "emulate:queue",
        "emulate:queue=soon",
        "emulate:run=-1",
        "emulate:run=inf",
        "emulate:run=nan",
        "emulate:fail=12",
        "emulate:fail=x",
        "emulate:never=1",
        "emulate:explode",
    ],
)
def test_a_wish_that_nobody_would_obey_is_refused(tag: str) -> None:
    with pytest.raises(Problem) as caught:
        wish([tag])
    assert (caught.value.status, caught.value.code) == (400, 1208)
