"""What was measured, as dictionaries, rows and arrays: each number at its point, and nothing where nothing is."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from qrt_async.errors import InvalidInput, JobFailed
from qrt_async.programs.bits import BitArray
from qrt_async.programs.containers import DataBin, PubResult
from qrt_async.sweep.dataset import MOST_NUMBERS, to_xarray
from qrt_async.sweep.points import SweepPoint
from qrt_async.sweep.sweep import Sweep
from qrt_async.sweep.tables import parameter_columns, to_dicts, to_pandas

NAN = math.nan
SHOTS = 8


def circuit(*names: str, bits: int = 1, registers: tuple[str, ...] = ("c",)) -> str:
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', *(f"input float[64] {name};" for name in names)]
    lines += [f"bit[{bits}] {register};" for register in registers] + [f"qubit[{bits}] q;"]
    lines += [f"rx({name}) q[0];" for name in names]
    return "\n".join([*lines, *(f"{register}[0] = measure q[0];" for register in registers)])


def shots(ones: int, bits: int = 1) -> BitArray:
    """So many of ``SHOTS`` read all ones, the others zeros."""
    return BitArray.from_samples(["1" * bits] * ones + ["0" * bits] * (SHOTS - ones), bits)


def at(sweep: Sweep, index: int, **fields: Any) -> SweepPoint:
    point = SweepPoint(index, sweep.label(index), sweep.circuit_of(index), sweep.parameters(index))
    if fields:
        point.result = PubResult(DataBin(fields), {})
        point.job_id = "job"
    return point


def estimated(sweep: Sweep, missing: Iterable[int] = ()) -> list[SweepPoint]:
    """``evs`` says which point and which observable it is: 100 x index + place."""
    shape = sweep.observables_shape
    places = np.arange(math.prod(shape), dtype=float).reshape(shape)
    return [
        at(sweep, index)
        if index in set(missing)
        else at(sweep, index, evs=(100.0 * index + places)[()], stds=(places / 10.0)[()])
        for index in range(sweep.size)
    ]


def product(**how: Any) -> Sweep:
    return Sweep(circuit("a", "b"), {"a": [0.0, 0.5], "b": [1.0, 2.0, 3.0]}, **how)


# --- dictionaries -----------------------------------------------------------------------------------------


def test_a_sampler_has_counts_by_bitstring() -> None:
    sweep = Sweep(circuit("a"), {"a": [0.0, 0.5]}, shots=SHOTS)
    points = [at(sweep, 0, c=shots(3)), at(sweep, 1)]
    assert to_dicts(sweep, points, transformed=False) == [
        {"index": 0, "name": "a=0.0", "a": 0.0, "counts": {"0": 5, "1": 3}, "error": None, "job_id": "job"},
        {"index": 1, "name": "a=0.5", "a": 0.5, "counts": None, "error": None, "job_id": None},
    ]
    nothing = to_dicts(sweep, [at(sweep, 0), at(sweep, 1)], transformed=False)
    assert [row["counts"] for row in nothing] == [None, None]


def test_an_estimator_has_values_and_standard_errors_in_the_shape_of_its_observables() -> None:
    sweep = product(observables="Z")
    first, *_, last = to_dicts(sweep, estimated(sweep, missing=[5]), transformed=False)
    assert (first["evs"], first["stds"]) == (0.0, 0.0)
    assert math.isnan(last["evs"])
    assert math.isnan(last["stds"])
    assert type(first["evs"]) is float

    sweep = product(observables=["Z", "X"])
    first, *_, last = to_dicts(sweep, estimated(sweep, missing=[5]), transformed=False)
    assert (first["evs"], first["stds"]) == ([0.0, 1.0], [0.0, 0.1])
    assert np.isnan(last["evs"]).tolist() == [True, True]
    assert json.loads(json.dumps(first)) == first


def test_several_registers_have_a_column_each_and_one_has_none_of_its_name() -> None:
    sweep = Sweep({"one": circuit(), "two": circuit(registers=("c", "d"))})
    points = [at(sweep, 0, c=shots(1)), at(sweep, 1, c=shots(2), d=shots(8))]
    rows = to_dicts(sweep, points, transformed=False)
    assert [row["circuit"] for row in rows] == ["one", "two"]
    assert [(row["counts_c"], row["counts_d"]) for row in rows] == [
        ({"0": 7, "1": 1}, None),
        ({"0": 6, "1": 2}, {"1": 8}),
    ]
    sweep = Sweep([circuit(), circuit(registers=("other",))])
    rows = to_dicts(sweep, [at(sweep, 0, c=shots(1)), at(sweep, 1, other=shots(2))], transformed=False)
    assert [row["counts"] for row in rows] == [{"0": 7, "1": 1}, {"0": 6, "1": 2}]


def test_what_is_no_bits_is_there_as_it_is() -> None:
    sweep = Sweep(circuit("a"), {"a": [0.0, 0.5]})
    kerneled = np.array([1 + 2j, 3j])
    first, second = to_dicts(sweep, [at(sweep, 0, c=kerneled), at(sweep, 1)], transformed=False)
    assert first["data"] is kerneled
    assert second["data"] is None
    assert "counts" not in first


def test_errors_are_texts_and_values_are_those_of_the_transform() -> None:
    sweep = Sweep(circuit("a"), {"a": [0.0, 0.5, 1.0]})
    points = [at(sweep, 0, c=shots(3)), at(sweep, 1, c=shots(4)), at(sweep, 2)]
    points[0].value = 0.375
    points[1].error = ZeroDivisionError()
    points[2].error = JobFailed("It failed.", job_id="x")
    rows = to_dicts(sweep, points, transformed=True)
    first, *others = [row["value"] for row in rows]
    assert first == 0.375
    assert np.isnan(others).all()
    assert [row["error"] for row in rows] == [None, "ZeroDivisionError", str(points[2].error)]
    assert "It failed." in rows[2]["error"]
    assert rows[1]["counts"] == {"0": 4, "1": 4}, "the result is there, whatever the function made of it"
    assert "value" not in to_dicts(sweep, points, transformed=False)[0]


def test_parameters_with_our_names_are_not_lost() -> None:
    assert parameter_columns(["theta", "evs", "parameter_evs", "counts_c", "index"]) == {
        "theta": "theta",
        "evs": "parameter_parameter_evs",
        "parameter_evs": "parameter_evs",
        "counts_c": "parameter_counts_c",
        "index": "parameter_index",
    }
    sweep = Sweep(circuit("evs", "point"), {"evs": [0.1, 0.2], "point": [0.3, 0.4]}, observables="Z")
    rows = to_dicts(sweep, estimated(sweep), transformed=False)
    assert [(row["parameter_evs"], row["parameter_point"], row["evs"]) for row in rows] == [
        (0.1, 0.3, 0.0),
        (0.1, 0.4, 100.0),
        (0.2, 0.3, 200.0),
        (0.2, 0.4, 300.0),
    ]
    data = to_xarray(sweep, estimated(sweep), transformed=False)
    assert data.evs.dims == ("parameter_evs", "parameter_point")
    assert float(data.evs.sel(parameter_evs=0.2, parameter_point=0.3)) == 200.0


# --- a table ----------------------------------------------------------------------------------------------


def test_a_frame_has_a_row_for_each_point_and_numbers_where_there_are_any() -> None:
    sweep = product(observables=["Z", "X"])
    frame = to_pandas(sweep, estimated(sweep, missing=[1]), transformed=False)
    assert list(frame.columns) == [
        *("name", "a", "b", "evs[0]", "evs[1]", "stds[0]", "stds[1]", "error", "job_id")
    ]
    assert frame.index.tolist() == list(range(6))
    assert frame.index.name == "index"
    assert frame["a"].tolist() == [0.0, 0.0, 0.0, 0.5, 0.5, 0.5]
    assert frame["evs[1]"].dtype == np.float64
    assert frame["evs[1]"].isna().tolist() == [False, True, False, False, False, False]
    assert frame.loc[frame.b == 2.0, "evs[1]"].dropna().tolist() == [401.0]


def test_elements_of_vectors_and_of_observables_in_two_axes_have_columns() -> None:
    from qiskit.circuit import ParameterVector, QuantumCircuit

    vector = ParameterVector("v", 2)
    made = QuantumCircuit(1)
    made.rx(vector[0], 0)
    made.rz(vector[1], 0)
    sweep = Sweep(made, {"v": [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]}, observables=[["Z", "X"], ["Y", "I"]])
    points = estimated(sweep)
    frame = to_pandas(sweep, points, transformed=False)
    assert frame["v[1]"].tolist() == [1.0, 3.0, 5.0]
    assert frame["evs[1,0]"].tolist() == [2.0, 102.0, 202.0]
    assert to_dicts(sweep, points, transformed=False)[1]["v"] == [2.0, 3.0]
    data = to_xarray(sweep, points, transformed=False)
    assert data.evs.dims == ("v", "observable_0", "observable_1")
    assert data["v[1]"].dims == ("v",)
    assert data["v[1]"].values.tolist() == [1.0, 3.0, 5.0]


def test_counts_of_a_frame_can_be_asked_for_an_outcome() -> None:
    sweep = Sweep(circuit("a"), {"a": [0.0, 0.5, 1.0]})
    points = [at(sweep, 0, c=shots(3)), at(sweep, 1), at(sweep, 2, c=shots(0))]
    frame = to_pandas(sweep, points, transformed=False)
    ones = frame["counts"].map(lambda counts: counts.get("1", 0), na_action="ignore")
    assert ones.isna().tolist() == [False, True, False]
    assert ones.dropna().tolist() == [3, 0]


# --- arrays -----------------------------------------------------------------------------------------------


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
