"""For official_programs.py: what the official client writes and reads, when two things are the same, and things to
compare."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult
from qiskit_ibm_runtime.json import RuntimeDecoder, RuntimeEncoder


def official(value: Any) -> bytes:
    return json.dumps(value, cls=RuntimeEncoder).encode()


def theirs(body: bytes) -> Any:
    return json.loads(body, cls=RuntimeDecoder)


def same(left: Any, right: Any) -> bool:
    """Equal field by field, arrays by dtype and every value, NaN equal to itself."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        left, right = np.asarray(left), np.asarray(right)
        return bool(
            left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
        )
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, (list, tuple)):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, DataBin):
        return left.shape == right.shape and same(dict(left.items()), dict(right.items()))
    if isinstance(left, PubResult):
        return (
            type(left) is type(right) and same(left.data, right.data) and same(left.metadata, right.metadata)
        )
    if isinstance(left, PrimitiveResult):
        return same(list(left), list(right)) and same(left.metadata, right.metadata)
    if isinstance(left, float) and left != left:
        return bool(right != right)
    return bool(left == right)


def a_shape(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(size) for size in rng.integers(1, 4, rng.integers(0, 3)))


def a_circuit(rng: np.random.Generator, parameters: int, measured: bool) -> QuantumCircuit:
    circuit = QuantumCircuit(int(rng.integers(1, 4)))
    for index, parameter in enumerate(ParameterVector("theta", parameters)):
        circuit.rx(parameter, index % circuit.num_qubits)
    if measured:
        circuit.measure_all()
    return circuit


def an_array(rng: np.random.Generator) -> np.ndarray[Any, Any]:
    kinds = ["f8", "f4", "f2", "c16", "c8", "i8", "u1", "i2", "u4", "?", "U3", "S2", "M8[us]"]
    kind = kinds[rng.integers(len(kinds))]
    data = rng.integers(0, 2 if kind == "?" else 100, a_shape(rng))
    array = data.astype(kind if kind[0] != "M" else "i8").view(kind) if kind[0] == "M" else data.astype(kind)
    if kind[0] == "f" and array.size:
        array.reshape(-1)[0] = rng.choice([np.nan, np.inf, -np.inf, 0.1])
    return np.asfortranarray(array) if rng.integers(2) else array


def some_bits(rng: np.random.Generator, shape: tuple[int, ...], shots: int = 7) -> BitArray:
    num_bits = int(rng.integers(1, 70))
    flags = rng.integers(0, 2, (*shape, shots, num_bits)).astype(bool)
    return BitArray.from_bool_array(flags)
