"""The instructions of a ``QuantumCircuit``, bodies of control flow included. Imports nothing of Qiskit:
whoever holds a circuit has done so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from qrt_async.programs.isa import Points, Step


def steps(circuit: Any, places: Sequence[int] | None = None) -> Iterator[Step]:
    """``places``: the backend's qubits that the circuit's stand for; ``None`` for those of the same number."""
    place = dict(zip(circuit.qubits, places or range(circuit.num_qubits), strict=True))
    for instruction in circuit.data:
        name = instruction.name
        qubits = tuple(place[qubit] for qubit in instruction.qubits)
        if instruction.is_control_flow():
            yield Step(name, None)
            for block in instruction.operation.blocks:
                yield from steps(block, qubits)
        elif name == "delay":
            yield Step(name, qubits, length=_length(instruction.operation))
        else:
            yield Step(name, qubits, instruction.params[0] if name == "rzz" else None)


def _length(delay: Any) -> tuple[float, str] | None:
    """``None`` where a parameter or an expression decides."""
    try:
        return float(delay.duration), delay.unit
    except TypeError:
        return None


def turn(angle: Any, points: Points) -> Any:
    """A number, or an array of one a point. ``None`` where a loop's own variable decides, or Qiskit cannot tell."""
    if not hasattr(angle, "parameters"):
        return float(angle)
    names = {parameter: parameter.name for parameter in angle.parameters}
    if not all(name in points for name in names.values()):
        return None
    try:
        return _turned(angle, names, points)
    except Exception:  # noqa: BLE001 # such as a division by zero; only the service can say what it makes of it
        return None


def _turned(angle: Any, names: dict[Any, str], points: Points) -> Any:
    slopes = {parameter: angle.gradient(parameter) for parameter in names}
    if any(hasattr(slope, "parameters") and slope.parameters for slope in slopes.values()):
        return _one_by_one(angle, names, points)
    turned = float(angle.bind(dict.fromkeys(names, 0.0)))  # a straight line, as nearly always
    return sum((float(slope) * points[names[parameter]] for parameter, slope in slopes.items()), start=turned)


def _one_by_one(angle: Any, names: dict[Any, str], points: Points) -> Any:
    import numpy as np

    rows = zip(*(points[name].tolist() for name in names.values()), strict=True)
    return np.array([float(angle.bind(dict(zip(names, row, strict=True)))) for row in rows])
