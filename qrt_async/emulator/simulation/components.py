"""Circuits as the parts that nothing ties together, so that each is simulated with its own qubits only."""

from __future__ import annotations

from typing import Any

import msgspec
from qiskit import QuantumCircuit


class Component(msgspec.Struct, frozen=True):
    """Qubits and classical bits that share operations, as places in the circuit, in rising order."""

    qubits: tuple[int, ...]
    clbits: tuple[int, ...]


def components(circuit: QuantumCircuit, active: frozenset[int]) -> list[Component]:
    """The parts of a circuit that have an active qubit. One that computes with variables is a single part."""
    if circuit.num_vars:
        return [Component(tuple(sorted(active)), tuple(range(circuit.num_clbits)))]
    tied = _Ties()
    for instruction in circuit.data:
        if instruction.operation.name != "barrier":
            tied.together([*instruction.qubits, *instruction.clbits])
    parts: dict[Any, tuple[list[int], list[int]]] = {}
    for qubit in sorted(active):
        parts.setdefault(tied.root(circuit.qubits[qubit]), ([], []))[0].append(qubit)
    for place, clbit in enumerate(circuit.clbits):
        if (root := tied.root(clbit)) in parts:
            parts[root][1].append(place)
    return [Component(tuple(qubits), tuple(clbits)) for qubits, clbits in parts.values()]


class _Ties:
    """Which bits belong together."""

    def __init__(self) -> None:
        self._above: dict[Any, Any] = {}

    def root(self, bit: Any) -> Any:
        while bit in self._above:
            bit = self._above[bit]
        return bit

    def together(self, bits: list[Any]) -> None:
        for bit in bits[1:]:
            one, other = self.root(bits[0]), self.root(bit)
            if one != other:  # not `is`: Qiskit hands out bits that are equal, not the same
                self._above[other] = one
