from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from qrt_async.errors import InvalidInput
from qrt_async.programs.values import Box, Parameters, broadcast, named, positional, read_box


@given(arrays.mutually_broadcastable_shapes(num_shapes=3, min_dims=0, max_dims=3, max_side=4))
def test_shapes_broadcast_as_numpy_broadcasts_them(shapes: Any) -> None:
    assert broadcast(shapes.input_shapes, "values") == shapes.result_shape


@given(
    arrays.mutually_broadcastable_shapes(num_shapes=1, min_dims=0, max_dims=3, min_side=1, max_side=4),
    st.booleans(),
)
def test_boxes_stretch_as_numpy_stretches_them(shapes: Any, as_array: bool) -> None:
    (shape,) = shapes.input_shapes
    array = np.arange(float(np.prod(shape))).reshape(shape)
    box = read_box(array if as_array else array.tolist(), "x")
    assert box.shape == shape
    wider = (2, *shapes.result_shape)
    assert np.array_equal(box.stretched(wider), np.broadcast_to(array, wider))


@pytest.mark.parametrize("shapes", [[(2,), (3,)], [(2, 3), (2,)], [(4, 1), (3, 1)]])
def test_shapes_that_do_not_broadcast_are_named(shapes: Any) -> None:
    with pytest.raises(InvalidInput, match=r"values of shapes .* do not broadcast"):
        broadcast(shapes, "values")


@pytest.mark.parametrize(
    "given",
    [
        0.5,
        1,
        np.float32(0.5),
        np.int64(2),
        [1, 2.5],
        (1, 2),
        range(3),
        [[1], [2]],
        np.array([1, 2]),
        np.array(3.0),
        [],
    ],
)
def test_numbers_lists_and_arrays_are_boxes_of_floats(given: Any) -> None:
    box = read_box(given, "x")
    assert box.shape == np.shape(given)
    assert np.asarray(box.nested, dtype=float).tolist() == np.asarray(given, dtype=float).tolist()


@pytest.mark.parametrize(
    "given",
    [float("nan"), [0.1, float("inf")], np.array([np.nan]), "0.3", None, True, 1j, [[1], [2, 3]], [1, [2]], {"a": 1},
     np.array([1j]), np.array(["a"]), np.ma.masked, np.ma.array([1.0, 2.0], mask=[False, True])],
)  # fmt: skip
def test_anything_else_is_refused_with_the_name_of_the_parameter(given: Any) -> None:
    with pytest.raises(InvalidInput, match="x: got"):
        read_box(given, "x")


def test_names_may_be_grouped_and_vectors_named_as_a_whole() -> None:
    names = ["theta[0]", "theta[1]", "phi"]
    expected = {"theta[0]": Box((), 1.0), "theta[1]": Box((), 2.0), "phi": Box((), 3.0)}
    assert named({"theta": [1, 2], "phi": 3}, names, "PUB 0").boxes == expected
    assert named({("theta[0]", "phi"): [1, 3], "theta[1]": 2}, names, "PUB 0").boxes == expected
    assert named({"theta[0]": 1, "theta[1]": [2], "phi": 3}, names, "PUB 0").boxes == expected


def test_names_go_unchecked_where_the_circuit_does_not_tell() -> None:
    assert named({"a": 1}, None, "PUB 0").boxes == {"a": Box((), 1.0)}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "no value for 'a', 'b'"),
        ({"a": 1}, "no value for 'b'"),
        ({"a": 1, "b": 2, "c": 3}, "values for 'c', which it does not have"),
        ({("a", "b"): [1, 2, 3]}, "the last axis must have 2 entries"),
        ({("a", "b"): 1}, "the last axis must have 2 entries"),
        ({3: 1}, "allowed are names"),
        ({"a": [1, 2], "b": [1, 2, 3]}, "do not broadcast"),
    ],
)
def test_names_that_do_not_match_are_told_apart(given: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        named(given, ["a", "b"], "PUB 0")


def test_positions_run_along_the_last_axis() -> None:
    names = ["a", "b"]
    assert positional([1, 2], names, "x") == Parameters((), {"a": Box((), 1.0), "b": Box((), 2.0)})
    assert positional([[1, 2], [3, 4], [5, 6]], names, "x").boxes["b"] == Box((3,), [2.0, 4.0, 6.0])
    assert positional(np.zeros((4, 3, 2)), names, "x").shape == (4, 3)


def test_a_single_parameter_needs_no_axis_of_its_own() -> None:
    assert positional(0.3, ["a"], "x").shape == ()
    assert positional([0.3], ["a"], "x").shape == ()
    assert positional([0.1, 0.2], ["a"], "x").shape == (2,)
    assert positional([[0.1], [0.2]], ["a"], "x").shape == (2,)
    assert named({"a": [[0.1], [0.2]]}, ["a"], "x").shape == (2,)


def test_positions_that_do_not_fit_are_refused_with_the_order() -> None:
    with pytest.raises(InvalidInput, match=r"in the order 'a', 'b'"):
        positional([1, 2, 3], ["a", "b"], "x")
    with pytest.raises(InvalidInput, match="0 parameters"):
        positional([1], [], "x")


def test_a_shape_that_ends_in_one_is_sent_with_an_axis_for_the_parameter() -> None:
    """The service takes a last axis of one for the parameter itself, as Qiskit does."""
    assert Parameters((), {"a": Box((), 0.5)}).by_name() == {"a": 0.5}
    assert Parameters((2,), {"a": Box((), 0.5)}).by_name() == {"a": [0.5, 0.5]}
    assert Parameters((2, 1), {"a": Box((2, 1), [[1.0], [2.0]])}).by_name() == {"a": [[[1.0]], [[2.0]]]}
    assert Parameters((), {}).by_name() is None


def test_lists_are_read_without_numpy() -> None:
    code = (
        "import sys; from qrt_async.programs.program import Sampler; "
        "Sampler([('input float a; qubit q;', {'a': [0.1, 0.2]})]).encode(); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    "given", [{"v": [1, 2], "v[0]": 3}, {("a", "a"): [1, 2]}, {"a": 1, ("a", "b"): [1, 2]}]
)
def test_a_parameter_is_given_once(given: Any) -> None:
    names = ("v[0]", "v[1]") if "v" in given else ("a", "b")
    with pytest.raises(InvalidInput, match="twice"):
        named(given, names, "x")
