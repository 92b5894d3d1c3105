"""Qiskit's objects in and out. The only file of the client that imports Qiskit."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from qiskit import QuantumCircuit, primitives, qpy, quantum_info, result

from qrt_async.api import pieces
from qrt_async.errors import InvalidInput, ResultError
from qrt_async.programs import revived, walk
from qrt_async.programs.arrays import typed_array
from qrt_async.programs.noise import EncodedCircuit
from qrt_async.programs.npy import ndarray

if TYPE_CHECKING:
    from qrt_async.programs.bits import BitArray
    from qrt_async.programs.containers import DataBin, PrimitiveResult, PubResult
    from qrt_async.programs.isa import Points, Step
    from qrt_async.programs.operators import Bindings, ObservableLists
    from qrt_async.programs.values import Parameters

# What the service's programs read (ibm-quantum-schemas; api.md 5.2); a newer Qiskit writes newer ones unasked.
QPY_VERSION = 17
_KEPT_UNITS = frozenset({"dt", "expr"})
"""Of delays: QPY keeps no other, and a delay of 200 ns would be read as one of 200 dt."""


class QpyCircuit(Struct, frozen=True):
    """A ``QuantumCircuit``, copied when it was given, so that later changes to it do not reach the service."""

    circuit: Any
    names: tuple[str, ...]
    num_qubits: int

    @classmethod
    def of(cls, circuit: QuantumCircuit) -> QpyCircuit:
        return cls(
            circuit.copy(), tuple(parameter.name for parameter in circuit.parameters), circuit.num_qubits
        )

    @property
    def positional(self) -> bool:
        return True

    @property
    def metadata(self) -> dict[str, Any]:
        return self.circuit.metadata or {}

    @property
    def bulk(self) -> float:
        return math.inf

    def encode(self) -> dict[str, Any]:
        value = pieces.base64(pieces.deflated([memoryview(qpy_bytes(self.circuit))]))
        return {"__type__": "QuantumCircuit", "__value__": value}

    def values(self, parameters: Parameters) -> dict[str, Any]:
        """One array, its last axis over the parameters in the circuit's own order. QPY keeps that, and the service's
        model of these values knows no names."""
        return ndarray(parameters.table(self.names))

    @property
    def text(self) -> None:
        """None is at hand."""

    def steps(self) -> Iterator[Step]:
        return walk.steps(self.circuit)

    def turn(self, angle: Any, points: Points) -> Any:
        return walk.turn(angle, points)


def qpy_of_all(circuits: Sequence[Any]) -> dict[str, Any]:
    """In one file, as the executor takes them; their metadata travel elsewhere."""
    bare = [circuit.circuit.copy() for circuit in circuits]
    for circuit in bare:
        circuit.metadata = {}
    data = qpy_bytes(*bare)
    value = pieces.base64(pieces.deflated([memoryview(data)]))
    return {"b64_data": value, "qpy_version": data[6], "num_programs": len(bare)}


def qpy_bytes(*circuits: QuantumCircuit) -> bytes:
    """``InvalidInput`` where a circuit holds what QPY cannot."""
    for circuit in circuits:
        _check_delays(circuit, circuit.name)
    with io.BytesIO() as out:
        try:
            qpy.dump(circuits, out, version=min(QPY_VERSION, qpy.common.QPY_VERSION))
        except (qpy.QpyError, TypeError, ValueError) as error:
            names = ", ".join(repr(circuit.name) for circuit in circuits)
            raise InvalidInput(f"The circuit {names} cannot be written as QPY: {error}") from error
        return out.getvalue()


def _check_delays(circuit: QuantumCircuit, name: str) -> None:
    for instruction in circuit.data:
        if instruction.is_control_flow():
            for block in instruction.operation.blocks:
                _check_delays(block, name)
        elif instruction.name == "delay" and instruction.operation.unit not in _KEPT_UNITS:
            raise InvalidInput(
                f"The circuit {name!r} has a delay in {instruction.operation.unit!r}, which QPY would turn into as"
                " many 'dt'. Transpile it for the target of the backend, give the delay in dt, or send"
                " qiskit.qasm3.dumps(circuit), which keeps units."
            )


def observable(given: Any) -> Any:
    """Qiskit's operators as nested lists of ``{label: coefficient}``."""
    if isinstance(given, primitives.ObservablesArray if hasattr(primitives, "ObservablesArray") else ()):
        return given.tolist()
    if isinstance(given, quantum_info.SparseObservable):
        given = quantum_info.SparsePauliOp.from_sparse_observable(given)
    if isinstance(given, quantum_info.PauliList):
        return [observable(pauli) for pauli in given]
    if isinstance(given, quantum_info.Pauli):
        given = quantum_info.SparsePauliOp(given)
    if isinstance(given, quantum_info.SparsePauliOp):
        terms: dict[str, complex] = {}
        for label, coefficient in given.to_list():
            terms[label] = terms.get(label, 0.0) + coefficient
        return terms
    if hasattr(given, "tolist"):
        return given.tolist()
    raise InvalidInput(
        f"Got an observable of type {type(given).__name__}; needed is a SparsePauliOp or a Pauli."
    )


