"""Points of sweeps: every form that users give, against itertools, zip and NumPy."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.circuit import Parameter, ParameterVector

from qrt_async.errors import InvalidInput
from qrt_async.sweep.grid import Grid
from qrt_async.sweep.reading import read_grid

numbers = st.floats(-10, 10) | st.integers(-5, 5)
axes = st.dictionaries(
    st.sampled_from("abcd"), st.lists(numbers, min_size=1, max_size=4) | numbers, min_size=1
)


def points(grid: Grid) -> list[dict[str, Any]]:
    return [grid.point(index) for index in range(grid.size)]


@given(axes)
def test_a_product_is_itertools_product(axes: dict[str, Any]) -> None:
    grid = read_grid(axes)
    spans = [value if isinstance(value, list) else [value] for value in axes.values()]
    assert points(grid) == [dict(zip(axes, row, strict=True)) for row in itertools.product(*spans)]
    assert grid.names == tuple(axes)
    assert grid.shape == tuple(len(value) for value in axes.values() if isinstance(value, list))
    assert {name: axis.tolist() for name, axis in (grid.axes or {}).items()} == {
        name: value for name, value in axes.items() if isinstance(value, list)
    }


@given(axes, axes.filter(bool), st.data())
def test_columns_are_the_points_between(
    axes: dict[str, Any], more: dict[str, Any], data: st.DataObject
) -> None:
    first = {name: value for name, value in axes.items() if name in more}
    second = {name: more[name] for name in first}
    grid = read_grid([first, [second, first]] if first else axes)
    start = data.draw(st.integers(0, grid.size))
    stop = data.draw(st.integers(start, grid.size))
    expected = points(grid)[start:stop]
    columns = grid.columns(start, stop)
    assert set(columns) == set(grid.names)
    for name, column in columns.items():
        assert column.dtype == np.float64
        assert column.tolist() == [point[name] for point in expected]


def test_lists_of_mappings_follow_one_another() -> None:
    grid = read_grid([{"a": 1, "b": 2}, {"b": 4, "a": 3}, [{"a": [5, 6], "b": [7, 8]}, [{"a": 9, "b": 0}]]])
    assert [tuple(point.values()) for point in points(grid)] == [
        (1, 2), (3, 4), (5, 7), (5, 8), (6, 7), (6, 8), (9, 0),
    ]  # fmt: skip
    assert (grid.shape, grid.axes) == ((7,), None)


def test_arrays_of_one_shape_are_zipped_and_give_the_points_their_shape() -> None:
    a, b = np.meshgrid([1.0, 2.0], [3.0, 4.0, 5.0])
    grid = read_grid({"a": a, "b": b, "c": 7}, "zip")
    assert (grid.shape, grid.size, grid.axes) == ((3, 2), 6, None)
    assert [tuple(point.values()) for point in points(grid)] == [
        (x, y, 7) for x, y in zip(a.ravel(), b.ravel(), strict=True)
    ]


def test_vectors_are_rows() -> None:
    rows = [[1, 2, 3], [4, 5, 6]]
    product = read_grid({ParameterVector("v", 3): rows, Parameter("a"): [0, 1]})
    assert (product.shape, product.widths) == ((2, 2), {"v": 3, "a": None})
    assert product.columns(1, 3)["v"].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert product.label(3) == "v=[4.0,5.0,6.0],a=1.0"
    zipped = read_grid({"v": rows, "a": [0, 1]}, "zip")
    assert (zipped.shape, zipped.widths) == ((2,), {"v": 3, "a": None})
    fixed = read_grid({ParameterVector("v", 3): [1, 2, 3], "a": [0, 1]}, "zip")
    assert (fixed.shape, fixed.point(1)["v"].tolist()) == ((2,), [1, 2, 3])


def test_tuples_of_names_share_an_axis() -> None:
    grid = read_grid({("x", Parameter("y")): [[1, 2], [3, 4]], "b": [5, 6]})
    assert (grid.names, grid.shape) == (("x", "y", "b"), (2, 2))
    assert grid.point(2) == {"x": 3, "y": 4, "b": 5}
    assert {name: axis.tolist() for name, axis in (grid.axes or {}).items()} == {
        "x,y": [[1, 2], [3, 4]],
        "b": [5, 6],
    }


@pytest.mark.parametrize(
    ("parameters", "listing"),
    [
        (["a", "b"], [(1, 2), (3, 4)]),
        (["a", Parameter("b")], [(1, 2), {"b": 4, "a": 3}]),
        (["a", "b"], np.array([[1, 2], [3, 4]])),
        (None, [{"a": 1, "b": 2}, {Parameter("b"): 4, "a": 3}]),
        ({"a": [1, 3], "b": [2, 4]}, [(1, 2), (3, 4)]),
    ],
)
def test_points_may_be_listed(parameters: Any, listing: Any) -> None:
    grid = read_grid(parameters, listing)
    assert points(grid) == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert grid.shape == (2,)


def test_listed_points_may_have_vectors_and_what_is_fixed() -> None:
    grid = read_grid({"c": 7, "v": [[1, 2], [3, 4]]}, [([3, 4],), {"v": [1, 2]}])
    assert grid.names == ("c", "v")
    assert grid.columns(0, 2)["v"].tolist() == [[3, 4], [1, 2]]
    assert grid.columns(0, 2)["c"].tolist() == [7, 7]


@pytest.mark.parametrize("given", [None, {}])
def test_without_parameters_there_is_one_point(given: Any) -> None:
    grid = read_grid(given)
    assert (grid.size, grid.shape, grid.names, points(grid), grid.label(0)) == (1, (), (), [{}], "")


def test_labels_tell_values_apart_and_ignore_their_types() -> None:
    one, other = read_grid({"a": np.array([0.5, 1], dtype=np.float32)}), read_grid({"a": [0.5, np.int64(1)]})
    assert [one.label(at) for at in (0, 1)] == [other.label(at) for at in (0, 1)] == ["a=0.5", "a=1.0"]
    assert read_grid({"a": [0.1 + 0.2]}).label(0) == "a=0.30000000000000004"
    assert read_grid({"a": -0.0}).label(0) == read_grid({"a": 0}).label(0) == "a=0.0"


@pytest.mark.parametrize(
    ("parameters", "combine", "said"),
    [
        ({"a": [1, 2], "b": [1, 2, 3]}, "zip", r"a: \(2,\), b: \(3,\).*combine='product'"),
        ({"a": []}, "product", "'a': got no values"),
        ({"a": [1, float("nan")]}, "product", "NaN or infinity"),
        ({"a": [1, "x"]}, "product", "got 'x'; allowed are finite numbers"),
        ({"a": [True]}, "product", "got True"),
        ({"a": 1j}, "product", "got 1j"),
        ({"a": [[1], [1, 2]]}, "product", "unequal shapes"),
        ({"a": np.zeros((2, 2, 2))}, "product", r"\(2, 2, 2\).*np.meshgrid.*combine='zip'"),
        ({3: [1]}, "product", "parameter 3; allowed are names"),
        ({"a": 1, Parameter("a"): 2}, "product", "values for 'a' twice"),
        ({("a", "b"): [1, 2, 3]}, "product", "2 numbers a point"),
        ([], "product", "empty list"),
        ([{"a": 1}, [{"b": 1}]], "product", r"parameters\[1\]\[0\]: got no values for 'a'"),
        ([{"a": 1}, 0.3], "product", r"parameters\[1\]: got 0.3"),
        (0.3, "product", "parameters of type float"),
        ({"a": 1}, "outer", "combine is 'outer'; allowed are 'product', 'zip'"),
        ({"a": 1}, 3, "combine is 3"),
        (["a"], [], "empty list of points"),
        (None, [(1,)], "name these"),
        (["a"], [(1, 2)], r"combine\[0\]: got \(1, 2\)"),
        (["a", "b"], [{"a": 1, "b": 2}, {"a": 1}], r"combine\[1\]: .*'b' is missing"),
        (["a", "b"], [(1, 2), (3, "x")], r"combine\[1\], parameter 'b': got 'x'"),
        (["v"], [([1, 2],), ([3],)], r"combine\[1\], parameter 'v': .*\(1,\)"),
        ({"a": [1, 2], "b": 7}, [(1,), (3,)], r"combine\[1\]: got 3.0 for 'a'"),
        ({"a": 1}, [(1,)], "no parameter that changes"),
        ({"a": range(10**6), "b": range(10**6)}, "product", "at most 1,000,000,000"),
        ({"a": range(10**30)}, "product", "at most 1,000,000,000"),
        ({"a": np.ma.array([1.0, 2.0], mask=[False, True])}, "product", "masked"),
    ],
)
def test_what_is_wrong_is_named(parameters: Any, combine: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_grid(parameters, combine)


@pytest.mark.parametrize("bounds", [(-1, 1), (0, 3), (2, 1)])
def test_there_are_no_points_beyond_the_grid(bounds: tuple[int, int]) -> None:
    with pytest.raises(IndexError, match="there are 2"):
        read_grid({"a": [1, 2]}).columns(*bounds)


def test_what_was_given_is_copied() -> None:
    values = np.array([1.0, 2.0])
    grid = read_grid({"a": values})
    values[:] = 0
    assert grid.point(1) == {"a": 2.0}


def test_a_million_points_take_the_memory_of_their_axes() -> None:
    tracemalloc.start()
    grid = read_grid({"a": np.linspace(0, 1, 1000), "b": np.linspace(0, 1, 1000)})
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grid.size == 1_000_000
    assert kept < 100_000
