"""PUBs: circuits with what they are run with."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from qrt_async.emulator.devices.device import Device
from qrt_async.emulator.failure import BAD_INPUT, DYNAMIC_ESTIMATOR, UNREADABLE, ProgramFailed
from qrt_async.emulator.simulation import qasm
from qrt_async.emulator.simulation.circuits import Circuit, from_qpy
from qrt_async.emulator.simulation.gates import walk
from qrt_async.emulator.simulation.isa import check_fit
from qrt_async.emulator.simulation.values import Values, read_values

from .observables import Observables, read_observables

SAMPLER_SIZE = 3
ESTIMATOR_SIZE = 4


class SamplerPub(msgspec.Struct, frozen=True):
    """One circuit, run ``shots`` times at each point of ``values`` (shape ``(*points, parameters)``)."""

    circuit: Circuit
    values: Values
    shots: int

    @property
    def shape(self) -> tuple[int, ...]:
        points: tuple[int, ...] = self.values.shape[:-1]
        return points


class EstimatorPub(msgspec.Struct, frozen=True):
    """One circuit, and observables and points that broadcast against each other."""

    circuit: Circuit
    observables: Observables
    values: Values
    precision: float

    @property
    def shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(self.observables.shape, self.values.shape[:-1])


def read_sampler_pub(given: Any, device: Device, shots: int) -> SamplerPub:
    """``[circuit, values?, shots?]``, or a circuit alone; ``shots`` is for one that does not say."""
    circuit, values, own = _parts(given, SAMPLER_SIZE, "[circuit, parameter_values, shots]")
    read = read_circuit(circuit, device)
    if own is None:
        own = shots
    if isinstance(own, bool) or not isinstance(own, int) or own < 1:
        raise ProgramFailed(BAD_INPUT, f"The number of shots is a whole number from 1, not {own!r:.40}")
    return SamplerPub(read, read_values(values, read), own)


def read_estimator_pub(given: Any, device: Device, precision: float) -> EstimatorPub:
    """``[circuit, observables, values?, precision?]``; ``precision`` is for one that does not say."""
    circuit, observables, values, own = _parts(
        given, ESTIMATOR_SIZE, "[circuit, observables, parameter_values, precision]"
    )
    read = read_circuit(circuit, device)
    if any(operation.name.endswith(("_loop", "_else", "_case")) for operation, _ in walk(read.circuit)):
        raise ProgramFailed(DYNAMIC_ESTIMATOR, "Dynamic circuits are not supported by the estimator")
    widths = (read.circuit.num_qubits, *((device.num_qubits,) if read.physical else ()))
    if own is None:
        own = precision
    if isinstance(own, bool) or not isinstance(own, int | float) or not (own > 0 and math.isfinite(own)):
        raise ProgramFailed(BAD_INPUT, f"The precision is a number above 0, not {own!r:.40}")
    pub = EstimatorPub(read, read_observables(observables, widths), read_values(values, read), float(own))
    try:
        _ = pub.shape
    except ValueError as error:
        shapes = f"{pub.observables.shape} and {pub.values.shape[:-1]}"
        raise ProgramFailed(
            BAD_INPUT, f"Observables and parameter values of the shapes {shapes} do not broadcast"
        ) from error
    return pub


def _parts(given: Any, size: int, form: str) -> list[Any]:
    parts = given if isinstance(given, list) else [given]
    if not 1 <= len(parts) <= size:
        raise ProgramFailed(BAD_INPUT, f"A pub is {form}, not a list of {len(parts)}")
    return [*parts, *([None] * (size - len(parts)))]


def read_circuit(given: Any, device: Device) -> Circuit:
    """OpenQASM 3 text or a typed circuit, which fits the device; raises ``ProgramFailed``."""
    if isinstance(given, str):
        read = from_text(given)
    elif isinstance(given, dict) and given.get("__type__") == "QuantumCircuit":
        read = from_qpy(given.get("__value__"))
    else:
        raise ProgramFailed(UNREADABLE, "A circuit is OpenQASM 3 text or a typed QuantumCircuit")
    check_fit(read.circuit, device)
    return read


@lru_cache(maxsize=32)
def from_text(text: str) -> Circuit:
    """Programs often repeat one text with other values, and parsing is slow."""
    return qasm.read(text)
