from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector

from qrt_async.emulator.failure import BAD_INPUT, ProgramFailed
from qrt_async.emulator.simulation.circuits import Circuit
from qrt_async.emulator.simulation.values import read_values
from tests.emulator.lab import typed_array


def circuit_of(*parameters: Parameter) -> Circuit:
    circuit = QuantumCircuit(1)
    for parameter in parameters:
        circuit.rx(parameter, 0)
    return Circuit(circuit, (), tuple(circuit.parameters))


NONE = circuit_of()
ONE = circuit_of(Parameter("a"))
TWO = circuit_of(Parameter("b"), Parameter("a"))
VECTOR = circuit_of(*ParameterVector("v", 12))


@pytest.mark.parametrize(
    ("circuit", "given", "shape"),
    [
        (NONE, None, (0,)),
        (NONE, [], (0,)),
        (NONE, typed_array(np.zeros(0)), (0,)),
        (NONE, {}, (0,)),
        (NONE, typed_array(np.zeros((3, 0))), (3, 0)),
        (ONE, 0.5, (1,)),
        (ONE, [0.5], (1,)),
        (ONE, [0.5, 0.6, 0.7], (3, 1)),
        (ONE, [[0.5], [0.6]], (2, 1)),
        (ONE, {"a": 1}, (1,)),
        (ONE, {"a": [1, 2]}, (2, 1)),
        (ONE, {"a": [[1], [2]]}, (2, 1)),
        (TWO, [1, 2], (2,)),
        (TWO, [[1, 2], [3, 4], [5, 6]], (3, 2)),
        (TWO, {"a": [1, 2], "b": [3, 4]}, (2, 2)),
        (TWO, typed_array(np.ones((4, 5, 2), np.float32)), (4, 5, 2)),
        (VECTOR, [0.0] * 12, (12,)),
        (VECTOR, {"v": [0.0] * 12}, (12,)),
        (VECTOR, {"v": [[0.0] * 12] * 3}, (3, 12)),
    ],
)
def test_values_are_points_by_parameters(circuit: Circuit, given: Any, shape: tuple[int, ...]) -> None:
    assert read_values(given, circuit).shape == shape


def test_names_decide_and_positions_follow_the_circuits_order() -> None:
    by_name = read_values({"b": 2.0, "a": 1.0}, TWO)
    assert by_name.tolist() == read_values([1.0, 2.0], TWO).tolist() == [1.0, 2.0]
    numbers = [float(index) for index in range(12)]
    named = {f"v[{index}]": number for index, number in enumerate(numbers)}
    assert read_values(named, VECTOR).tolist() == read_values(numbers, VECTOR).tolist() == numbers


def test_a_typed_bindings_array_may_bind_several_names_at_once() -> None:
    given = {
        "__type__": "BindingsArray",
        "__value__": {"shape": [3], "data": {json.dumps(["b", "a"]): typed_array([[2, 1], [4, 3], [6, 5]])}},
    }
    assert read_values(given, TWO).tolist() == [[1, 2], [3, 4], [5, 6]]


@pytest.mark.parametrize(
    ("circuit", "given", "says"),
    [
        (NONE, [0.5], "1 values for 0 parameters"),
        (NONE, 0.5, "0 parameters"),
        (NONE, {"a": 1}, "no parameters"),
        (ONE, None, "0 values for 1 parameters: a"),
        (ONE, [], "0 values"),
        (ONE, {"x": 1}, "['x'] are not among them"),
        (ONE, {}, "['a'] have no value"),
        (ONE, {"a": float("nan")}, "finite"),
        (ONE, [float("inf")], "finite"),
        (ONE, ["0.5"], "real numbers"),
        (ONE, [[1, 2], [3]], ""),
        (ONE, {"a": {"__type__": "complex", "__value__": [1, 1]}}, ""),
        (ONE, {"__type__": "ndarray", "__value__": "!"}, "not base64"),
        (ONE, {"__type__": "ndarray", "__value__": "AAAA"}, "not base64 of zlib"),
        (ONE, {"__type__": "Parameter", "__value__": "AAAA"}, "not understood"),
        (ONE, typed_array(np.array([1 + 1j])), "real numbers"),
        (TWO, [1, 2, 3], "3 values for 2 parameters: a, b"),
        (TWO, {"a": [1, 2], "b": [1, 2, 3]}, ""),
        (TWO, {"a": 1}, "['b'] have no value"),
    ],
)
def test_values_that_do_not_fit_the_circuit_are_refused(circuit: Circuit, given: Any, says: str) -> None:
    with pytest.raises(ProgramFailed, match="do not fit the circuit") as caught:
        read_values(given, circuit)
    assert caught.value.code == BAD_INPUT
    assert says in caught.value.reason


def test_an_array_of_objects_is_refused_and_never_unpickled() -> None:
    given = typed_array(np.array([print], dtype=object))
    with pytest.raises(ProgramFailed, match="do not fit"):
        read_values(given, ONE)
