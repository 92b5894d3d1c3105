"""Operators and values of parameters as plain data, without Qiskit: lists and dictionaries that know what they were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qrt_async.programs.arrays import Array
from qrt_async.programs.typed import Reader, Revive, plain_array

if TYPE_CHECKING:
    from qiskit import primitives, quantum_info


class PauliLabels(list[str]):
    """A ``PauliList``: its labels."""

    def to_qiskit(self) -> quantum_info.PauliList:
        """Qiskit's own. Needs the extra ``qiskit``."""
        from qrt_async.programs import qiskit  # imports Qiskit

        return qiskit.pauli_list(self)


class PauliSum(dict[str, complex]):
    """A ``SparsePauliOp``: ``{label: coefficient}``, in its order. A label that occurs twice is summed."""

    def __init__(self, labels: list[str], coefficients: list[complex]) -> None:
        super().__init__()
        self.terms = list(zip(labels, coefficients, strict=True))
        for label, coefficient in self.terms:
            self[label] = self.get(label, 0) + coefficient

    def to_qiskit(self) -> quantum_info.SparsePauliOp:
        """Qiskit's own, term by term. Needs the extra ``qiskit``."""
        from qrt_async.programs import qiskit  # imports Qiskit

        return qiskit.sparse_pauli_op(self.terms)


class ObservableLists(list[Any]):
    """An ``ObservablesArray``: nested lists of ``{label: coefficient}``."""

    def to_qiskit(self) -> primitives.ObservablesArray:
        """Qiskit's own. Needs the extra ``qiskit``."""
        from qrt_async.programs import qiskit  # imports Qiskit

        return qiskit.observables_array(self)


class Bindings(dict[tuple[str, ...], Array]):
    """A ``BindingsArray``: arrays by names, whose last axis runs over these. ``shape`` is the points'."""

    def __init__(self, arrays: Mapping[tuple[str, ...], Array], shape: Any) -> None:
        super().__init__(arrays)
        self.shape = shape if shape is None else tuple(shape)

    def to_qiskit(self) -> primitives.BindingsArray:
        """Qiskit's own. Needs the extra ``qiskit``."""
        from qrt_async.programs import qiskit  # imports Qiskit

        return qiskit.bindings_array(self)


def _settings(node: Any, revive: Revive) -> Any:
    value, name = node["__value__"], node.get("__class__")
    if name == "PauliList":
        return PauliLabels(value["data"])
    if name == "SparsePauliOp":
        return PauliSum(revive(value["data"]), plain_array(revive(value["coeffs"])).tolist())
    return {**node, "__value__": revive(value)}


def _observables(value: Any, revive: Revive) -> Any:
    found = revive(value)
    return ObservableLists(found) if isinstance(found, list) else found


def _bindings(value: Any, revive: Revive) -> Bindings:
    arrays = {tuple(json.loads(names)): revive(array) for names, array in value["data"].items()}
    return Bindings(arrays, value.get("shape"))


OPERATORS: Mapping[str, Reader] = {
    "settings": _settings,
    "ObservablesArray": _observables,
    "BindingsArray": _bindings,
}
