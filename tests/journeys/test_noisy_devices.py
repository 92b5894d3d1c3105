"""Counts and means of noisy devices are distributed as their own properties say, by Aer's density matrix.

The referee's noise model is written here, from what ``GET /properties`` publishes; the emulator's is not asked.
The seed is drawn for each run and named by a failure; ``QRT_JOURNEY_SEED`` brings a run back. A right emulator
fails once in a million runs.
"""

from __future__ import annotations

import math
import os
import secrets
from typing import Any, NamedTuple

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

import qrt_async as qrt
from qrt_async.emulator import Emulator, EmulatorConfig
from tests.journeys.chance import Trials, binomial
from tests.journeys.density import Properties, Values, populations, qubits_read, readings

SEED = int(os.environ.get("QRT_JOURNEY_SEED") or secrets.randbits(31))
CIRCUITS, SHOTS, STEPS = 16, 20_000, 40
PRECISION = 1 / 128
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:inst0::"
DEVICES = ("emulator_falcon", "emulator_heron")
ANGLE = Parameter("angle")
DELAYS = (50_000, 200_000)
"""In nanoseconds: of the order of T1."""

Rng = np.random.Generator


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


class Point(NamedTuple):
    """A circuit with its angle: its number, the point's, and what theory says of the qubits that are read."""

    number: int
    point: int
    qubits: list[int]
    states: Values


class Device(NamedTuple):
    """A backend as it describes itself, and random circuits for it with values for their open angles."""

    name: str
    properties: Properties
    circuits: list[QuantumCircuit]
    values: list[Values]
    points: list[Point]

    def pubs(self, *between: list[Any]) -> list[tuple[Any, ...]]:
        """Each circuit, what else its PUB has, and its values, a row a point."""
        rows = zip(self.circuits, *between, self.values, strict=True)
        return [(*row[:-1], row[-1].reshape(-1, 1)) if row[0].parameters else row[:-1] for row in rows]

    def chances(self, at: Point, *, twirled: bool = False) -> dict[int, float]:
        return readings(at.states, at.qubits, self.properties, twirled=twirled)


async def described(service: qrt.RuntimeService, name: str, rng: Rng) -> Device:
    configuration = await service.backends.configuration(name)
    properties = await service.backends.properties(name)
    assert properties is not None
    drawn = [circuit(rng, configuration) for _ in range(CIRCUITS)]
    angles = [rng.uniform(0.0, np.pi / 2, 2 if one.parameters else 1) for one in drawn]
    points = [
        Point(number, point, qubits_read(one), populations(bound, properties, configuration["dt"] * 1e-9))
        for number, (one, values) in enumerate(zip(drawn, angles, strict=True))
        for point, bound in enumerate(one.assign_parameters([it]) if one.parameters else one for it in values)
    ]
    return Device(name, properties, drawn, angles, points)


async def compare_counts(
    service: qrt.RuntimeService, device: Device, trials: Trials, *, twirled: bool
) -> None:
    options = {"twirling": {"enable_measure": twirled}}
    job = await service.run(qrt.Sampler(device.pubs(), shots=SHOTS, options=options), backend=device.name)
    result = await job
    for at in device.points:
        bits = result[at.number].data.bits("c")
        counts = bits.get_int_counts(at.point if bits.shape else None)
        theory = device.chances(at, twirled=twirled)
        trials.counted(counts, theory, f"circuit {at.number} of {device.name} at point {at.point}")


async def compare_means(service: qrt.RuntimeService, device: Device, trials: Trials, rng: Rng) -> None:
    """The mean of a product of Z is a count of even readings: exactly binomial, misreadings and all."""
    masks = [int(rng.integers(1, 2**one.num_clbits)) for one in device.circuits]
    labels = [label(one, mask) for one, mask in zip(device.circuits, masks, strict=True)]
    bare = device._replace(circuits=[without_readings(one) for one in device.circuits])
    program = qrt.Estimator(bare.pubs(labels), precision=PRECISION, options={"resilience_level": 0})
    result = await (await service.run(program, backend=device.name))
    shots = math.ceil(1.0 / PRECISION**2)
    for at in device.points:
        value = float(result[at.number].data.array("evs").reshape(-1)[at.point])
        even = (value + 1.0) / 2.0 * shots
        assert abs(even - round(even)) < 1e-6 * shots, f"{value} of {shots} shots is no count"
        mask = masks[at.number]
        theory = math.fsum(p for bits, p in device.chances(at).items() if not (bits & mask).bit_count() % 2)
        trials.add(binomial(round(even), shots, theory), f"mean {at.number} of {device.name}: {value}")


def label(one: QuantumCircuit, mask: int) -> str:
    """Z on each qubit that is read into a bit of the mask."""
    on = {qubit for place, qubit in enumerate(qubits_read(one)) if mask >> place & 1}
    return "".join("Z" if qubit in on else "I" for qubit in reversed(range(one.num_qubits)))


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
