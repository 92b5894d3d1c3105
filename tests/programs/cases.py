"""Circuits with values, made by Hypothesis in all the forms that mean the same."""

from __future__ import annotations

import base64
import io
import re
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import Parameter, ParameterVector
from qiskit.primitives.containers.bindings_array import BindingsArray


class Case(NamedTuple):
    """A circuit with values: in one of the many forms that mean the same, and as the judge is told of it."""

    circuit: Any
    values: Any
    table: Any
    names: list[str]

    def told(self) -> dict[str, Any]:
        values = {"data": self.table.reshape(-1).tolist(), "shape": self.table.shape}
        return {"circuit": written(self.circuit), "names": self.names, "values": values}


def written(circuit: Any) -> dict[str, str]:
    if isinstance(circuit, str):
        return {"text": circuit}
    with io.BytesIO() as out:
        qpy.dump(circuit, out, version=17)
        return {"qpy": base64.b64encode(out.getvalue()).decode()}


@st.composite
def circuits(draw: st.DrawFn) -> QuantumCircuit:
    """With single parameters and vectors, whose names do not sort as they count."""
    circuit = QuantumCircuit(draw(st.integers(1, 4)))
    single = draw(st.lists(st.sampled_from(["theta", "phi", "a", "B", "φ", "x_1"]), unique=True, max_size=3))
    length = draw(st.sampled_from([0, 0, 1, 3, 12]))
    parameters = [*map(Parameter, single), *(ParameterVector("v", length) if length else [])]
    for place, parameter in enumerate(draw(st.permutations(parameters))):
        circuit.rx(parameter * draw(st.sampled_from([1, 2, -0.5])), place % circuit.num_qubits)
    circuit.measure_all()
    return circuit


@st.composite
def cases(draw: st.DrawFn, kinds: tuple[str, ...] = ("text", "circuit")) -> Case:
    circuit = draw(circuits())
    names = [parameter.name for parameter in circuit.parameters]
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=3, max_side=3))
    numbers = st.floats(-1e6, 1e6, allow_nan=False) | st.just(0.25)
    table = draw(arrays.arrays("f8", (*shape, len(names)), elements=numbers, fill=numbers))
    if not names:
        table = np.zeros(0)
    if draw(st.sampled_from(kinds)) == "text":
        text = qasm3.dumps(circuit)
        return Case(
            text, draw(named(table, names)) or None, table, re.findall(r"input float\[64\] (\w+);", text)
        )
    if not names:
        return Case(circuit, draw(st.sampled_from([None, {}, [], BindingsArray({})])), table, names)
    forms = [st.just(table), st.just(table.tolist()), named(table, names), bound(table, circuit)]
    return Case(circuit, draw(st.one_of(forms)), table, names)


@st.composite
def named(draw: st.DrawFn, table: Any, names: list[str]) -> dict[Any, Any]:
    """By name, by tuples of names or by the name of the vector; as lists, arrays, or a number where all are equal."""
    columns = {name: table[..., place] for place, name in enumerate(names)}
    given: dict[Any, Any] = {}
    whole = tuple(name for name in names if name.startswith("v["))
    for key, group in (("v", whole), (tuple(names[:2]), tuple(names[:2]))):
        if group and columns.keys() >= set(group) and draw(st.booleans()):
            given[key] = np.stack([columns.pop(name) for name in group], axis=-1)
    for name, column in columns.items():
        alone = bool(given) and (column == column.flat[0]).all() and draw(st.booleans())
        # A last axis of length one stands for the parameter, so a shape that ends in one needs one more.
        deep = column[..., None] if column.shape[-1:] == (1,) or draw(st.booleans()) else column
        given[name] = float(column.flat[0]) if alone else deep
    as_lists = draw(st.booleans())
    return {key: np.asarray(value).tolist() if as_lists else value for key, value in given.items()}


@st.composite
def bound(draw: st.DrawFn, table: Any, circuit: QuantumCircuit) -> BindingsArray:
    parameters = list(circuit.parameters)
    cut = draw(st.integers(0, len(parameters)))
    groups = [(parameters[:cut], table[..., :cut]), (parameters[cut:], table[..., cut:])]
    return BindingsArray({tuple(part): values for part, values in groups if part}, shape=table.shape[:-1])
