"""Exact chances of what a noisy device reads, by Aer's density matrix, from what the device publishes of its noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error, thermal_relaxation_error

Properties = dict[str, Any]
Values = np.ndarray[Any, np.dtype[np.float64]]


def value_of(values: list[dict[str, Any]], name: str) -> float:
    return float(next(it["value"] for it in values if it["name"] == name))


def noise(properties: Properties, qubits: list[int]) -> NoiseModel:
    """Gates that depolarize with the infidelity that is published for them, on these qubits counted anew."""
    model = NoiseModel()
    for gate in properties["gates"]:
        error = value_of(gate["parameters"], "gate_error") if gate["gate"] != "reset" else 0.0
        if error and set(gate["qubits"]) <= set(qubits):
            size = 2 ** len(gate["qubits"])
            channel = depolarizing_error(error * size / (size - 1), len(gate["qubits"]))
            model.add_quantum_error(channel, gate["gate"], [qubits.index(qubit) for qubit in gate["qubits"]])
    return model


def qubits_read(circuit: QuantumCircuit) -> list[int]:
    """The physical qubits, in the order of the bits that they are read into."""
    return [circuit.find_bit(it.qubits[0]).index for it in circuit.data if it.operation.name == "measure"]


def populations(bound: QuantumCircuit, properties: Properties, step: float) -> Values:
    """The chance of each state of the qubits before they are read, the first bit least significant.

    ``step`` is the device's step of time in seconds.
    """
    qubits = qubits_read(bound)
    small = QuantumCircuit(len(qubits))
    for it in bound.data:
        on = [qubits.index(bound.find_bit(qubit).index) for qubit in it.qubits]
        if it.operation.name == "delay":
            values = properties["qubits"][qubits[on[0]]]
            t1, t2 = (value_of(values, name) * 1e-6 for name in ("T1", "T2"))
            small.append(thermal_relaxation_error(t1, t2, it.operation.duration * step).to_instruction(), on)
        elif it.operation.name != "measure":
            small.append(it.operation, on)
    small.save_density_matrix()
    model = noise(properties, qubits)
    simulator = AerSimulator(method="density_matrix", noise_model=model, max_parallel_threads=1)
    state = np.asarray(simulator.run(small, shots=1).result().data()["density_matrix"])
    return np.real(np.diag(state))


def readings(states: Values, qubits: list[int], properties: Properties, *, twirled: bool) -> dict[int, float]:
    """The chances of the bits. Twirled readings are wrong equally often either way."""
    read = states.reshape([2] * len(qubits))
    for place, qubit in enumerate(qubits):
        values = properties["qubits"][qubit]
        names = ("readout_error",) * 2 if twirled else ("prob_meas1_prep0", "prob_meas0_prep1")
        ghost, misread = (value_of(values, name) for name in names)
        confusion = np.array([[1.0 - ghost, misread], [ghost, 1.0 - misread]])
        axis = len(qubits) - 1 - place
        read = np.moveaxis(np.tensordot(confusion, read, axes=(1, axis)), 0, axis)
    return dict(enumerate(read.reshape(-1).tolist()))
