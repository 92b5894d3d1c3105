"""The noise learner, version 3: the noise of boxed instructions, each a layer of gates or of readings.

The rates are those that the device states, as in version 2, so their standard deviation is zero and no shot is
discarded. A layer of readings has the rate at which each of its qubits flips when readings are twirled.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from qiskit import QuantumCircuit

from qrt_async.emulator.devices.device import Device
from qrt_async.emulator.failure import BAD_INPUT, OPTIONS, ProgramFailed
from qrt_async.emulator.simulation.circuits import all_from_qpy
from qrt_async.emulator.simulation.gates import walk
from qrt_async.emulator.simulation.isa import check_fit
from qrt_async.emulator.simulation.timing import charged_seconds, circuit_seconds

from .layers import CLIFFORD, Layer
from .noise_learner import BASES, DEPTHS, Generator, layer_rates
from .options import Positive
from .tensors import write_tensor

Protocol = Literal["lindblad", "trex"]
Version = Literal["v0.1", "v0.2", "v0.3"]


class _Instructions(msgspec.Struct, frozen=True):
    circuit_b64: str


class _Options(msgspec.Struct, frozen=True):
    shots_per_randomization: Positive = 128
    num_randomizations: Positive = 32
    layer_pair_depths: tuple[Annotated[int, msgspec.Meta(ge=0)], ...] = DEPTHS


class _Params(msgspec.Struct, frozen=True):
    schema_version: Version
    instructions: _Instructions
    options: _Options


class Boxed(msgspec.Struct, frozen=True):
    """One instruction: what is in its box, on the device's qubits, and how its noise is learned."""

    circuit: QuantumCircuit
    layer: Layer
    protocol: Protocol


def run_noise_learner_v3(given: Any, device: Device) -> tuple[dict[str, Any], float, list[QuantumCircuit]]:
    """The result as JSON has it, the seconds charged, and the circuits that were read."""
    try:
        params = msgspec.convert(given, _Params)
    except msgspec.ValidationError as error:
        raise ProgramFailed(OPTIONS, f"The params of the job are not valid: {error}") from error
    [given_circuit] = all_from_qpy(params.instructions.circuit_b64, compressed=False)
    boxes = [_boxed(instruction, device) for instruction in given_circuit.circuit.data]
    document = {
        "schema_version": params.schema_version,
        "data": [_learned(box, device, params) for box in boxes],
    }
    return document, _charged(boxes, params.options, device), [box.circuit for box in boxes]


def _boxed(instruction: Any, device: Device) -> Boxed:
    if instruction.operation.name != "box":
        raise ProgramFailed(BAD_INPUT, f"Expected a box, not {instruction.operation.name}")
    physical = tuple(_index(qubit) for qubit in instruction.qubits)
    placed = list(walk(instruction.operation.body, physical))
    circuit = QuantumCircuit(max(physical, default=0) + 1, len(physical))
    for number, (operation, qubits) in enumerate(placed):
        circuit.append(operation, qubits, [number] if operation.name == "measure" else [])
    check_fit(circuit, device)
    gates = tuple((operation.name, qubits) for operation, qubits in placed if operation.name in CLIFFORD)
    return Boxed(circuit, Layer(gates, tuple(sorted(physical))), _protocol(placed, physical))


def _index(qubit: Any) -> int:
    """The device's qubit: a program of instructions has no registers, but its qubits remember theirs."""
    if qubit._index is None:
        raise ProgramFailed(BAD_INPUT, "The qubits of an instruction are not those of a physical register")
    return int(qubit._index)


def _protocol(placed: list[Any], physical: tuple[int, ...]) -> Protocol:
    """How the noise of a box is learned; raises ``ProgramFailed`` for one that has no way."""
    acts = [(operation, qubits) for operation, qubits in placed if operation.name != "barrier"]
    read = [qubits[0] for operation, qubits in acts if operation.name == "measure"]
    if read and len(read) == len(acts) and sorted(read) == sorted(physical):
        return "trex"
    busy = [qubit for operation, qubits in acts if len(qubits) > 1 for qubit in qubits]
    known = all(len(qubits) == 1 or operation.name in CLIFFORD for operation, qubits in acts)
    if read or not known or len(busy) != len(set(busy)):
        raise ProgramFailed(
            BAD_INPUT,
            "An instruction is one layer of Clifford gates on two qubits, or reads each of its qubits once",
        )
    return "lindblad"


def _learned(box: Boxed, device: Device, params: _Params) -> dict[str, Any]:
    rates = (
        layer_rates(box.layer, device) if box.protocol == "lindblad" else _reading_rates(box.layer, device)
    )
    kept = 1.0 if box.protocol == "trex" else dict.fromkeys(map(str, params.options.layer_pair_depths), 1.0)
    selection = {"fraction_kept": kept} | ({"success_rates": {}} if params.schema_version == "v0.3" else {})
    values = np.array([*rates.values()], dtype=np.float64)
    return {
        "generators_sparse": [[_sparse(generator)] for generator in rates],
        "num_qubits": len(box.layer.qubits),
        "rates": write_tensor(values, compressed=False),
        "rates_std": write_tensor(np.zeros_like(values), compressed=False),
        "metadata": {"learning_protocol": box.protocol, "post_selection": selection},
    }


def _reading_rates(layer: Layer, device: Device) -> dict[Generator, float]:
    """The rate of each flip: a reading is wrong with the probability ``(1 - exp(-2 rate)) / 2``."""
    noise = device.processor
    errors = [0.0 if noise is None else noise.qubits[qubit].readout_error for qubit in layer.qubits]
    return {((place, "X"),): -math.log1p(-2.0 * error) / 2.0 for place, error in enumerate(errors)}


def _sparse(generator: Generator) -> tuple[str, list[int]]:
    return "".join(letter for _, letter in generator), [place for place, _ in generator]


def _charged(boxes: list[Boxed], options: _Options, device: Device) -> float:
    """A layer of gates as in version 2; readings once for each randomization."""
    each = options.num_randomizations * options.shots_per_randomization
    executions = []
    for box in boxes:
        seconds = circuit_seconds(box.circuit, device)
        depths = options.layer_pair_depths if box.protocol == "lindblad" else (0,)
        bases = BASES if box.protocol == "lindblad" else 1
        executions += [(each * bases, 2.0 * depth * seconds) for depth in depths]
    return charged_seconds(executions, device)
