"""What was measured, as dictionaries and rows: each number at its point, and nothing where nothing is."""

from __future__ import annotations

import json
import math

import numpy as np

from qrt_async.errors import JobFailed
from qrt_async.sweep.dataset import to_xarray
from qrt_async.sweep.sweep import Sweep
from qrt_async.sweep.tables import parameter_columns, to_dicts, to_pandas
from tests.sweep.measured import SHOTS, at, circuit, estimated, product, shots

NAN = math.nan


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
