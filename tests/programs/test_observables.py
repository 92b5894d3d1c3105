from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import Operator, Pauli, PauliList, SparseObservable, SparsePauliOp

from qrt_async.errors import InvalidInput
from qrt_async.programs.observables import DIAGONAL, Observables

OPERATOR = SparsePauliOp(["ZZ", "XI"], [0.5, -2])


@pytest.mark.parametrize(
    ("given", "nested"),
    [
        ("ZZ", {"ZZ": 1.0}),
        ({"ZZ": 2, "XI": np.float64(0.5)}, {"ZZ": 2.0, "XI": 0.5}),
        (["ZZ", {"XX": 0.5}], [{"ZZ": 1.0}, {"XX": 0.5}]),
        ([["ZZ"], ["XX"]], [[{"ZZ": 1.0}], [{"XX": 1.0}]]),
        (np.array(["ZZ", "XX"]), [{"ZZ": 1.0}, {"XX": 1.0}]),
        (np.array([{"ZZ": 1.0}], dtype=object), [{"ZZ": 1.0}]),
        (OPERATOR, {"ZZ": 0.5, "XI": -2.0}),
        ([OPERATOR, "YY"], [{"ZZ": 0.5, "XI": -2.0}, {"YY": 1.0}]),
        (SparsePauliOp(["ZZ", "ZZ"], [1, 0.5]), {"ZZ": 1.5}),
        (SparsePauliOp(["ZZ"], [1 + 0j]), {"ZZ": 1.0}),
        (Pauli("-XY"), {"XY": -1.0}),
        (PauliList(["XX", "YY"]), [{"XX": 1.0}, {"YY": 1.0}]),
        (ObservablesArray([["ZZ"], [OPERATOR]]), [[{"ZZ": 1.0}], [{"ZZ": 0.5, "XI": -2.0}]]),
        (SparseObservable("ZX"), {"ZX": 1.0}),
    ],
)
def test_every_form_of_observable_is_nested_terms(given: Any, nested: Any) -> None:
    assert Observables.read(given).nested() == nested


def test_shape_and_width_are_known() -> None:
    observables = Observables.read([["IZZ", "ZII"], ["XXX", "YYY"]])
    assert observables.shape == (2, 2)
    assert observables.width == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("ZA", "letters I, X, Y, Z"),
        ("", "letters"),
        ("+ZZ", "letters"),
        ([], "at least one"),
        ({}, "without terms"),
        ({"ZZ": "much"}, "finite real"),
        ({"ZZ": 1j}, "finite real"),
        ({"ZZ": float("nan")}, "finite real"),
        ({1: 1.0}, "letters"),
        ({Pauli("ZZ"): 1.0}, "as text"),
        (["ZZ", "Z"], r"\[1, 2\] letters"),
        (["ZZ", ["ZZ"]], "unequal shapes"),
        (3, "Pauli strings"),
        (None, "Pauli strings"),
        (SparsePauliOp(["ZZ"], [1j]), "finite real"),
        (Operator(np.eye(2)), "SparsePauliOp"),
    ],
)
def test_what_is_no_observable_is_refused(given: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Observables.read(given)


def test_projectors_are_for_diagonal_observables_only() -> None:
    assert Observables.read("0Z1I", DIAGONAL).width == 4
    with pytest.raises(InvalidInput, match="letters I, Z, 0, 1"):
        Observables.read("XZ", DIAGONAL)
