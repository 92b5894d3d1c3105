"""Circuits on their own qubits: what is idle is left out, so that a device of any width is simulated cheaply."""

from __future__ import annotations

from qiskit import QuantumCircuit
from qiskit.circuit import Qubit

from qrt_async.emulator.failure import DYNAMIC, ProgramFailed

PASSIVE = frozenset({"barrier", "delay", "id"})
"""What alone does not make a qubit active."""


def active_qubits(circuit: QuantumCircuit) -> frozenset[int]:
    """The qubits that something happens to."""
    return frozenset(
        circuit.find_bit(qubit).index
        for instruction in circuit.data
        if instruction.operation.name not in PASSIVE
        for qubit in instruction.qubits
    )


def compacted(circuit: QuantumCircuit, qubits: tuple[int, ...]) -> QuantumCircuit:
    """The circuit on these of its qubits, in this order. All classical bits keep their places."""
    if circuit.num_input_vars or circuit.num_captured_vars:
        raise ProgramFailed(DYNAMIC, "Circuits with input variables are not supported")
    new = {circuit.qubits[old]: Qubit() for old in qubits}
    small = QuantumCircuit(list(new.values()), circuit.clbits)
    for register in circuit.cregs:
        small.add_register(register)
    for variable in circuit.iter_declared_vars():
        small.add_uninitialized_var(variable)
    for stretch in circuit.iter_declared_stretches():
        small.add_stretch(stretch)
    for instruction in circuit.data:
        kept = [new[qubit] for qubit in instruction.qubits if qubit in new]
        if instruction.operation.name != "barrier" and len(kept) == len(instruction.qubits):
            small.append(instruction.operation, kept, instruction.clbits, copy=False)
    return small
