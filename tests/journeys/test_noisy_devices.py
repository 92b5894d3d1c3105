"""Counts and means of noisy devices are distributed as their own properties say, by Aer's density matrix.

The referee's noise model is written here, from what ``GET /properties`` publishes; the emulator's is not asked.
The seed is drawn for each run and named by a failure; ``QRT_JOURNEY_SEED`` brings a run back. A right emulator
fails once in a million runs.
"""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error, thermal_relaxation_error

import qrt_async as qrt
from qrt_async.emulator import Emulator, EmulatorConfig
from tests.journeys.chance import Trials, binomial

SEED = int(os.environ.get("QRT_JOURNEY_SEED") or secrets.randbits(31))
CIRCUITS, SHOTS, STEPS = 20, 20_000, 40
PRECISION = 1 / 128
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:inst0::"
DEVICES = ("emulator_falcon", "emulator_heron")
ANGLE = Parameter("angle")
DELAYS = (50_000, 200_000)
"""In nanoseconds: of the order of T1."""

Rng = np.random.Generator
Values = np.ndarray[Any, np.dtype[np.float64]]
Properties = dict[str, Any]


def some_qubits(rng: Rng, pairs: list[tuple[int, int]]) -> list[int]:
    """One to three that are neighbours in a chain, and up to two that may be anywhere."""
    chain = [int(rng.choice([qubit for pair in pairs for qubit in pair]))]
    for _ in range(int(rng.integers(3))):
        near = [b for a, b in [*pairs, *((b, a) for a, b in pairs)] if a == chain[-1] and b not in chain]
        chain += [int(rng.choice(near))] if near else []
    others = [int(qubit) for qubit in rng.choice(max(map(max, pairs)), 2) if qubit not in chain]
    return list(dict.fromkeys([*chain, *others[: int(rng.integers(3))]]))


def circuit(rng: Rng, configuration: Any) -> QuantumCircuit:
    """Random gates in the device's own set, with an angle or two left open; every qubit is read at the end."""
    pairs = [(a, b) for a, b in configuration["coupling_map"]]
    qubits = some_qubits(rng, pairs)
    tied = [pair for pair in pairs if set(pair) <= set(qubits)]
    whole = QuantumCircuit(configuration["n_qubits"], len(qubits))
    ones = sorted({"id", "rz", "sx", "x", "rx"} & set(configuration["basis_gates"]))
    twos = sorted({"cz", "ecr", "rzz"} & set(configuration["basis_gates"]))
    for _ in range(STEPS):
        angle = ANGLE if rng.random() < 0.2 else float(rng.uniform(0.0, np.pi / 2))
        if tied and rng.random() < 0.5:
            name, on = str(rng.choice(twos)), [*tied[int(rng.integers(len(tied)))]]
        else:
            name, on = str(rng.choice(ones)), [int(rng.choice(qubits))]
        getattr(whole, name)(*([angle] if name in ("rz", "rx", "rzz") else []), *on)
    if rng.random() < 0.5:
        # in steps of the device, for Qiskit's QPY forgets any other unit
        whole.delay(round(rng.choice(DELAYS) / configuration["dt"]), int(rng.choice(qubits)), "dt")
    whole.measure(qubits, range(len(qubits)))
    return whole


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


def chances(bound: QuantumCircuit, properties: Properties, step: float, *, twirled: bool) -> dict[int, float]:
    """Exact chances of the bits: the density matrix before the reading, then the published misreadings.

    ``step`` is the device's step of time in seconds. Twirled readings are wrong equally often either way.
    """
    qubits = [bound.find_bit(it.qubits[0]).index for it in bound.data if it.operation.name == "measure"]
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
    simulator = AerSimulator(
        method="density_matrix", noise_model=noise(properties, qubits), max_parallel_threads=1
    )
    state = np.asarray(simulator.run(small, shots=1).result().data()["density_matrix"])
    read = np.real(np.diag(state)).reshape([2] * len(qubits))
    for place, qubit in enumerate(qubits):
        values = properties["qubits"][qubit]
        names = ("readout_error",) * 2 if twirled else ("prob_meas1_prep0", "prob_meas0_prep1")
        ghost, misread = (value_of(values, name) for name in names)
        confusion = np.array([[1.0 - ghost, misread], [ghost, 1.0 - misread]])
        axis = len(qubits) - 1 - place
        read = np.moveaxis(np.tensordot(confusion, read, axes=(1, axis)), 0, axis)
    return dict(enumerate(read.reshape(-1).tolist()))


