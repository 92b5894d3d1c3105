"""What was measured, as arrays with an axis for each parameter: nothing where nothing is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from qrt_async.errors import InvalidInput
from qrt_async.sweep.dataset import MOST_NUMBERS, to_xarray
from qrt_async.sweep.sweep import Sweep
from tests.sweep.measured import SHOTS, at, circuit, estimated, product, shots

NAN = math.nan


def test_a_product_has_an_axis_for_each_parameter() -> None:
    sweep = product(observables=["Z", {"X": 0.5, "Y": -1}])
    data = to_xarray(sweep, estimated(sweep, missing=[4]), transformed=False)
    assert data.evs.dims == ("a", "b", "observable")
    assert data.a.values.tolist() == [0.0, 0.5]
    assert data.observable.values.tolist() == ["Z", "0.5*X - 1*Y"]
    for index in (0, 1, 2, 3, 5):
        values = sweep.parameters(index)
        assert data.evs.sel(values).values.tolist() == [100.0 * index, 100.0 * index + 1]
        assert data.stds.sel(values).values.tolist() == [0.0, 0.1]
    assert np.isnan(data.evs.sel(a=0.5, b=2.0)).all()
    assert int(np.isnan(data.evs).sum()) == 2


def test_a_number_is_a_coordinate_without_an_axis() -> None:
    sweep = Sweep(circuit("a", "b"), {"a": 0.25, "b": [1.0]}, observables="Z")
    data = to_xarray(sweep, estimated(sweep), transformed=False)
    assert data.evs.dims == ("b",)
    assert (float(data.a), data.a.dims, data.b.values.tolist()) == (0.25, (), [1.0])


def test_values_side_by_side_lie_along_points() -> None:
    sweep = Sweep(circuit("a", "b"), {"a": [0.0, 1.0], "b": [2.0, 3.0]}, observables="Z", combine="zip")
    data = to_xarray(sweep, estimated(sweep), transformed=False)
    assert data.evs.dims == ("point",)
    assert data.b.dims == ("point",)
    assert data.b.values.tolist() == [2.0, 3.0]

    a, b = np.meshgrid([0.0, 1.0], [2.0, 3.0, 4.0])
    sweep = Sweep(circuit("a", "b"), {"a": a, "b": b}, observables="Z", combine="zip")
    data = to_xarray(sweep, estimated(sweep), transformed=False)
    assert data.evs.dims == ("point_0", "point_1")
    assert np.array_equal(data.a.values, a)
    assert data.evs.values[1, 0] == 200.0
    assert data.evs.where((data.a == 1.0) & (data.b == 4.0), drop=True).values.tolist() == [[500.0]]


def test_circuits_have_an_axis_with_their_names() -> None:
    given = {"up": circuit("a"), "down": circuit("a")}
    sweep = Sweep(given, {"a": [0.0, 0.5, 1.0]}, observables="Z")
    data = to_xarray(sweep, estimated(sweep), transformed=False)
    assert data.evs.dims == ("circuit", "a")
    assert data.evs.sel(circuit="down").values.tolist() == [300.0, 400.0, 500.0]
    sweep = Sweep(given, {"a": 1.0}, observables="Z")
    assert to_xarray(sweep, estimated(sweep), transformed=False).evs.sel(circuit="down") == 100.0


def test_counts_lie_along_every_bitstring() -> None:
    sweep = Sweep(circuit("a", bits=2), {"a": [0.0, 0.5, 1.0]})
    points = [at(sweep, 0, c=shots(3, 2)), at(sweep, 1), at(sweep, 2, c=shots(8, 2))]
    data = to_xarray(sweep, points, transformed=False)
    assert data.counts.dims == ("a", "bitstring")
    assert data.bitstring.values.tolist() == ["00", "01", "10", "11"]
    assert data.counts.sel(a=0.0).values.tolist() == [5, 0, 0, 3]
    assert data.counts.sel(a=1.0, bitstring="11") == SHOTS
    assert np.isnan(data.counts.sel(a=0.5)).all()
    assert np.array_equal(data.shots, [8, NAN, 8], equal_nan=True)


def test_each_of_several_registers_has_bitstrings_of_its_own() -> None:
    sweep = Sweep(circuit("a", registers=("c", "d")), {"a": [0.0, 0.5]})
    points = [at(sweep, 0, c=shots(3), d=shots(1, 2)), at(sweep, 1, c=shots(0), d=shots(8, 2))]
    data = to_xarray(sweep, points, transformed=False)
    assert data.counts_c.dims == ("a", "bitstring_c")
    assert data.counts_c.sel(bitstring_c="1").values.tolist() == [3, 0]
    assert data.counts_d.sel(bitstring_d="11").values.tolist() == [1, 8]


def test_registers_of_other_names_in_other_circuits_are_one_array() -> None:
    sweep = Sweep([circuit(), circuit(registers=("other",))])
    data = to_xarray(sweep, [at(sweep, 0, c=shots(1)), at(sweep, 1, other=shots(2))], transformed=False)
    assert data.counts.dims == ("circuit", "bitstring")
    assert data.counts.values.tolist() == [[7, 1], [6, 2]]
    wider = [at(sweep, 0, c=shots(1)), at(sweep, 1, other=shots(2, 2))]
    data = to_xarray(sweep, wider, transformed=False)
    assert data.counts_other.sel(circuit="1").values.tolist() == [6, 0, 0, 2]
    assert np.isnan(data.counts_other.sel(circuit="0")).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: {"c": shots(1, 11)}, r"'c' has 11 bits.*2,048 counts.*at most 10 bits.*to_dicts\(\)"),
        (lambda: {"c": np.array([1j])}, r"'c' holds ndarray, not bits.*to_dicts\(\)"),
    ],
)
def test_registers_that_cannot_be_an_axis_are_told_what_can(
    make: Callable[[], dict[str, Any]], words: str
) -> None:
    sweep = Sweep(circuit())
    with pytest.raises(InvalidInput, match=words):
        to_xarray(sweep, [at(sweep, 0, **make())], transformed=False)


def test_more_counts_than_memory_are_refused_before_they_are_made() -> None:
    points = MOST_NUMBERS // 1024 + 1
    sweep = Sweep(circuit("a"), {"a": np.arange(points, dtype=float)})
    with pytest.raises(InvalidInput, match="134,218,752 counts"):
        to_xarray(sweep, [at(sweep, 0, c=shots(1, 10))], transformed=False)


def test_one_register_of_two_widths_has_no_common_axis() -> None:
    sweep = Sweep([circuit(), circuit()])
    with pytest.raises(InvalidInput, match="no common axis"):
        to_xarray(sweep, [at(sweep, 0, c=shots(1)), at(sweep, 1, c=shots(1, 2))], transformed=False)


@pytest.mark.parametrize(
    ("values", "kind", "dims", "expected"),
    [
        ([1, None, 0.5], "f", ("a",), [1.0, NAN, 0.5]),
        ([1 + 1j, 2.0, None], "c", ("a",), [1 + 1j, 2.0, NAN]),
        ([None, None, None], "f", ("a",), [NAN, NAN, NAN]),
        ([[1, 2], None, [3, 4]], "f", ("a", "value_axis"), [[1, 2], [NAN, NAN], [3, 4]]),
        (["x", None, "y"], "O", ("a",), ["x", NAN, "y"]),
        ([[1], [2, 3], None], "O", ("a",), [[1], [2, 3], NAN]),
    ],
)
def test_values_are_numbers_where_they_can_be(
    values: list[Any], kind: str, dims: tuple[str, ...], expected: list[Any]
) -> None:
    sweep = Sweep(circuit("a"), {"a": [0.0, 0.5, 1.0]}, observables="Z")
    points = estimated(sweep)
    for point, value in zip(points, values, strict=True):
        point.value = value
    found = to_xarray(sweep, points, transformed=True)["value"]
    assert (found.dtype.kind, found.dims) == (kind, dims)
    if kind == "O":
        assert repr(found.values.tolist()) == repr(expected)
    else:
        assert np.array_equal(found.values, np.array(expected), equal_nan=True)
