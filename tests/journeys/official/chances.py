"""Random circuits against theory: what IBM's client receives is distributed as Qiskit's statevector says.

The seed is drawn anew for each run, and named by whatever fails; ``QRT_JOURNEY_SEED`` brings a run back.
A right emulator fails a check here once in a million runs; σ is theory's, never the data's.
"""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Callable
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_ibm_runtime import EstimatorV2, SamplerV2
from qiskit_ibm_runtime.executor_estimator import Estimator
from qiskit_ibm_runtime.executor_sampler import Sampler

from tests.journeys.chance import Trials, bernstein, binomial
from tests.journeys.official.ground import IDEAL, check, main, result, service
from tests.journeys.official.theory import TWIRLED_GATES, Case, case, distribution, means

SEED = int(os.environ.get("QRT_JOURNEY_SEED") or secrets.randbits(31))
CONTEXT = f"QRT_JOURNEY_SEED={SEED}"
STATIC, DYNAMIC = 160, 40
SHOTS, DYNAMIC_SHOTS = 4096, 1000
PRECISION = 0.02
TWIRLED = {"twirling": {"enable_gates": True, "enable_measure": True, "num_randomizations": 16}}
backend = service.backend(IDEAL)


def cases(count: int, kind: int, **how: Any) -> list[Case]:
    rng = np.random.default_rng([SEED, kind])
    return [case(rng, **how) for _ in range(count)]


static, dynamic = cases(STATIC, 0, measured=True), cases(DYNAMIC, 1, measured=True, dynamic=True)
unmeasured = cases(STATIC + DYNAMIC, 2, measured=False)
plain = cases(20, 4, measured=True, gates=TWIRLED_GATES)
plain_unmeasured = cases(30, 5, measured=False, gates=TWIRLED_GATES)


def compare(trials: Trials, chosen: list[Case], found: Any, name: str) -> None:
    for number, (one, pub) in enumerate(zip(chosen, found, strict=True)):
        joined = pub.join_data([register.name for register in one.circuit.cregs])
        bound = one.bound()
        for point, circuit in enumerate(bound):
            counts = joined.get_int_counts(point if joined.shape else None)
            assert sum(counts.values()) == joined.num_shots >= DYNAMIC_SHOTS
            trials.counted(counts, distribution(circuit), f"{name} {number} at point {point}")


def sampled(run: Callable[[list[Any]], Any], chosen: list[Case], name: str) -> None:
    """All circuits in a few jobs, which run side by side."""
    trials = Trials()
    parts = [chosen[start : start + 50] for start in range(0, len(chosen), 50)]
    jobs = [run([one.pub for one in part]) for part in parts]
    for part, job in zip(parts, jobs, strict=True):
        compare(trials, part, result(job), name)
    trials.judge(CONTEXT, least=2 * len(chosen))


@check
def two_hundred_random_circuits_are_sampled_as_theory_says() -> None:
    primitive = SamplerV2(backend)
    sampled(lambda pubs: primitive.run(pubs, shots=SHOTS), static, "circuit")
    sampled(lambda pubs: primitive.run(pubs, shots=DYNAMIC_SHOTS), dynamic, "dynamic circuit")


@check
def the_client_side_sampler_gets_the_same_distributions() -> None:
    primitive = Sampler(backend)
    sampled(lambda pubs: primitive.run(pubs, shots=SHOTS), static[:80], "circuit of the executor")


@check
def twirling_changes_no_distribution() -> None:
    primitive = Sampler(backend, options=TWIRLED)
    sampled(lambda pubs: primitive.run(pubs, shots=SHOTS), plain, "twirled circuit")


def observables(number: int, width: int) -> list[SparsePauliOp]:
    """Three single Paulis, and a sum of several with a constant."""
    rng = np.random.default_rng([SEED, 3, number])
    labels = ["".join(rng.choice(list("IXYZ"), width)) for _ in range(7)]
    weights = rng.choice([-2.0, -1.0, 0.5, 1.0, 3.0], 7)
    single = [SparsePauliOp(label, weight) for label, weight in zip(labels[:3], weights[:3], strict=True)]
    return [*single, SparsePauliOp([*labels[3:], "I" * width], [*weights[3:], 0.25])]


def deviation(
    trials: Trials, value: float, observable: SparsePauliOp, state: Any, shots: int, what: str
) -> None:
    """A lone Pauli is a binomial; of a sum, a bound that holds whichever way its terms were measured.

    However terms share shots, the j-th shots of all bases add up to one of ``shots`` independent values, of a
    variance of at most (Σ |c| σ)² by Minkowski, none further from its mean than Σ |c| (1 + |mean|).
    """
    terms = [(label, weight.real) for label, weight in observable.to_list()]
    exact = means(state, (label for label, _ in terms))
    if len(terms) == 1:
        ones = (value / terms[0][1] + 1.0) / 2.0 * shots
        trials.add(
            float(abs(ones - round(ones)) < 1e-6 * shots), f"{what}: {value} of {shots} shots is no count"
        )
        trials.add(binomial(round(ones), shots, (1.0 + exact[0]) / 2.0), f"{what}: {value} beside {exact[0]}")
        return
    total = sum(weight * mean for (_, weight), mean in zip(terms, exact, strict=True))
    spread = sum(abs(w) * math.sqrt(max(0.0, 1.0 - m * m)) for (_, w), m in zip(terms, exact, strict=True))
    reach = sum(
        abs(w) * (1.0 + abs(m)) for (label, w), m in zip(terms, exact, strict=True) if set(label) != {"I"}
    )
    off = max(0.0, abs(value - total) - 1e-9)
    trials.add(bernstein(off, shots, spread**2, reach), f"{what}: {value} beside {total}")


def estimated(run: Callable[[list[Any]], Any], chosen: list[Case], name: str, shots: int) -> None:
    trials = Trials()
    asked = [observables(number, one.circuit.num_qubits) for number, one in enumerate(chosen)]
    pubs = [
        (one.circuit, wanted, *([one.values[:, np.newaxis, :]] if len(one.pub) > 1 else []))
        for one, wanted in zip(chosen, asked, strict=True)
    ]
    parts = [pubs[start : start + 50] for start in range(0, len(pubs), 50)]
    found = [pub for job in [run(part) for part in parts] for pub in result(job)]
    for number, (one, wanted, pub) in enumerate(zip(chosen, asked, found, strict=True)):
        for point, circuit in enumerate(one.bound()):
            state = Statevector(circuit)
            for observable, value in zip(wanted, np.atleast_2d(pub.data.evs)[point], strict=True):
                deviation(
                    trials,
                    float(value),
                    observable,
                    state,
                    shots,
                    f"{name} {number} at {point}: {observable}",
                )
    trials.judge(CONTEXT, least=7 * len(chosen))


@check
def two_hundred_random_circuits_are_estimated_as_theory_says() -> None:
    primitive = EstimatorV2(backend, options={"resilience_level": 0})
    estimated(lambda pubs: primitive.run(pubs, precision=PRECISION), unmeasured, "circuit", 2500)


@check
def the_client_side_estimator_gets_the_same_means() -> None:
    primitive = Estimator(backend, options={"resilience_level": 0})
    estimated(
        lambda pubs: primitive.run(pubs, precision=PRECISION),
        plain_unmeasured,
        "circuit of the executor",
        2500,
    )


if __name__ == "__main__":
    main()
