from __future__ import annotations

import math
import random
import subprocess
import sys

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import Statevector, random_unitary

from qrt_async.emulator.simulation.shots import Samples, digest, dynamic, sample
from tests.emulator.lab import likely


def counts(samples: Samples) -> dict[int, int]:
    weights = 1 << np.arange(samples.outcomes.shape[1], dtype=np.int64)
    values, numbers = np.unique((samples.outcomes @ weights)[samples.picks], return_counts=True)
    return dict(zip(values.tolist(), numbers.tolist(), strict=True))


def test_shots_follow_the_state_vector() -> None:
    circuit = efficient_su2(4, reps=2).decompose()
    bound = circuit.assign_parameters(np.random.default_rng(3).uniform(0, 2 * np.pi, circuit.num_parameters))
    expected = Statevector(bound).probabilities()
    bound.measure_all()
    seen = counts(sample(bound, 20_000, seed=11))
    assert all(likely(seen.get(k, 0), 20_000, p, alpha=1e-6 / 16) for k, p in enumerate(expected))


def test_the_same_seed_gives_the_same_shots_in_the_same_order_and_another_seed_others() -> None:
    circuit = QuantumCircuit(8)
    circuit.h(range(8))
    circuit.measure_all()
    one, again, other = (sample(circuit, 100, seed).packed(tuple(range(8))) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_the_order_of_shots_shows_no_trend() -> None:
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.measure_all()
    bits = sample(circuit, 20_000, seed=5).packed((0,))[:, 0]
    assert likely(int(bits[:10_000].sum()), 10_000, 0.5)
    changes = int((bits[1:] != bits[:-1]).sum())
    assert likely(changes, 19_999, 0.5, alpha=1e-5)


def test_bits_are_packed_as_qiskit_packs_them() -> None:
    circuit = QuantumCircuit(1, 10)
    circuit.x(0)
    circuit.measure(0, 9)
    assert sample(circuit, 2, 0).packed(tuple(range(10))).tolist() == [[2, 0], [2, 0]]
    assert sample(circuit, 1, 0).packed((9,)).tolist() == [[1]]
    assert sample(circuit, 1, 0).packed(()).shape == (1, 0)


def test_what_is_never_measured_reads_zero() -> None:
    assert counts(sample(QuantumCircuit(2, 2), 5, 0)) == {0: 5}


def test_a_ghz_state_of_100_qubits_is_all_or_nothing() -> None:
    circuit = QuantumCircuit(100)
    circuit.h(0)
    for qubit in range(99):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    packed = sample(circuit, 200, seed=1).packed(tuple(range(100)))
    ones = int(packed[:, -1].astype(bool).sum())
    assert {row.tobytes() for row in packed} <= {bytes(13), b"\x0f" + b"\xff" * 12}
    assert likely(ones, 200, 0.5)


def test_fifty_qubits_as_entangled_as_can_be_are_undone_exactly_if_the_circuit_is_clifford() -> None:
    """Matrix product states would take ages and be wrong."""
    chance = random.Random(3)
    tangle = QuantumCircuit(50)
    for _ in range(40):
        for qubit in range(50):
            getattr(tangle, chance.choice(["h", "s", "sx"]))(qubit)
        qubits = chance.sample(range(50), 50)
        for one, other in zip(qubits[::2], qubits[1::2], strict=True):
            tangle.cx(one, other)
    undone = tangle.compose(tangle.inverse())
    undone.measure_all()
    assert counts(sample(undone, 20, seed=1)) == {0: 20}


def test_forty_qubits_that_are_not_clifford_run_as_matrix_product_states() -> None:
    circuit = QuantumCircuit(40)
    for qubit in range(40):
        circuit.ry(0.5, qubit)
    for qubit in range(39):
        circuit.cz(qubit, qubit + 1)
    circuit.measure_all()
    outcomes = sample(circuit, 500, seed=1)
    assert likely(int(outcomes.outcomes[outcomes.picks, 20].sum()), 500, math.sin(0.25) ** 2)


def test_gates_that_the_simulation_does_not_know_are_taken_apart() -> None:
    circuit = QuantumCircuit(3)
    circuit.x([0, 1])
    circuit.rccx(0, 1, 2)
    circuit.iswap(0, 2)
    circuit.unitary(random_unitary(2, seed=1), 1)
    expected = Statevector(circuit).probabilities()
    circuit.measure_all()
    seen = counts(sample(circuit, 4000, seed=1))
    assert all(likely(seen.get(k, 0), 4000, round(float(p), 12)) for k, p in enumerate(expected))


def test_a_condition_acts_on_what_was_measured() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(1)
    with otherwise:
        circuit.id(1)
    circuit.measure(1, 1)
    seen = counts(sample(circuit, 1000, seed=1))
    assert set(seen) == {0, 3}
    assert likely(seen[3], 1000, 0.5)


@pytest.mark.parametrize("repeated", [False, True])
def test_a_circuit_is_dynamic_when_something_follows_a_measurement(repeated: bool) -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    circuit.x(1)
    circuit.barrier()
    circuit.measure(0 if repeated else 1, 1)
    assert dynamic(circuit) is repeated


def turned(angle: float) -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.rx(angle, 0)
    circuit.measure(0, 0)
    return circuit


def test_a_seed_follows_from_what_is_done_and_not_from_names() -> None:
    named = QuantumCircuit(1, 1, name="other")
    named.rx(0.5, 0)
    named.measure(0, 0)
    assert digest(1, turned(0.5), 100) == digest(1, named, 100)
    others = [(2, turned(0.5), 100), (1, turned(0.6), 100), (1, turned(0.5), 101)]
    assert len({digest(1, turned(0.5), 100), *(digest(*other) for other in others)}) == 4


@pytest.mark.long
def test_a_seed_is_the_same_in_another_process() -> None:
    code = (
        "from qiskit import QuantumCircuit\nfrom qrt_async.emulator.simulation.shots import digest\n"
        "c = QuantumCircuit(2, 1)\nc.measure(0, 0)\nwith c.if_test((c.clbits[0], 1)): c.x(1)\nprint(digest(1, c))"
    )
    said = {
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60).stdout
        for _ in range(2)
    }
    assert len(said) == 1
