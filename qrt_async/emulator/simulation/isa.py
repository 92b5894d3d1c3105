"""Whether a circuit fits a device: the check that the service makes after queueing."""

from __future__ import annotations

import math
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Gate

from qrt_async.emulator.devices.device import Device
from qrt_async.emulator.devices.processor import Processor
from qrt_async.emulator.failure import DYNAMIC, LIMIT, NOT_ISA, ProgramFailed

from .gates import angle, walk

EVERYWHERE = frozenset({"barrier", "break_loop", "continue_loop"})
"""What needs no hardware; loops are looked at by themselves."""
NOISY_QUBITS = 10
"""Active qubits of a noisy device that are simulated."""


def check_fit(circuit: QuantumCircuit, device: Device) -> None:
    """Raise ``ProgramFailed`` (1517, 1524), naming the first instruction that does not fit and its qubits."""
    if circuit.num_qubits > device.num_qubits:
        raise ProgramFailed(
            NOT_ISA,
            f"The circuit has {circuit.num_qubits} qubits, but {device.name} has {device.num_qubits}",
        )
    if device.processor is None:
        return
    for operation, qubits in walk(circuit):
        if isinstance(operation, ControlFlowOp) and operation.name not in device.processor.others:
            raise ProgramFailed(
                DYNAMIC, f"The instruction {operation.name} is not supported by {device.name}"
            )
        if not _known(operation, qubits, device.processor):
            raise _misfit(operation.name, qubits, device)


def _known(operation: Any, qubits: tuple[int, ...], processor: Processor) -> bool:
    """Whether the processor has the instruction there; a gate that the user defined is none of its own."""
    if type(operation) is Gate:
        return False
    name = operation.name
    return name in EVERYWHERE or name in processor.others or processor.placed(name, qubits) is not None


def check_angles(circuit: QuantumCircuit, places: tuple[int, ...], device: Device) -> None:
    """Raise ``ProgramFailed`` for a bound ``rzz`` outside of what a processor can turn: 0 to π/2.

    ``places`` are the device's qubits that the circuit's stand for.
    """
    if device.processor is None:
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
    if device.processor is not None and len(active) > NOISY_QUBITS:
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
