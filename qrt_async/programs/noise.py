"""What the noise learner gives back: Pauli-Lindblad errors of layers (api.md 5.1 and 5.5)."""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import LIMITS, Array, typed_array
from qrt_async.programs.typed import Reader, Revive, plain_array

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

# The module of these classes when the encoding was fixed; it stays on the wire.
_MODULE = "qiskit_ibm_runtime.utils.noise_learner_result"
_PAULI_LIST = "qiskit.quantum_info.operators.symplectic.pauli_list"


# No msgspec structs below: msgspec would encode those itself, without their types.


class EncodedCircuit:
    """A circuit as it came: base64(zlib(QPY)). Reading it needs the extra ``qiskit``."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EncodedCircuit) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"EncodedCircuit({len(self.text)} characters)"

    def qpy(self) -> bytes:
        """``ResultError`` where it is damaged, or beyond ``LIMITS.array_bytes``."""
        try:
            zipped = zlib.decompressobj()
            data = zipped.decompress(b64decode(self.text, validate=True), LIMITS.array_bytes)
        except (ValueError, zlib.error) as error:
            raise ResultError(f"A circuit cannot be read: {error}.") from None
        if not zipped.eof:
            raise ResultError("A circuit is cut short, or larger than is read here.")
        return data

    def to_typed(self) -> dict[str, Any]:
        return {"__type__": "QuantumCircuit", "__value__": self.text}

    def to_qiskit(self) -> QuantumCircuit:
        from qrt_async.programs import qiskit  # imports Qiskit

        return qiskit.read_circuit(self)


class PauliLindbladError:
    """The channel ``exp(sum of rates[j] * (P ρ P - ρ))`` over the Paulis ``generators[j]``."""

    def __init__(self, generators: tuple[str, ...], rates: Array) -> None:
        self.generators = generators
        self.rates = rates

    def __repr__(self) -> str:
        return f"PauliLindbladError({len(self.generators)} generators, num_qubits={self.num_qubits})"

    @property
    def num_qubits(self) -> int:
        return len(self.generators[0]) if self.generators else 0

    def to_typed(self) -> dict[str, Any]:
        generators = {"__type__": "settings", "__module__": _PAULI_LIST, "__class__": "PauliList"}
        value = {**generators, "__value__": {"data": list(self.generators)}}
        return _json("PauliLindbladError", {"generators": value, "rates": typed_array(self.rates)})

    def to_qiskit(self) -> Any:
        """The official client's class, which must be installed."""
        from qrt_async.programs import official  # imports Qiskit

        return official.pauli_lindblad_error(self)


class LayerError:
    """The noise of one layer: its circuit, the qubits it acts on, and its error where it was learnt."""

    def __init__(
        self, circuit: EncodedCircuit, qubits: tuple[int, ...], error: PauliLindbladError | None
    ) -> None:
        self.circuit = circuit
        self.qubits = qubits
        self.error = error

    def __repr__(self) -> str:
        return f"LayerError(qubits={self.qubits}, error={self.error!r})"

    @property
    def num_qubits(self) -> int:
        return len(self.qubits)

    def to_typed(self) -> dict[str, Any]:
        error = self.error.to_typed() if self.error else None
        return _json(
            "LayerError", {"circuit": self.circuit.to_typed(), "qubits": list(self.qubits), "error": error}
        )

    def to_qiskit(self) -> Any:
        """The official client's class, which must be installed."""
        from qrt_async.programs import official  # imports Qiskit

        return official.layer_error(self)


class NoiseLearnerResult(Sequence[LayerError]):
    """The learnt layers, and ``metadata``. May be handed to an Estimator as ``resilience.layer_noise_model``."""

    def __init__(self, data: Sequence[LayerError], metadata: dict[str, Any]) -> None:
        self.data = list(data)
        self.metadata = metadata

    @overload
    def __getitem__(self, index: int) -> LayerError: ...
    @overload
    def __getitem__(self, index: slice) -> list[LayerError]: ...
    def __getitem__(self, index: int | slice) -> LayerError | list[LayerError]:
        return self.data[index]

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[LayerError]:
        return iter(self.data)

    def __repr__(self) -> str:
        return f"NoiseLearnerResult({len(self)} layers, metadata={self.metadata!r})"

    def to_typed(self) -> dict[str, Any]:
        value = {"data": [layer.to_typed() for layer in self.data], "metadata": self.metadata}
        return {"__type__": "NoiseLearnerResult", "__value__": value}

    def to_qiskit(self) -> Any:
        """The official client's class, which must be installed."""
        from qrt_async.programs import official  # imports Qiskit

        return official.noise_learner_result(self)


def _json(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"__type__": "_json", "__module__": _MODULE, "__class__": name, "__value__": value}


def _circuit(value: Any, revive: Revive) -> EncodedCircuit:
    if not isinstance(value, str):
        raise ResultError("A circuit is no text.")
    return EncodedCircuit(value)


def _classes(node: Any, revive: Revive) -> Any:
    value = node["__value__"]
    if node.get("__class__") == "LayerError":
        return LayerError(revive(value["circuit"]), tuple(value["qubits"]), revive(value.get("error")))
    if node.get("__class__") == "PauliLindbladError":
        generators, rates = revive(value["generators"]), plain_array(revive(value["rates"]))
        if len(generators) != len(rates):
            raise ResultError(f"An error has {len(generators)} generators and {len(rates)} rates.")
        return PauliLindbladError(tuple(generators), rates)
    return {**node, "__value__": revive(value)}


def _layer(entry: Any) -> Any:
    """Once a layer was a pair of dictionaries, its circuit and its error."""
    if isinstance(entry, list) and len(entry) == 2:
        where, error = entry
        channel = PauliLindbladError(tuple(error["generators"]), plain_array(error["rates"]))
        return LayerError(where["circuit"], tuple(where["qubits"]), channel)
    return entry


def read_layers(value: Any, revive: Revive) -> NoiseLearnerResult:
    layers = [_layer(revive(entry)) for entry in value["data"]]
    if not all(isinstance(layer, LayerError) for layer in layers):
        raise ResultError("The result of a noise learner holds what is no LayerError.")
    return NoiseLearnerResult(layers, revive(value.get("metadata")) or {})


NOISE: Mapping[str, Reader] = {
    "QuantumCircuit": _circuit,
    "_json": _classes,
    "NoiseLearnerResult": read_layers,
}
