"""Clifford circuits: recognised, and spelled in the gates of the stabilizer method."""

from __future__ import annotations

from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp

from .gates import STANDARD, quarters

GATES = ("id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "cy", "cz", "swap", "ecr")
FLOW = (
    "measure",
    "reset",
    "barrier",
    "delay",
    "if_else",
    "while_loop",
    "for_loop",
    "switch_case",
    "break_loop",
    "continue_loop",
    "store",
)
PLAIN = frozenset(GATES + FLOW)

Steps = list[tuple[str, tuple[int, ...]]]
"""Names of gates and the qubits among those of the operation that they act on."""

Z_TURNS = ((), ("s",), ("z",), ("sdg",))
X_TURNS = ((), ("sx",), ("x",), ("sxdg",))
Y_TURNS = ((), ("h", "x"), ("y",), ("x", "h"))


def as_clifford(circuit: QuantumCircuit) -> QuantumCircuit | None:
    """The same circuit in gates that the stabilizer method takes, or ``None`` if it is not Clifford."""
    spelled = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            blocks = [as_clifford(block) for block in operation.blocks]
            if any(block is None for block in blocks):
                return None
            operation = operation.replace_blocks(blocks)
        if operation.name in PLAIN:
            spelled.append(operation, instruction.qubits, instruction.clbits, copy=False)
            continue
        steps = _steps(operation)
        if steps is None:
            return None
        for name, places in steps:
            spelled.append(STANDARD[name], [instruction.qubits[place] for place in places], copy=False)
    return spelled


def _steps(operation: Any) -> Steps | None:
    turns = [quarters(value) for value in operation.params]
    if any(turn is None for turn in turns):
        return None
    whole = [turn for turn in turns if turn is not None]
    match operation.name, whole:
        case "rz" | "p" | "u1", [z]:
            return _on(0, *Z_TURNS[z])
        case "rx", [x]:
            return _on(0, *X_TURNS[x])
        case "ry", [y]:
            return _on(0, *Y_TURNS[y])
        case "u2", [phi, lam]:
            return _on(0, *Z_TURNS[lam], *Y_TURNS[1], *Z_TURNS[phi])
        case "u" | "u3", [theta, phi, lam]:
            return _on(0, *Z_TURNS[lam], *Y_TURNS[theta], *Z_TURNS[phi])
        case "rzz", [z]:
            return [*_on(0, *Z_TURNS[z]), *_on(1, *Z_TURNS[z]), *([("cz", (0, 1))] if z % 2 else [])]
        case "cp", [0 | 2 as half]:
            return [("cz", (0, 1))] if half else []
        case "iswap", []:
            return [*_on(0, "s", "h"), *_on(1, "s"), ("cx", (0, 1)), ("cx", (1, 0)), *_on(1, "h")]
    return None


def _on(place: int, *names: str) -> Steps:
    return [(name, (place,)) for name in names]
