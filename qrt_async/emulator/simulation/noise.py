"""The noise of a device on the qubits of one circuit.

Gates depolarize, with the average infidelity that the backend's properties state; ``rz`` is free and
perfect, as on the real machines. ``delay`` relaxes with the qubit's T1 and T2. Readings flip with the stated
probabilities. A model of the whole device would make each simulation carry all its qubits: this one has only
those the circuit uses.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from qiskit import QuantumCircuit
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error, thermal_relaxation_error

from qrt_async.emulator.devices.device import Device

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}


@lru_cache(maxsize=256)
def noise_model(
    device: Device, qubits: tuple[int, ...], *, twirled: bool = False, factor: float = 1.0
) -> NoiseModel | None:
    """The noise of these physical qubits, counted from zero in this order; ``None`` for an ideal device.

    ``twirled`` readings are wrong equally often either way. The errors of two-qubit gates happen ``factor`` times.
    """
    if device.processor is None:
        return None
    model = NoiseModel()
    places = {qubit: place for place, qubit in enumerate(qubits)}
    for name, placements in device.processor.gates.items():
        for on, placed in placements.items():
            if placed.error and places.keys() >= set(on):
                error = _depolarizing(placed.error, len(on), factor if len(on) > 1 else 1.0)
                model.add_quantum_error(error, name, [places[it] for it in on])
    for place, qubit in enumerate(qubits):
        values = device.processor.qubits[qubit]
        misread, ghost = values.reads_0_when_1, values.reads_1_when_0
        if twirled:
            misread = ghost = values.readout_error
        model.add_readout_error(ReadoutError([[1.0 - ghost, ghost], [misread, 1.0 - misread]]), [place])
    return model


def _depolarizing(infidelity: float, width: int, factor: float) -> Any:
    """The channel of strength s in d dimensions has the average infidelity s (d - 1) / d; here ``factor`` of them."""
    strength = min(1.0, infidelity / (1.0 - 0.5**width))
    return depolarizing_error(1.0 - (1.0 - strength) ** factor, width)


def relaxed(circuit: QuantumCircuit, device: Device, qubits: tuple[int, ...]) -> QuantumCircuit:
    """A bound circuit, on these physical qubits, with each delay turned into the decay it means."""
    processor = device.processor
    if processor is None or not any(it.operation.name == "delay" for it in circuit.data):
        return circuit
    decaying = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation = instruction.operation
        if operation.name == "delay":
            values = processor.qubits[qubits[circuit.find_bit(instruction.qubits[0]).index]]
            error = thermal_relaxation_error(values.t1, values.t2, delay_seconds(operation, processor.dt))
            operation = error.to_instruction()
        decaying.append(operation, instruction.qubits, instruction.clbits, copy=False)
    return decaying


def delay_seconds(delay: Any, dt: float) -> float:
    """How long a delay is, where a step of time is ``dt``; one whose length is still open counts as nothing."""
    try:
        length = float(delay.duration)
    except TypeError:
        return 0.0
    return length * SECONDS.get(delay.unit, dt)
