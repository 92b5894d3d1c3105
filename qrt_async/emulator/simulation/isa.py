"""Whether a circuit fits a device: the check that the service makes after queueing."""

from __future__ import annotations

import math

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Gate

from qrt_async.emulator.devices.device import Device, edges_of
from qrt_async.emulator.devices.families import DYNAMIC as DYNAMIC_OPERATIONS
from qrt_async.emulator.devices.families import FAMILIES, NOT_GATES
from qrt_async.emulator.failure import DYNAMIC, LIMIT, NOT_ISA, ProgramFailed

from .gates import angle, walk

NOISY_QUBITS = 10
"""Active qubits of a noisy device that are simulated."""


def check_fit(circuit: QuantumCircuit, device: Device) -> None:
    """Raise ``ProgramFailed`` (1517, 1524), naming the first instruction that does not fit and its qubits."""
    if circuit.num_qubits > device.num_qubits:
        raise ProgramFailed(
            NOT_ISA,
            f"The circuit has {circuit.num_qubits} qubits, but {device.name} has {device.num_qubits}",
        )
    if device.kind == "ideal":
        return
    family = FAMILIES[device.kind]
    singles = {*family.one_qubit, *NOT_GATES}
    edges = frozenset(edges_of(device))
    for operation, qubits in walk(circuit):
        name = operation.name
        if type(operation) is Gate:  # defined by the user, and not as the standard gate of that name
            raise _misfit(name, qubits, device)
        if name == "barrier" or name in DYNAMIC_OPERATIONS or (name in singles and len(qubits) == 1):
            continue
        if isinstance(operation, ControlFlowOp):
            raise ProgramFailed(DYNAMIC, f"The instruction {name} is not supported by {device.name}")
        if name not in family.two_qubit or qubits not in edges:
            raise _misfit(name, qubits, device)


def check_angles(circuit: QuantumCircuit, places: tuple[int, ...], device: Device) -> None:
    """Raise ``ProgramFailed`` for a bound ``rzz`` outside of what a processor can turn: 0 to π/2.

    ``places`` are the device's qubits that the circuit's stand for.
    """
    if device.kind == "ideal":
        return
    for operation, qubits in walk(circuit, places):
        turn = angle(operation.params[0]) if operation.name == "rzz" else None
        if turn is not None and not -1e-9 <= turn <= math.pi / 2.0 + 1e-9:
            raise ProgramFailed(
                NOT_ISA,
                f"The instruction rzz on qubits {qubits} has the angle {turn:g}, "
                f"which is not in the range from 0 to pi/2 that {device.name} supports",
            )


def check_noisy_width(active: tuple[int, ...], device: Device) -> None:
    """Raise ``ProgramFailed`` (1520) for more noisy qubits than can be simulated."""
    if device.kind != "ideal" and len(active) > NOISY_QUBITS:
        raise ProgramFailed(
            LIMIT,
            f"The circuit uses {len(active)} qubits; the emulator simulates noise on at most {NOISY_QUBITS}. "
            "An ideal backend takes more",
        )


def _misfit(name: str, qubits: tuple[int, ...], device: Device) -> ProgramFailed:
    return ProgramFailed(
        NOT_ISA,
        f"The instruction {name} on qubits {qubits} is not supported by the target system {device.name}",
    )
