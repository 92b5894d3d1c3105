"""What version 3 of the noise learner gives back: rates of generators that may hold several Paulis each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from msgspec import Struct

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import Array, Steps
from qrt_async.programs.executor import read_tensor_in_pieces

Generator = tuple[tuple[str, tuple[int, ...]], ...]
"""Paulis that were learnt together, each as letters and the qubits that these act on."""


class LearnedLayer(Struct, frozen=True, eq=False):
    """The noise of one instruction: ``rates[j]``, with its standard deviation, is that of every Pauli of
    ``generators[j]``."""

    generators: tuple[Generator, ...]
    num_qubits: int
    rates: Array
    rates_std: Array
    metadata: dict[str, Any]

    def __repr__(self) -> str:
        return f"LearnedLayer({len(self.generators)} generators, num_qubits={self.num_qubits})"

    def to_qiskit(self) -> Any:
        """The official client's ``NoiseLearnerV3Result``; that client must be installed."""
        from qrt_async.programs import official  # imports Qiskit

        return official.learned_layer(self)


class LearnedNoise(Sequence[LearnedLayer]):
    """One :class:`LearnedLayer` for each instruction, in order."""

    def __init__(self, data: Sequence[LearnedLayer], schema_version: str) -> None:
        self.data = list(data)
        self.schema_version = schema_version

    @overload
    def __getitem__(self, index: int) -> LearnedLayer: ...
    @overload
    def __getitem__(self, index: slice) -> list[LearnedLayer]: ...
    def __getitem__(self, index: int | slice) -> LearnedLayer | list[LearnedLayer]:
        return self.data[index]

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return f"LearnedNoise({self.data!r})"

    def to_qiskit(self) -> Any:
        """The official client's ``NoiseLearnerV3Results``; that client must be installed."""
        from qrt_async.programs import official  # imports Qiskit

        return official.learned_noise(self)


def read_learned_in_pieces(tree: Any) -> Steps[LearnedNoise]:
    layers = []
    for entry in tree["data"]:
        layer = yield from _layer(entry)
        layers.append(layer)
    return LearnedNoise(layers, str(tree["schema_version"]))


def _layer(entry: Any) -> Steps[LearnedLayer]:
    generators = tuple(
        tuple((str(letters), tuple(map(int, qubits))) for letters, qubits in paulis)
        for paulis in entry["generators_sparse"]
    )
    rates = yield from read_tensor_in_pieces(entry["rates"])
    deviations = yield from read_tensor_in_pieces(entry["rates_std"])
    if not rates.shape == deviations.shape == (len(generators),):
        raise ResultError(f"A layer has {len(generators)} generators and rates of shape {rates.shape}.")
    metadata = _numbered(entry.get("metadata") or {})
    return LearnedLayer(generators, int(entry["num_qubits"]), rates, deviations, metadata)


def _numbered(node: Any) -> Any:
    """Qubits and depths are keys of the metadata, and numbers, which JSON can only write as text."""
    if not isinstance(node, dict):
        return node
    numbers = bool(node) and all(name.isdecimal() for name in node)
    return {int(name) if numbers else name: _numbered(entry) for name, entry in node.items()}
