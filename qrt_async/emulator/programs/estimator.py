"""The estimator: expectation values from real shots, with the errors that those shots show.

Each basis is measured with ``ceil(1 / precision**2)`` shots. ``ensemble_standard_error`` is the standard error
of the mean over shots; ``stds`` adds what a readout calibration does not know. The shots of a point and a basis
follow from the seed, circuit, values and basis alone, so results do not depend on how points are packed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
from qiskit import QuantumCircuit

from qrt_async.emulator.devices.device import Device
from qrt_async.emulator.devices.documents import MAX_SHOTS
from qrt_async.emulator.failure import LIMIT, ProgramFailed
from qrt_async.emulator.simulation.compact import active_qubits, compacted
from qrt_async.emulator.simulation.isa import check_angles, check_noisy_width
from qrt_async.emulator.simulation.noise import noise_model, relaxed
from qrt_async.emulator.simulation.shots import Samples, digest, sample
from qrt_async.emulator.simulation.timing import charged_seconds, circuit_seconds

from . import readout
from .bases import Group, measured, signs, split, weights
from .encode import PubData, ResultData
from .estimates import Estimate, told, told_without_noise
from .extrapolation import Plan, plan_of
from .observables import Observable
from .options import EstimatorParams, estimator_precision, mitigates_measurement, seed_of
from .pubs import EstimatorPub, read_estimator_pub
from .twirling import Twirls, decoupling_told, of_estimator


class Setting(msgspec.Struct, frozen=True):
    """What holds for a whole job."""

    device: Device
    seed: int
    mitigate: bool
    twirls: Twirls
    decoupling: dict[str, Any]
    zne: Plan | None

    @property
    def factors(self) -> tuple[float, ...]:
        """The noise factors at which each value is measured."""
        return (1.0,) if self.zne is None else self.zne.factors


def run_estimator(
    params: EstimatorParams, device: Device, seed: int
) -> tuple[ResultData, float, list[QuantumCircuit]]:
    """The result, the seconds charged, and the circuits that ran."""
    precision = estimator_precision(params)
    chosen = seed_of(params)
    mitigate = mitigates_measurement(params) and device.processor is not None
    setting = Setting(
        device,
        seed if chosen is None else chosen,
        mitigate,
        of_estimator(params, mitigate=mitigate),
        decoupling_told(params),
        plan_of(params),
    )
    pubs = [read_estimator_pub(pub, device, precision) for pub in params.pubs]
    runs = [[_Run(pub, setting, factor) for factor in setting.factors] for pub in pubs]
    executions = [sum(run.executions for run in amplified) for amplified in runs]
    total = sum(executions)
    if total > MAX_SHOTS:
        raise ProgramFailed(
            LIMIT,
            f"The number of circuit shots {total} exceeds the system limit {MAX_SHOTS}: lower the precision",
        )
    data = [_result(amplified, pub, setting) for amplified, pub in zip(runs, pubs, strict=True)]
    circuits = [pub.circuit.circuit for pub in pubs]
    charged = charged_seconds(
        [
            (count, circuit_seconds(circuit, device))
            for count, circuit in zip(executions, circuits, strict=True)
        ],
        device,
    )
    return ResultData(data, _metadata(setting), []), charged, circuits


def _metadata(setting: Setting) -> dict[str, Any]:
    zne = {} if setting.zne is None else {"zne": setting.zne.told()}
    return {
        "dynamical_decoupling": setting.decoupling,
        "twirling": setting.twirls.told(),
        "resilience": {
            "measure_mitigation": setting.mitigate, "zne_mitigation": bool(zne), "pec_mitigation": False
        } | zne,
        "version": 2,
    }  # fmt: skip


def _result(runs: list[_Run], pub: EstimatorPub, setting: Setting) -> PubData:
    """The estimates of a PUB, one run for each noise factor, in its shape."""
    estimates = [run.estimates() for run in runs]
    resilience: dict[str, Any] = {}
    if setting.zne is None:
        fields = told(estimates[0], pub.shape)
    else:
        fields, chosen = told_without_noise(estimates, pub.shape, setting.zne)
        resilience = {"zne": {"extrapolator": chosen}}
    metadata = {
        "shots": runs[0].shots,
        "target_precision": pub.precision,
        "circuit_metadata": pub.circuit.circuit.metadata or {},
        "resilience": resilience,
    } | setting.twirls.told_of_pub(runs[0].shots)
    return PubData("PubResult", pub.shape, {**fields}, metadata)


class _Run:
    """One PUB at one noise factor: plans what to measure, and keeps shots that observables of a point share."""

    def __init__(self, pub: EstimatorPub, setting: Setting, factor: float) -> None:
        self._pub = pub
        self._setting = setting
        self._factor = factor
        self.shots = max(1, math.ceil(1.0 / pub.precision**2 - 1e-6))
        self._active = active_qubits(pub.circuit.circuit)
        self._points = np.broadcast_to(_numbers(pub.values.shape[:-1]), pub.shape)
        self._observables = np.broadcast_to(pub.observables, pub.shape)
        self._small: dict[tuple[int, ...], QuantumCircuit] = {}
        self._drawn: dict[tuple[int, tuple[int, ...], str], Samples] = {}

    @property
    def executions(self) -> int:
        """Shots of all bases of all points."""
        needed: set[tuple[int, tuple[int, ...], str]] = set()
        for point, observable in self._pairs():
            qubits, _, groups = self._groups(observable)
            needed.update((point, qubits, group.basis) for group in groups)
        return len(needed) * self.shots

    def estimates(self) -> list[Estimate]:
        """One for each element of the result."""
        return [self._estimate(point, observable) for point, observable in self._pairs()]

    def _pairs(self) -> Iterator[tuple[int, Observable]]:
        """The number of the point, and the observable, of each element of the result."""
        observables: Iterable[Observable] = self._observables.flat  # type: ignore[assignment]  # an array of objects
        return zip(self._points.flat, observables, strict=True)

    def _groups(self, observable: Observable) -> tuple[tuple[int, ...], float, list[Group]]:
        qubits = tuple(sorted(self._active | observable.support()))
        return (qubits, *split(observable, qubits))

    def _estimate(self, point: int, observable: Observable) -> Estimate:
        qubits, value, groups = self._groups(observable)
        check_noisy_width(qubits, self._setting.device)
        variance = calibration = 0.0
        for group in groups:
            mean, spread, doubt = self._measure(point, qubits, group)
            value += mean
            variance += spread / self.shots
            calibration += doubt
        return Estimate(value, math.sqrt(variance + calibration), math.sqrt(variance))

    def _measure(self, point: int, qubits: tuple[int, ...], group: Group) -> tuple[float, float, float]:
        """Mean over shots, their variance, and the variance that the calibration adds."""
        samples = self._samples(point, qubits, group.basis)
        first = self._pub.circuit.circuit.num_clbits
        values = signs(samples, group.terms, first)
        shares = weights(samples)
        scales = [self._shrinkage(term, qubits) for term in group.terms]
        factors = np.array(
            [term.coefficient / it.factor for term, it in zip(group.terms, scales, strict=True)]
        )
        each = factors @ values
        mean = float(each @ shares)
        correction = self.shots / max(1, self.shots - 1)
        variance = float(((each - mean) ** 2) @ shares) * correction
        parts = factors * (values @ shares)
        doubt = sum((part * it.error / it.factor) ** 2 for part, it in zip(parts, scales, strict=True))
        return mean, variance, float(doubt)

    def _samples(self, point: int, qubits: tuple[int, ...], basis: str) -> Samples:
        key = (point, qubits, basis)
        if key not in self._drawn:
            device = self._setting.device
            bound = self._bound(point, qubits)
            whole = measured(bound, basis, as_rz=device.processor is not None)
            noise = noise_model(device, qubits, twirled=self._setting.twirls.readings, factor=self._factor)
            amplified = () if self._factor == 1.0 else (self._factor,)
            seed = digest(self._setting.seed, bound, self.shots, basis, *amplified)
            self._drawn[key] = sample(relaxed(whole, device, qubits), self.shots, seed, noise)
        return self._drawn[key]

    def _bound(self, point: int, qubits: tuple[int, ...]) -> QuantumCircuit:
        circuit = self._pub.circuit
        if qubits not in self._small:
            self._small[qubits] = compacted(circuit.circuit, qubits)
        flat = (
            self._pub.values.reshape(-1, self._pub.values.shape[-1]) if circuit.parameters else [np.zeros(0)]
        )
        values = dict(zip(circuit.parameters, flat[point if circuit.parameters else 0].tolist(), strict=True))
        bound: QuantumCircuit = self._small[qubits].assign_parameters(values, strict=False)
        check_angles(bound, qubits, self._setting.device)
        return bound

    def _shrinkage(self, term: Any, qubits: tuple[int, ...]) -> readout.Shrinkage:
        processor = self._setting.device.processor
        if not self._setting.mitigate or processor is None:
            return readout.NONE
        physical = [qubits[place] for place in term.qubits]
        chance = np.random.default_rng(digest(self._setting.seed, QuantumCircuit(), "calibration", physical))
        return readout.calibrated(term, processor, qubits, chance)


def _numbers(shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.intp]]:
    return np.arange(math.prod(shape)).reshape(shape)
