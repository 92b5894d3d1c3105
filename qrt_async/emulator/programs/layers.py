"""Layers of two-qubit gates: what is twirled at once, and what a noise learner learns about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from qiskit import QuantumCircuit

from qrt_async.emulator.simulation.gates import STANDARD, walk

Strategy = Literal["active", "active-accum", "active-circuit", "all"]
CLIFFORD = frozenset({"cx", "cy", "cz", "ecr", "swap", "iswap", "dcx"})
"""Pauli twirling is for these; layers with other gates are not learned."""

Placed = tuple[str, tuple[int, ...]]
"""A gate by its name, on physical qubits."""


class Layer(msgspec.Struct, frozen=True):
    """Gates that act at once, and the qubits that are twirled around them, in rising order."""

    gates: tuple[Placed, ...]
    qubits: tuple[int, ...]

    def circuit(self) -> QuantumCircuit:
        """The gates on qubits counted from zero in the order of ``qubits``."""
        places = {qubit: place for place, qubit in enumerate(self.qubits)}
        circuit = QuantumCircuit(len(self.qubits))
        for name, qubits in self.gates:
            circuit.append(STANDARD[name], [places[qubit] for qubit in qubits])
        return circuit


def unique_layers(circuits: Iterable[QuantumCircuit], strategy: Strategy, limit: int | None) -> list[Layer]:
    """The layers that occur most often, at most ``limit``; among equals, and in the list, the first comes first."""
    seen = Counter(layer for circuit in circuits for layer in layers(circuit, strategy))
    return [layer for layer, _ in seen.most_common(limit)]


def layers(circuit: QuantumCircuit, strategy: Strategy) -> list[Layer]:
    """The layers of a circuit, each gate in the first one it can be in; a barrier is not passed."""
    found = _stacked(circuit)
    active = {qubit for gates in found for _, qubits in gates for qubit in qubits}
    twirled: set[int] = set(range(circuit.num_qubits)) if strategy == "all" else set()
    if strategy == "active-circuit":
        twirled = active
    result = []
    for gates in found:
        own = {qubit for _, qubits in gates for qubit in qubits}
        twirled = own if strategy == "active" else twirled | own
        result.append(Layer(tuple(sorted(gates, key=lambda gate: gate[1])), tuple(sorted(twirled))))
    return result


def _stacked(circuit: QuantumCircuit) -> list[list[Placed]]:
    """Gates by depth; one-qubit gates belong to the twirling around a layer and take no depth of their own."""
    depth = [0] * circuit.num_qubits
    found: list[list[Placed]] = []
    for operation, qubits in walk(circuit):
        if len(qubits) < 2:
            continue
        at = max(depth[qubit] for qubit in qubits)
        if _learned(operation):
            found += [[] for _ in range(at + 1 - len(found))]
            found[at].append((operation.name, qubits))
            at += 1
        for qubit in qubits:
            depth[qubit] = at
    return [gates for gates in found if gates]


def _learned(operation: Any) -> bool:
    return operation.name in CLIFFORD
