"""The sampler and the estimator that run in IBM's client itself, through the executor program."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import Batch, Session
from qiskit_ibm_runtime.executor_estimator import Estimator
from qiskit_ibm_runtime.executor_sampler import Sampler

from tests.journeys.chance import ALPHA, bernstein, likely
from tests.journeys.official.ground import (
    FALCON,
    HERON,
    IDEAL,
    check,
    fitted,
    main,
    pair,
    result,
    service,
    tilted,
)

TWIRLED = {"twirling": {"enable_gates": True, "enable_measure": True, "num_randomizations": 8}}


@check
def the_sampler_runs_by_defaults_and_twirled_on_both_devices() -> None:
    for name in (HERON, FALCON):
        backend = service.backend(name)
        circuit = fitted(pair(), backend)
        for options in ({}, TWIRLED):
            job = Sampler(backend, options=options).run([circuit])
            counts = result(job)[0].data.meas.get_counts()
            assert job.primitive_id == "executor"
            assert sum(counts.values()) == 4096, counts
            assert 3300 < counts["00"] + counts["11"] < 4096, (name, options, counts)


@check
def the_sampler_counts_what_theory_says_on_the_ideal_backend() -> None:
    angles = [0.3, 1.1, 2.4]
    circuit = tilted()
    for options in ({}, TWIRLED):
        pub = result(Sampler(service.backend(IDEAL), options=options).run([(circuit, [[a] for a in angles])],
                                                                         shots=4000))[0]  # fmt: skip
        assert pub.data.shape == (3,)
        for index, angle in enumerate(angles):
            counts = pub.data.meas.get_counts(index)
            assert set(counts) <= {"00", "11"}, counts
            assert likely(counts.get("11", 0), 4000, math.sin(angle / 2) ** 2), (options, angle, counts)


@check
def several_pubs_and_registers_come_back_in_order() -> None:
    a, b, q = ClassicalRegister(2, "a"), ClassicalRegister(1, "b"), QuantumRegister(3)
    registers = QuantumCircuit(q, a, b)
    registers.x(1)
    registers.measure([0, 1], a)
    registers.measure(2, b)
    turned = (tilted(), np.array([[[0.0], [math.pi]]]))
    for options in ({}, TWIRLED):
        found = result(Sampler(service.backend(IDEAL), options=options).run([registers, turned], shots=64))
        assert found[0].data.a.get_counts() == {"10": 64}
        assert found[0].data.b.get_counts() == {"0": 64}
        assert found[1].data.shape == (1, 2)
        assert found[1].data.meas.get_counts((0, 0)) == {"00": 64}
        assert found[1].data.meas.get_counts((0, 1)) == {"11": 64}


def means(options: dict[str, Any], precision: float) -> Any:
    angles = np.array([[0.3], [1.1], [2.4]])
    observables = [[SparsePauliOp("IZ"), SparsePauliOp(["ZZ", "XX"], [1.0, 0.5])]]
    primitive = Estimator(service.backend(IDEAL), options=options)
    return angles, result(
        primitive.run([(tilted(measured=False), observables, angles[..., np.newaxis])], precision=precision)
    )[0]


@check
def the_estimator_gives_what_theory_says_on_the_ideal_backend() -> None:
    for options in ({}, {"resilience_level": 0}, {**TWIRLED, "resilience_level": 0}):
        angles, pub = means(options, 0.02)
        assert pub.data.evs.shape == (3, 2)
        for row, angle in enumerate(angles[:, 0]):
            for value, theory, weight in zip(
                pub.data.evs[row], (math.cos(angle), 1.0), (1.0, 1.5), strict=True
            ):
                # measurement mitigation divides by what a calibration found, which is 1 here
                chance = bernstein(abs(value - theory), 2500, weight**2, 2.0 * weight)
                assert chance > ALPHA, (options, angle, pub.data.evs[row])


@check
def the_estimator_runs_by_defaults_and_twirled_on_a_device() -> None:
    backend = service.backend(HERON)
    circuit = fitted(pair(measured=False), backend)
    observables = [
        SparsePauliOp("ZZ").apply_layout(circuit.layout),
        SparsePauliOp("XX").apply_layout(circuit.layout),
    ]
    for options in ({}, TWIRLED, {"resilience_level": 0}):
        data = result(Estimator(backend, options=options).run([(circuit, observables)]))[0].data
        assert data.evs.shape == (2,)
        assert (abs(data.evs - 1.0) < 0.15).all(), (options, data.evs)
        assert (data.stds > 0).all()


@check
def both_run_in_sessions_and_batches() -> None:
    backend = service.backend(HERON)
    circuit = fitted(pair(), backend)
    for kind in (Session, Batch):
        with kind(backend=backend) as group:
            job = Sampler(group).run([circuit], shots=20)
            assert job.session_id == group.session_id
            assert result(job)[0].data.meas.num_shots == 20


if __name__ == "__main__":
    main()
