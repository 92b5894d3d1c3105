"""The server-side estimator of IBM's client."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2

from tests.journeys.chance import ALPHA, bernstein
from tests.journeys.official.ground import (
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


def estimator(backend: str = IDEAL, **options: Any) -> Any:
    return EstimatorV2(service.backend(backend), options=options or None)


def near(value: float, theory: float, shots: int, weight: float = 1.0) -> bool:
    """Whether a mean of that many shots, each within ``weight`` of zero, may come out so."""
    return bernstein(abs(value - theory), shots, weight**2, 2.0 * weight) > ALPHA


@check
def defaults_are_a_64th_of_precision() -> None:
    job = estimator().run([(pair(measured=False), SparsePauliOp("ZZ"))])
    found = result(job)
    assert found[0].data.evs == 1.0
    assert found[0].data.evs.shape == ()
    assert found[0].metadata["shots"] == 4096
    assert found[0].metadata["target_precision"] == 1 / 64
    assert job.primitive_id == "estimator"
    assert found.metadata["version"] == 2


@check
def sums_of_paulis_and_constants_are_estimated() -> None:
    circuit = tilted(measured=False).assign_parameters([0.7])
    observables = [
        SparsePauliOp(["ZI", "XX", "II"], [0.5, 2.0, 3.0]),
        SparsePauliOp("IZ"),
        {"YX": 1.0, "ZZ": -1.0},
        "IY",
    ]
    data = result(estimator().run([(circuit, observables)], precision=0.01))[0].data
    turn = math.sin(0.7)
    theory = (0.5 * math.cos(0.7) + 3.0, math.cos(0.7), -turn - 1.0, 0.0)
    weights = (2.5, 1.0, 2.0, 1.0)
    assert data.evs.shape == data.stds.shape == (4,)
    for value, exact, weight in zip(data.evs, theory, weights, strict=True):
        assert near(value, exact, 10_000, weight), (data.evs, theory)
    assert (data.stds[[0, 1]] > 0).all()


@check
def parameters_and_observables_are_broadcast() -> None:
    angles = np.linspace(0.1, 3.0, 4).reshape(4, 1)
    observables = [[SparsePauliOp("IZ"), SparsePauliOp("ZI"), SparsePauliOp("ZZ")]]
    job = estimator().run([(tilted(measured=False), observables, angles[..., np.newaxis], 0.02)])
    pub = result(job)[0]
    assert pub.data.evs.shape == (4, 3)
    assert pub.metadata["shots"] == 2500
    for row, angle in enumerate(angles[:, 0]):
        for value, theory in zip(pub.data.evs[row], (math.cos(angle), math.cos(angle), 1.0), strict=True):
            assert near(value, theory, 2500), (angle, pub.data.evs[row])


@check
def several_pubs_keep_their_order_and_share_a_precision() -> None:
    zero, one = QuantumCircuit(1), QuantumCircuit(1)
    one.x(0)
    found = result(estimator().run([(zero, "Z"), (one, ["Z", "I"]), (zero, [["Z"], ["X"]])], precision=0.05))
    assert found[0].data.evs == 1.0
    assert found[1].data.evs.tolist() == [-1.0, 1.0]
    assert found[2].data.evs.shape == (2, 1)
    assert [pub.metadata["shots"] for pub in found] == [400] * 3


@check
def every_level_of_resilience_and_twirling_is_taken_on_a_device() -> None:
    backend = service.backend(HERON)
    circuit = fitted(pair(measured=False), backend)
    observable = SparsePauliOp(["ZZ", "XX"]).apply_layout(circuit.layout)
    for level in (0, 1, 2):
        plain = {"resilience_level": level, "default_precision": 0.03}
        value = result(EstimatorV2(backend, options=plain).run([(circuit, observable)]))[0].data.evs
        assert abs(value - 2.0) < 0.6, (level, value)
    options: dict[str, Any] = {
        "twirling": {"enable_gates": True, "enable_measure": True, "num_randomizations": 8},
        "resilience": {"measure_mitigation": True},
        "default_shots": 800,
    }
    found = result(EstimatorV2(backend, options=options).run([(circuit, observable)]))
    assert found[0].metadata["shots"] >= 800
    assert abs(found[0].data.evs - 2.0) < 0.6


@check
def readout_mitigation_lifts_what_misreading_shrinks() -> None:
    backend = service.backend(HERON)
    circuit = fitted(QuantumCircuit(4), backend)
    observable = SparsePauliOp("ZZZZ").apply_layout(circuit.layout)
    raw, mended = (
        result(
            EstimatorV2(backend, options={"resilience_level": level, "default_precision": 0.005}).run(
                [(circuit, observable)]
            )
        )[0].data.evs
        for level in (0, 1)
    )
    assert raw < 0.98 < mended < 1.05, (raw, mended)


if __name__ == "__main__":
    main()