class Device(NamedTuple):
    """A backend as it describes itself, and random circuits for it with values for their open angles."""

    name: str
    properties: Properties
    step: float
    circuits: list[QuantumCircuit]
    values: list[Values]

    def pubs(self, *between: list[Any]) -> list[tuple[Any, ...]]:
        """Each circuit, what else its PUB has, and its values, a row a point."""
        rows = zip(self.circuits, *between, self.values, strict=True)
        return [(*row[:-1], row[-1].reshape(-1, 1)) if row[0].parameters else row[:-1] for row in rows]

    def points(self) -> Iterator[tuple[int, int, QuantumCircuit]]:
        """The number of the circuit, of the point, and the circuit there."""
        for number, (one, values) in enumerate(zip(self.circuits, self.values, strict=True)):
            for point, angle in enumerate(values):
                yield number, point, one.assign_parameters([angle]) if one.parameters else one

    def chances(self, bound: QuantumCircuit, *, twirled: bool = False) -> dict[int, float]:
        return chances(bound, self.properties, self.step, twirled=twirled)


async def described(service: qrt.RuntimeService, name: str, rng: Rng) -> Device:
    configuration = await service.backends.configuration(name)
    properties = await service.backends.properties(name)
    assert properties is not None
    drawn = [circuit(rng, configuration) for _ in range(CIRCUITS)]
    angles = [rng.uniform(0.0, np.pi / 2, 2 if one.parameters else 1) for one in drawn]
    return Device(name, properties, configuration["dt"] * 1e-9, drawn, angles)


async def compare_counts(
    service: qrt.RuntimeService, device: Device, trials: Trials, *, twirled: bool
) -> None:
    options = {"twirling": {"enable_measure": twirled}}
    job = await service.run(qrt.Sampler(device.pubs(), shots=SHOTS, options=options), backend=device.name)
    result = await job
    for number, point, bound in device.points():
        bits = result[number].data.bits("c")
        counts = bits.get_int_counts(point if bits.shape else None)
        theory = device.chances(bound, twirled=twirled)
        trials.counted(counts, theory, f"circuit {number} of {device.name} at point {point}")


async def compare_means(service: qrt.RuntimeService, device: Device, trials: Trials, rng: Rng) -> None:
    """The mean of a product of Z is a count of even readings: exactly binomial, misreadings and all."""
    width = device.circuits[0].num_qubits
    asked = [rng.integers(1, 2**one.num_clbits) for one in device.circuits]
    labels = ["".join("Z" if qubit in on else "I" for qubit in reversed(range(width))) for on in
              (chosen(one, mask) for one, mask in zip(device.circuits, asked, strict=True))]  # fmt: skip
    bare = device._replace(circuits=[without_readings(one) for one in device.circuits])
    program = qrt.Estimator(bare.pubs(labels), precision=PRECISION, options={"resilience_level": 0})
    result = await (await service.run(program, backend=device.name))
    shots = math.ceil(1.0 / PRECISION**2)
    for number, point, bound in device.points():
        value = float(result[number].data.array("evs").reshape(-1)[point])
        even = (value + 1.0) / 2.0 * shots
        theory = math.fsum(
            chance
            for bits, chance in device.chances(bound).items()
            if (bits & int(asked[number])).bit_count() % 2 == 0
        )
        assert abs(even - round(even)) < 1e-6 * shots, f"{value} of {shots} shots is no count"
        trials.add(
            binomial(round(even), shots, theory), f"mean {number} of {device.name} at {point}: {value}"
        )


def chosen(one: QuantumCircuit, mask: int) -> list[int]:
    """The qubits that are read into the bits of the mask."""
    reads = [it for it in one.data if it.operation.name == "measure"]
    return [one.find_bit(it.qubits[0]).index for place, it in enumerate(reads) if mask >> place & 1]


def without_readings(one: QuantumCircuit) -> QuantumCircuit:
    bare = QuantumCircuit(one.num_qubits)
    for it in one.data:
        if it.operation.name != "measure":
            bare.append(it.operation, [one.find_bit(qubit).index for qubit in it.qubits])
    return bare


@pytest.mark.timeout(180)
async def test_counts_and_means_of_noisy_devices_follow_their_published_noise() -> None:
    rng = np.random.default_rng(SEED)
    trials = Trials()
    settings = EmulatorConfig(queue_seconds=0.0, run_seconds=0.0, rate_limit=None)
    async with (
        Emulator(settings) as emulator,
        qrt.RuntimeService(url=emulator.url, token="any", instance=CRN, rate_limit=None) as service,
    ):
        for name in DEVICES:
            device = await described(service, name, rng)
            await compare_counts(service, device, trials, twirled=False)
            await compare_counts(service, device, trials, twirled=True)
            await compare_means(service, device, trials, rng)
    trials.judge(f"QRT_JOURNEY_SEED={SEED}", least=8 * CIRCUITS)
