from __future__ import annotations

import pytest

from qrt_async.emulator.ask import Ask
from qrt_async.emulator.wire import Problem


def ask(**query: list[str]) -> Ask:
    return Ask(ids={}, query=query, headers={}, body=b"", now=0.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7),
        ("1", 1),
        ("200", 200),
        ("0", 200),
        ("201", 200),
        ("300", 200),
        ("-1", 200),
        ("abc", 200),
        ("", 200),
        ("²", 200),
        ("9" * 5000, 200),
    ],
)
def test_a_number_out_of_range_is_the_default(text: str, expected: int) -> None:
    assert ask(limit=[text]).number("limit", range(1, 201), 200) == expected


def test_a_flag_is_true_false_or_absent_and_nothing_else() -> None:
    assert ask(pending=["true"]).flag("pending") is True
    assert ask(pending=["False"]).flag("pending") is False
    assert ask().flag("pending") is None
    assert ask().flag("pending", default=True) is True
    with pytest.raises(Problem) as caught:
        ask(pending=["maybe"]).flag("pending")
    assert caught.value.status == 400


def test_the_last_of_repeated_values_counts() -> None:
    assert ask(sort=["ASC", "DESC"]).one("sort") == "DESC"
    assert ask().one("sort") is None