def bit_array(bits: BitArray) -> primitives.BitArray:
    return primitives.BitArray(np.ascontiguousarray(bits.array), bits.num_bits)


def data_bin(data: DataBin) -> primitives.DataBin:
    fields = {
        name: value.to_qiskit() if hasattr(value, "to_qiskit") else value for name, value in data.items()
    }
    return primitives.DataBin(shape=data.shape, **fields)


def pub_result(pub: PubResult) -> primitives.PubResult:
    return _pub_class(pub.kind)(data_bin(pub.data), plain(pub.metadata))


def _pub_class(kind: str) -> Any:
    if kind == "SamplerPubResult":
        return primitives.SamplerPubResult
    if kind == "EstimatorPubResult":
        from qrt_async.programs import official  # which imports this

        return official.estimator_pub_result() or primitives.PubResult
    return primitives.PubResult


def primitive_result(given: PrimitiveResult) -> primitives.PrimitiveResult[Any]:
    return primitives.PrimitiveResult([pub_result(pub) for pub in given], plain(given.metadata))


def plain(value: Any) -> Any:
    """Metadata with whatever in it has a Qiskit form; times as the service writes them, in UTC without saying so."""
    if hasattr(value, "to_qiskit"):
        return value.to_qiskit()
    if isinstance(value, dict):
        make = next((make for kind, make in _TYPES.items() if value.get("__type__") == kind), None)
        return made(value, make) if make else {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return naive(value) if isinstance(value, datetime) else value


def made(node: dict[str, Any], make: Callable[[Any], Any]) -> Any:
    """Qiskit's object out of typed data; ``ResultError`` where they make none."""
    try:
        return make(node["__value__"])
    except Exception as error:  # Qiskit's constructors fail in many ways
        raise ResultError(f"Qiskit makes no {node['__type__']} of its data: {error}") from error


def pauli_list(labels: Sequence[str]) -> quantum_info.PauliList:
    return quantum_info.PauliList(list(labels))


def sparse_paulis(paulis: Sequence[tuple[str, Any]], num_qubits: int) -> quantum_info.QubitSparsePauliList:
    return quantum_info.QubitSparsePauliList.from_sparse_list(list(paulis), num_qubits)


def sparse_pauli_op(terms: list[tuple[str, complex]]) -> quantum_info.SparsePauliOp:
    return quantum_info.SparsePauliOp.from_list(terms)


def observables_array(nested: ObservableLists) -> primitives.ObservablesArray:
    return primitives.ObservablesArray(list(nested))


def bindings_array(bindings: Bindings) -> primitives.BindingsArray:
    return primitives.BindingsArray(dict(bindings), bindings.shape)


def _read_qpy(text: str) -> QuantumCircuit:
    return read_circuit(EncodedCircuit(text))


def _channel(value: Any) -> quantum_info.PauliLindbladMap:
    paulis = [tuple(pauli) for pauli in value["paulis"]]
    return quantum_info.PauliLindbladMap.from_sparse_list(paulis, num_qubits=value["num_qubits"])


_TYPES: dict[str, Any] = {
    "PauliLindbladMap": _channel,
    "Instruction": lambda text: _read_qpy(text).data[0].operation,
    "Result": result.Result.from_dict,
    "Parameter": revived.parameter,
    "spmatrix": revived.sparse_matrix,
    "NoiseModel": revived.noise_model,
}
"""What stays data without Qiskit."""


def read_circuit(circuit: EncodedCircuit) -> QuantumCircuit:
    """``ResultError`` where Qiskit cannot read it."""
    try:
        return qpy.load(io.BytesIO(circuit.qpy()))[0]
    except Exception as error:  # Qiskit's reader fails in many ways
        raise ResultError(f"Qiskit cannot read a circuit: {error}") from error


def typed(value: Any) -> Any:
    """A Qiskit object as the service's typed JSON. ``TypeError`` for what has none here."""
    if isinstance(value, QuantumCircuit):
        return QpyCircuit.of(value).encode()
    if isinstance(value, quantum_info.SparsePauliOp):
        return _settings(value, {"data": typed(value.paulis), "coeffs": typed_array(value.coeffs)})
    if isinstance(value, quantum_info.PauliList):
        return _settings(value, {"data": value.to_labels()})
    if type(value).__name__ == "NoiseModel":
        return {"__type__": "NoiseModel", "__value__": value.to_dict(serializable=True)}
    raise TypeError(f"objects of type {type(value).__name__} have no encoding")


def _settings(value: Any, settings: dict[str, Any]) -> dict[str, Any]:
    kind = type(value)
    return {
        "__type__": "settings",
        "__module__": kind.__module__,
        "__class__": kind.__name__,
        "__value__": settings,
    }


def naive(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(tzinfo=None)
