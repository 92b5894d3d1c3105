from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import primitives
from qiskit.quantum_info import PauliList, SparsePauliOp

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import typed_array
from qrt_async.programs.program import Program
from qrt_async.programs.results import decode


def typed(kind: str, value: Any) -> dict[str, Any]:
    return {"__type__": kind, "__value__": value}


def read(value: Any) -> Any:
    return decode("any", Program("any", {"value": value}).encode())["value"]


def test_operators_are_data_that_know_what_they_were() -> None:
    paulis = read(PauliList(["XX", "IZ"]))
    assert paulis == ["XX", "IZ"]
    assert paulis.to_qiskit() == PauliList(["XX", "IZ"])
    terms = SparsePauliOp(["XX", "IZ", "XX"], [1, 2j, 3])
    assert read(terms) == {"XX": 4, "IZ": 2j}
    assert read(terms).to_qiskit() == terms


def test_observables_are_nested_lists() -> None:
    nested = [[{"ZZ": 1.0}], [{"XX": 0.5, "YI": 2.0}]]
    observables = read(typed("ObservablesArray", nested))
    assert observables == nested
    assert observables.to_qiskit().tolist() == primitives.ObservablesArray(nested).tolist()
    assert read(typed("ObservablesArray", {"ZZ": 1.0})) == {"ZZ": 1.0}


def test_bindings_are_arrays_by_names() -> None:
    arrays = {'["theta", "phi"]': typed_array(np.zeros((2, 2))), '["b"]': typed_array(np.ones((2, 1)))}
    bindings = read(typed("BindingsArray", {"shape": [2], "data": arrays}))
    assert bindings[("theta", "phi")].shape == (2, 2)
    assert bindings.shape == (2,)
    assert bindings.to_qiskit().shape == (2,)
    assert bindings.to_qiskit().data[("b",)].tolist() == [[1], [1]]


def test_settings_of_another_class_stay_data() -> None:
    node = {
        "__type__": "settings",
        "__module__": "m",
        "__class__": "C",
        "__value__": {"z": typed("complex", [0, 1])},
    }
    assert read(node) == {**node, "__value__": {"z": 1j}}


@pytest.mark.parametrize(
    "node",
    [
        typed("BindingsArray", {"data": {"x": 1}}),
        typed("BindingsArray", 3),
        {**typed("settings", {"data": 3}), "__class__": "PauliList"},
        {**typed("settings", {"data": ["X"], "coeffs": [1, 2]}), "__class__": "SparsePauliOp"},
    ],
)
def test_what_is_none_is_an_error(node: Any) -> None:
    with pytest.raises(ResultError):
        read(node)
