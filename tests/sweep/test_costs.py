"""What a point is executed for: shots, randomizations, bases, noise factors, and what is learnt before."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import PauliList

from qrt_async.emulator.devices import device as devices
from qrt_async.emulator.simulation import timing as emulated
from qrt_async.programs.circuits import Circuit, read_circuit
from qrt_async.programs.observables import Observables
from qrt_async.programs.program import Estimator, Sampler
from qrt_async.sweep.bases import commuting_bases, unique_layers
from qrt_async.sweep.ceilings import Ceilings, ceilings_for
from qrt_async.sweep.costs import Asked, Costs, Work, costs_of, work_of
from qrt_async.sweep.piece import Piece
from qrt_async.sweep.plan import plan
from qrt_async.sweep.timing import Machine

HERON = devices.parse("emulator_heron")
ON_HERON = Machine.of(
    devices.configuration(HERON), devices.properties(HERON, datetime(2026, 1, 1, tzinfo=UTC))
)
PAIRS = "OPENQASM 3.0; cz $0, $1; cz $2, $3; cz $1, $2; cz $0, $1; cz $2, $3;"


def circuit_of(text: str = PAIRS) -> Circuit:
    return read_circuit(text)


def sampled(shots: int | None = None, **options: Any) -> int:
    return work_of(Asked(shots=shots, options=options), circuit_of()).each


def estimated(precision: float | None = None, observables: Any = "ZZ", **options: Any) -> Work:
    asked = Asked(precision=precision, observables=Observables.read(observables), options=options)
    return work_of(asked, circuit_of())


@pytest.mark.parametrize(
    ("shots", "options", "executions"),
    [
        (None, {}, 4096),
        (100, {}, 100),
        (None, {"default_shots": 200}, 200),
        (100, {"default_shots": 200}, 100),
        (100, {"twirling": {"enable_gates": False}}, 100),
        (100, {"twirling": {"enable_measure": True}}, 128),
        (4096, {"twirling": {"enable_gates": True}}, 4096),
        (5000, {"twirling": {"enable_gates": True}}, 32 * 157),
        (100, {"twirling": {"enable_gates": True, "num_randomizations": 8}}, 8 * 13),
        (100, {"twirling": {"enable_gates": True, "shots_per_randomization": 30}}, 4 * 30),
        (
            None,
            {"twirling": {"enable_gates": True, "num_randomizations": 8, "shots_per_randomization": 30}},
            240,
        ),
        (
            None,
            {"default_shots": 9, "twirling": {"num_randomizations": 8, "shots_per_randomization": 30}},
            240,
        ),
        (
            1000,
            {"twirling": {"enable_gates": True, "num_randomizations": 8, "shots_per_randomization": 30}},
            34 * 30,
        ),
    ],
)
def test_shots_are_those_asked_for_in_whole_randomizations(
    shots: int | None, options: dict[str, Any], executions: int
) -> None:
    assert sampled(shots, **options) == executions


@pytest.mark.parametrize(
    ("precision", "options", "executions"),
    [
        (None, {"resilience_level": 0}, 4096),
        (0.1, {"resilience_level": 0}, 100),
        (0.1, {}, 128),
        (None, {"resilience_level": 0, "default_precision": 0.1}, 100),
        (None, {"resilience_level": 0, "default_precision": 0.1, "default_shots": 50}, 50),
        (0.1, {"resilience_level": 0, "default_shots": 50}, 100),
        (None, {"resilience_level": 2}, 3 * 4096),
        (
            None,
            {"resilience_level": 0, "resilience": {"zne_mitigation": True, "zne": {"noise_factors": [1, 2]}}},
            8192,
        ),
        (None, {"resilience_level": 2, "resilience": {"zne_mitigation": False}}, 4096),
        (None, {"resilience_level": 0, "resilience": {"pec_mitigation": True}}, 409_600),
        (None, {"resilience": {"pec_mitigation": True, "pec": {"max_overhead": 2.5}}}, 10_240),
        (None, {"resilience": {"pec_mitigation": True, "pec": {"max_overhead": None}}}, 409_600),
    ],
)
def test_an_estimator_needs_shots_for_its_precision_times_noise_factors_and_overhead(
    precision: float | None, options: dict[str, Any], executions: int
) -> None:
    assert estimated(precision, **options).each == executions


def test_an_estimator_needs_them_for_each_basis_of_all_its_observables() -> None:
    level = {"resilience_level": 0}
    assert estimated(0.1, ["ZZ", "ZI", "IZ"], **level).each == 100
    assert estimated(0.1, ["XI", "IZ", {"XZ": 0.5, "II": 1.0}], **level).each == 100
    assert estimated(0.1, ["XX", "YY", "ZZ"], **level).each == 300
    assert estimated(0.1, [["XX", "ZZ"], ["IX", "ZI"]], **level).each == 200
    assert estimated(0.1, "II", **level).each == 100


def test_folding_makes_circuits_longer_and_injected_noise_does_not() -> None:
    assert estimated(resilience_level=2).stretch == 3.0
    assert estimated(resilience_level=2, resilience={"zne": {"amplifier": "pea"}}).stretch == 1.0
    assert estimated().stretch == 1.0


def test_what_is_learnt_once_in_a_job() -> None:
    layer = 6 * 9 * 32 * 128
    pea = {"zne_mitigation": True, "zne": {"amplifier": "pea"}, "measure_mitigation": False}
    assert estimated(resilience_level=0).learning == 0
    assert estimated().learning == 32 * 128
    assert estimated(resilience={"measure_noise_learning": {"num_randomizations": 8}}).learning == 8 * 128
    assert estimated(resilience=pea).learning == 2 * layer
    assert estimated(resilience={**pea, "layer_noise_learning": {"max_layers_to_learn": 1}}).learning == layer
    assert (
        estimated(resilience={**pea, "layer_noise_learning": {"layer_pair_depths": [0, 1]}}).learning
        == 2 * layer // 3
    )
    assert estimated(resilience={**pea, "layer_noise_model": []}).learning == 0
    assert estimated(resilience={"pec_mitigation": True, "measure_mitigation": False}).learning == 2 * layer


def test_layers_are_counted_once_each() -> None:
    assert unique_layers(circuit_of()) == 2
    assert unique_layers(circuit_of("OPENQASM 3.0; x $0; barrier $0, $1;")) == 0
    assert unique_layers(circuit_of("OPENQASM 3.0; let a = $0; x a;")) == 4


@pytest.mark.parametrize("seed", range(30))
def test_bases_are_about_as_many_as_qiskit_finds(seed: int) -> None:
    chance = random.Random(seed)
    labels = ["".join(chance.choices("IXYZ", [5, 1, 1, 1], k=6)) for _ in range(chance.randrange(1, 40))]
    groups = PauliList(labels).unique().group_commuting(qubit_wise=True)
    assert abs(commuting_bases(labels) - len(groups)) <= 2
    assert commuting_bases(labels) == commuting_bases(reversed(labels))


def test_many_terms_on_many_qubits_are_grouped_in_time() -> None:
    chance = random.Random(1)
    labels = ["".join(chance.choices("IXYZ", [20, 1, 1, 1], k=156)) for _ in range(500)]
    assert 1 < commuting_bases(labels) <= 500


def parametrized() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    theta = Parameter("theta")
    circuit.rz(theta, 0)
    circuit.sx(0)
    circuit.cz(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def costs(given: Any, **asked: Any) -> Costs:
    found = costs_of(Asked(**asked), {"ansatz": read_circuit(given)}, ON_HERON)
    assert [one.name for one in found] == ["ansatz"]
    return found[0]


def test_a_plan_takes_what_the_emulator_charges() -> None:
    circuit = parametrized()
    for points, shots in ((2500, 100), (10, 4096), (1, 1)):
        made = plan([Piece(0, 0, points)], [costs(circuit, shots=shots, numbers=1)], ceilings_for())
        charged = emulated.charged_seconds(
            [(points * shots, emulated.circuit_seconds(circuit, HERON))], HERON
        )
        assert math.ceil(made.seconds) == charged


def test_a_repetition_delay_of_ones_own_counts() -> None:
    asked = {"shots": 1, "options": {"execution": {"rep_delay": 1e-3}}}
    assert costs(parametrized(), **asked).seconds_per_execution == pytest.approx(1e-3, rel=0.01)


TEXT = 'OPENQASM 3.0; include "stdgates.inc"; input float a; input float b; rz(a) $0; rz(b) $0;'


@pytest.mark.parametrize("points", [1, 1000])
def test_bytes_are_never_fewer_than_are_sent_and_not_many_more(points: int) -> None:
    chance = random.Random(3)
    values = {name: [chance.uniform(-7, 7) for _ in range(points)] for name in ("a", "b")}
    theta = {"theta": values["a"]}
    nested = {name: [[[number]] for number in numbers] for name, numbers in values.items()}
    observables = ["ZI", "IX", {"XX": 0.25, "ZZ": -1.0}]
    for found, program in (
        (costs(TEXT, shots=10, numbers=2), Sampler([(TEXT, values)], shots=10)),
        (costs(parametrized(), shots=10, numbers=1), Sampler([(parametrized(), theta)], shots=10)),
        (
            costs(TEXT, numbers=2, observables=Observables.read(observables)),
            Estimator([(TEXT, observables, nested)]),
        ),
    ):
        made = plan([Piece(0, 0, points)], [found], Ceilings(seconds=math.inf))
        sent = len(program.encode())
        assert sent <= made.jobs[0].payload <= 1.4 * sent + 2500


def test_one_point_of_an_estimator_may_have_any_executions() -> None:
    many = costs(PAIRS, observables=Observables.read("ZZZZ"), precision=0.0002)
    assert many.executions_per_point >= 25_000_000
    made = plan([Piece(0, 0, 2)], [many], ceilings_for())
    assert [job.points for job in made.jobs] == [1, 1]
