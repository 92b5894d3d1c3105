"""One circuit at many points: prepared once, then read point by point.

On a noisy device the circuit falls into the parts that nothing ties together. The width that can be
simulated is that of the largest part; lone qubits cost next to nothing.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from qiskit import QuantumCircuit
from qiskit_aer.noise import NoiseModel

from qrt_async.emulator.devices.device import Device

from .circuits import Circuit
from .compact import active_qubits, compacted
from .components import Component, components
from .isa import check_angles, check_noisy_width
from .lone import Chances, Lone, as_lone, chances
from .noise import noise_model, relaxed
from .shots import Bits, sample
from .values import Values


class Part(msgspec.Struct, frozen=True):
    """A component, ready to be given values."""

    component: Component
    circuit: QuantumCircuit
    noise: NoiseModel | None


class Points(msgspec.Struct, frozen=True):
    """A circuit with its values, one row a point, and the chances of lone qubits at each point."""

    circuit: Circuit
    values: Values
    device: Device
    parts: list[Part]
    lone: list[tuple[Lone, Chances]]

    def read(self, point: int, shots: int, seed: int) -> Bits:
        """All classical bits, bit 0 first, of shots at a point: ``(shots, bits)``."""
        bits = np.zeros((shots, self.circuit.circuit.num_clbits), np.uint8)
        given = dict(zip(self.circuit.parameters, self.values[point].tolist(), strict=True))
        seeds = np.random.SeedSequence(seed).generate_state(len(self.parts) + 1, np.uint64).tolist()
        for part, own in zip(self.parts, seeds[1:], strict=True):
            places = part.component.qubits
            bound = part.circuit.assign_parameters(given, strict=False)
            check_angles(bound, places, self.device)
            samples = sample(relaxed(bound, self.device, places), shots, own, part.noise)
            columns = list(part.component.clbits)
            bits[:, columns] = samples.outcomes[:, columns][samples.picks]
        chance = np.random.default_rng(seeds[0])
        for lone, probability in self.lone:
            bits[:, lone.clbit] = chance.random(shots) < probability[point]
        return bits


def prepared(circuit: Circuit, values: Values, device: Device) -> Points:
    """The circuit at these points, an array ``(*points, parameters)``.

    Raises ``ProgramFailed`` if a part is too wide.
    """
    rows = values.reshape(math.prod(values.shape[:-1]), values.shape[-1])
    active = active_qubits(circuit.circuit)
    if device.processor is None:
        every = tuple(range(circuit.circuit.num_clbits))
        return Points(
            circuit, rows, device, [_part(circuit, Component(tuple(sorted(active)), every), device)], []
        )
    parts, lone = [], []
    for component in components(circuit.circuit, active):
        alone = as_lone(circuit.circuit, component.qubits[0]) if len(component.qubits) == 1 else None
        if alone is not None and component.clbits == (alone.clbit,):
            lone.append((alone, chances(alone, circuit.parameters, rows, device.processor)))
        else:
            parts.append(_part(circuit, component, device))
    return Points(circuit, rows, device, parts, lone)


def _part(circuit: Circuit, component: Component, device: Device) -> Part:
    check_noisy_width(component.qubits, device)
    small = compacted(circuit.circuit, component.qubits)
    return Part(component, small, noise_model(device, component.qubits))
