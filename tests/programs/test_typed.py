from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import finish, typed_array
from qrt_async.programs.typed import Tree, encode, parse, plain_array, reading, revive_values, unpack


def typed(kind: str, value: Any) -> dict[str, Any]:
    return {"__type__": kind, "__value__": value}


@pytest.mark.parametrize(
    ("node", "value"),
    [
        (typed("complex", [1, -2]), 1 - 2j),
        (typed("set", [1, 2, 2]), {1, 2}),
        (typed("set", [[1], [2]]), [[1], [2]]),
        (typed("datetime", "2026-01-02T03:04:05.5"), datetime(2026, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        (typed("datetime", "2026-01-02T03:04:05+02:00"), datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        (typed("ndarray", "linear"), "linear"),
        (typed("to_json", {"a": 1}), {"a": 1}),
        (typed("ndarray", ["a", None]), ["a", None]),
        (typed("ndarray", [[1], [2, 3]]), [[1], [2, 3]]),
        (typed("Later", 3), typed("Later", 3)),
        ({"__type__": "complex"}, {"__type__": "complex"}),
        ({"__type__": 3, "__value__": 4}, {"__type__": 3, "__value__": 4}),
        ([{"a": typed("complex", [0, 1])}], [{"a": 1j}]),
    ],
)
def test_typed_values_are_revived_and_others_survive(node: Any, value: Any) -> None:
    assert revive_values(node) == value


def test_arrays_come_packed_or_as_lists() -> None:
    assert revive_values(typed_array(np.arange(3))).tolist() == [0, 1, 2]
    assert revive_values(typed("ndarray", [[1, 2], [3, 4]])).shape == (2, 2)
    assert revive_values(typed("ndarray", 3)).shape == ()
    assert revive_values(typed("ndarray", [typed("complex", [0, 1])])).tolist() == [1j]


@pytest.mark.parametrize(
    "node",
    [
        typed("complex", [1]),
        typed("complex", "x"),
        typed("datetime", "yesterday"),
        typed("datetime", 3),
        typed("set", 3),
        typed("ndarray", "AAAA"),
    ],
)
def test_typed_values_that_are_none_are_an_error(node: Any) -> None:
    with pytest.raises(ResultError):
        revive_values(node)


def test_unpacking_reads_arrays_only_and_in_steps() -> None:
    tree = {"a": [typed_array(np.arange(3)), typed("complex", [1, 2])], "b": typed("ndarray", "fallback")}
    got = finish(unpack(tree))
    assert got["a"][0]["__value__"].tolist() == [0, 1, 2]
    assert got["a"][1] == typed("complex", [1, 2])
    assert revive_values(got)["a"][0].tolist() == [0, 1, 2]
    assert revive_values(got)["b"] == "fallback"


def test_a_tree_of_many_nodes_is_looked_through_in_steps() -> None:
    assert sum(1 for _ in unpack([{"a": 1} for _ in range(10_000)])) > 8
    assert sum(1 for _ in unpack(list(range(100_000)))) > 8


def test_json_is_read_as_the_service_writes_it() -> None:
    assert parse(b'{"a": [1, NaN, -Infinity]}')["a"][2] == -np.inf
    assert parse(b'{"a": 12345678901234567890123}')["a"] == 12345678901234567890123
    for wrong in (b"", b"{", b"\xff", b"nan"):
        with pytest.raises(ValueError, match=r".*"):
            parse(wrong)


def test_numbers_in_lists_become_an_array_and_nothing_else_does() -> None:
    assert plain_array([[1, 2.5]]).dtype == float
    assert plain_array(0.5).shape == ()
    for other in (["a"], [1, "a"], [[1], [2, 3]], [10**30], [None], {"a": 1}):
        assert plain_array(other) is other


def test_depth_is_an_error_not_a_crash() -> None:
    node: Any = typed("set", [])
    for _ in range(5000):
        node = typed("set", [node])
    with pytest.raises(ResultError, match="deep"), reading("It"):
        Tree({"set": lambda value, revive: revive(value)}).revive(node)


def test_objects_are_encoded_with_their_types() -> None:
    assert revive_values(encode(np.arange(2))).tolist() == [0, 1]
    assert encode(np.float32(0.5)) == 0.5
    assert encode(1 + 2j) == typed("complex", [1.0, 2.0])
    assert encode(date(2026, 1, 2)) == typed("datetime", "2026-01-02")
    assert encode(datetime(2026, 1, 2, tzinfo=timezone(timedelta(0)))) == typed(
        "datetime", "2026-01-02T00:00:00+00:00"
    )
    with pytest.raises(TypeError, match="no encoding"):
        encode(object())
