"""The noise learner, version 2: the Pauli-Lindblad noise of the two-qubit layers of circuits.

The rates are those that the device's stated noise has, as a learner with any number of shots would find
them: each gate depolarizes its pair, and the twirling before a layer is two ``sx`` on every twirled qubit,
whose errors pass through the layer's gates. Nothing is sampled.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import Clifford, Pauli

from qrt_async.emulator.devices.device import Device
from qrt_async.emulator.devices.processor import Processor
from qrt_async.emulator.failure import OPTIONS, ProgramFailed
from qrt_async.emulator.simulation.circuits import to_qpy
from qrt_async.emulator.simulation.timing import charged_seconds, circuit_seconds

from .encode import ndarray, of_type
from .layers import Layer, Strategy, unique_layers
from .options import Group, Positive, Simulated
from .pubs import read_circuit

Generator = tuple[tuple[int, str], ...]
"""A Pauli: places in the layer with their letters, in rising order."""

TWIRLING_GATES = 2
BASES = 9
"""Product bases that show every Pauli on two neighbours."""
MODULE = "qiskit_ibm_runtime.utils.noise_learner_result"
DEPTHS = (0, 1, 2, 4, 16, 32)


class LearnerOptions(Group, frozen=True):
    max_layers_to_learn: Annotated[int, msgspec.Meta(ge=0)] | None = 4
    shots_per_randomization: Positive = 128
    num_randomizations: Positive = 32
    layer_pair_depths: tuple[Annotated[int, msgspec.Meta(ge=0)], ...] = DEPTHS
    twirling_strategy: Strategy = "active-accum"
    support_qiskit: bool = True
    experimental: dict[str, Any] | None = None
    simulator: Simulated | None = None


class LearnerParams(Group, frozen=True):
    """``params`` of a noise-learner job, version 2."""

    circuits: list[Any]
    options: LearnerOptions = LearnerOptions()
    version: Literal[2] | None = 2


class Learned(msgspec.Struct, frozen=True):
    """A layer with the rate of each generator."""

    layer: Layer
    rates: dict[Generator, float]

    def labels(self) -> list[str]:
        """The generators as Qiskit writes them, the last letter for the first qubit."""
        width = len(self.layer.qubits)
        rows = (dict(generator) for generator in self.rates)
        return ["".join(row.get(place, "I") for place in reversed(range(width))) for row in rows]


def run_noise_learner(given: Any, device: Device) -> tuple[dict[str, Any], float, list[QuantumCircuit]]:
    """The result as JSON has it, the seconds charged, and the circuits that were read."""
    try:
        params = msgspec.convert(given, LearnerParams)
    except msgspec.ValidationError as error:
        raise ProgramFailed(OPTIONS, f"The params of the job are not valid: {error}") from error
    options = params.options
    circuits = [read_circuit(it, device).circuit for it in params.circuits]
    found = unique_layers(circuits, options.twirling_strategy, options.max_layers_to_learn)
    learned = [Learned(layer, layer_rates(layer, device)) for layer in found]
    write = _typed if options.support_qiskit else _plain
    document = {"data": [write(it) for it in learned], "metadata": _metadata(options, device)}
    return document, _charged(found, options, device), circuits


def layer_rates(layer: Layer, device: Device) -> dict[Generator, float]:
    """The rates of all Paulis on one qubit, and on two neighbours, in that order."""
    rates: dict[Generator, float] = dict.fromkeys(_generators(layer, device), 0.0)
    if device.processor is None:
        return rates
    for generator, rate in _errors(layer, device.processor).items():
        rates[generator] += rate
    return rates


def _generators(layer: Layer, device: Device) -> list[Generator]:
    places = {qubit: place for place, qubit in enumerate(layer.qubits)}
    neighbours = set() if device.processor is None else device.processor.pairs().keys()
    pairs = {qubits for _, qubits in layer.gates} | neighbours
    near = sorted({tuple(sorted((places[a], places[b]))) for a, b in pairs if a in places and b in places})
    ones: list[Generator] = [((place, letter),) for place in places.values() for letter in "XYZ"]
    return ones + [((a, first), (b, second)) for a, b in near for first in "XYZ" for second in "XYZ"]


def _errors(layer: Layer, processor: Processor) -> dict[Generator, float]:
    errors: defaultdict[Generator, float] = defaultdict(float)
    places = {qubit: place for place, qubit in enumerate(layer.qubits)}
    gates = {qubit: gate for gate in layer.gates for qubit in gate[1]}
    for qubit in layer.qubits:
        rate = TWIRLING_GATES * depolarizing_rate(processor.error("sx", (qubit,)) * 2.0, 1)
        for letter in "XYZ":
            errors[_passed(qubit, letter, gates.get(qubit), places)] += rate
    for name, (a, b) in layer.gates:
        rate = depolarizing_rate(processor.error(name, (a, b)) * 4.0 / 3.0, 2)
        for first in "IXYZ":
            for second in "IXYZ":
                if first + second != "II":
                    errors[_generator({places[a]: first, places[b]: second})] += rate
    return errors


def depolarizing_rate(strength: float, qubits: int) -> float:
    """The rate of each Pauli whose channel together depolarizes: all others shrink by ``1 - strength``.

    Each of them anticommutes with half of all ``4**qubits``, and shrinks by ``exp(-2 rate)`` for each of these.
    """
    return -math.log1p(-strength) / 4.0**qubits


def _passed(qubit: int, letter: str, gate: Any, places: dict[int, int]) -> Generator:
    """What a Pauli error before the layer is after it."""
    if gate is None:
        return ((places[qubit], letter),)
    _, (a, b) = gate
    before = Pauli(f"I{letter}" if qubit == a else f"{letter}I")
    after = before.evolve(Clifford(Layer((gate,), (a, b)).circuit()), frame="s")
    second, first = after.to_label().lstrip("-")
    return _generator({places[a]: first, places[b]: second})


def _generator(letters: dict[int, str]) -> Generator:
    return tuple((place, letters[place]) for place in sorted(letters) if letters[place] != "I")


def _typed(learned: Learned) -> dict[str, Any]:
    generators = {
        "__type__": "settings",
        "__module__": "qiskit.quantum_info.operators.symplectic.pauli_list",
        "__class__": "PauliList",
        "__value__": {"data": learned.labels()},
    }
    error = {"generators": generators, "rates": ndarray(np.array([*learned.rates.values()]))}
    return _of_class(
        "LayerError",
        {
            "circuit": of_type("QuantumCircuit", to_qpy(learned.layer.circuit())),
            "qubits": list(learned.layer.qubits),
            "error": _of_class("PauliLindbladError", error),
        },
    )


def _of_class(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"__type__": "_json", "__module__": MODULE, "__class__": name, "__value__": value}


def _plain(learned: Learned) -> dict[str, Any]:
    return {
        "circuit": qasm3.dumps(learned.layer.circuit()),
        "qubits": list(learned.layer.qubits),
        "error": {"generators": learned.labels(), "rates": [*learned.rates.values()]},
    }


def _metadata(options: LearnerOptions, device: Device) -> dict[str, Any]:
    names = ("max_layers_to_learn", "shots_per_randomization", "num_randomizations", "layer_pair_depths",
             "twirling_strategy")  # fmt: skip
    return {"backend": device.name, "input_options": {name: getattr(options, name) for name in names}}


def _charged(layers: list[Layer], options: LearnerOptions, device: Device) -> float:
    """Each layer, twice for each pair of a depth, in each basis, as often as randomized and shot."""
    each = BASES * options.num_randomizations * options.shots_per_randomization
    return charged_seconds(
        [
            (each, 2.0 * depth * circuit_seconds(layer.circuit(), device))
            for layer in layers
            for depth in options.layer_pair_depths
        ],
        device,
    )
