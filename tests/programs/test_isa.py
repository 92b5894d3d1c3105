from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector

from qrt_async.emulator.devices import device as devices
from qrt_async.emulator.failure import ProgramFailed
from qrt_async.emulator.simulation import isa as emulated
from qrt_async.errors import InvalidInput, NotISA
from qrt_async.programs.isa import Fits, InstructionSet
from qrt_async.programs.program import Estimator, NoiseLearner, Program, Sampler
from qrt_async.programs.target import build_target
from qrt_async.programs.walk import steps
from tests.emulator.lab import HEAD

IDEAL, FALCON, HERON = (devices.parse(name) for name in devices.DEFAULT_BACKENDS)
SETS = {
    device.name: InstructionSet.of(device.name, devices.configuration(device))
    for device in (IDEAL, FALCON, HERON)
}
ON_IDEAL, ON_FALCON, ON_HERON = SETS.values()


def refused(program: Program[Any], backend: InstructionSet = ON_HERON) -> NotISA:
    with pytest.raises(NotISA) as caught:
        program.check(backend)
    return caught.value


@pytest.mark.parametrize(
    ("text", "instruction", "qubits"),
    [
        ("h $0;", "h", (0,)),
        ("cz $0, $5;", "cz", (0, 5)),
        ("cz $0, $1; cx $2, $3;", "cx", (2, 3)),
        ("x $156;", "x", (156,)),
        ("bit c; c = measure $7; if (c) { h $7; }", "h", (7,)),
        ("while (true) { x $0; }", "while_loop", None),
        ("gate mine q { x q; } mine $3;", "mine", (3,)),
        ("qubit[3] q; sx q; cz q[0], q[2];", "cz", (0, 2)),
        ("rzz(-0.1) $0, $1;", "rzz", (0, 1)),
        ("rzz(pi) $3, $16;", "rzz", (3, 16)),
    ],
)
def test_what_a_text_has_that_a_device_has_not_is_named_with_its_qubits(
    text: str, instruction: str, qubits: Any
) -> None:
    error = refused(Sampler([HEAD + "x $0;", HEAD + text]))
    assert (error.instruction, error.qubits, error.point) == (instruction, qubits, None)
    assert str(error).startswith("PUB 1: emulator_heron")
    assert "isa='off'" in str(error)
    assert isinstance(error, InvalidInput)
    assert error.submitted == "no"


def test_the_other_direction_is_pointed_out() -> None:
    assert "it has one on (0, 1)" in str(refused(Sampler([HEAD + "ecr $1, $0;"]), ON_FALCON))


@pytest.mark.parametrize(
    "text",
    [
        "rz(1) $155; sx $155; x $0; id $1; rx(0.1) $3; reset $3; delay[100ns] $3; barrier $0, $155;",
        "cz $0, $1; cz $1, $0; rzz(0.5) $3, $16; rzz(pi/2) $3, $16; rzz(0) $0, $1;",
        "bit c; c = measure $0; if (c) { cz $3, $16; }",
        "qubit[2] q; cz q[0], q[1];",
        "gate h q { x q; }",
        "inv @ s $0; h $0;",  # what cannot be followed is the service's to judge
        f"rzz({'(' * 5000}0{')' * 5000}) $0, $1;",
        "rzz(unknown) $0, $1; rzz(1/2) $0, $1; const float[64] far = 9.0; rzz(far) $0, $1;",
    ],
)
def test_what_fits_or_cannot_be_told_passes(text: str) -> None:
    Sampler([HEAD + text]).check(ON_HERON)


def test_simulators_restrict_qubits_and_nothing_else() -> None:
    Sampler([HEAD + "h $0; foo $1, $90; rzz(9) $3, $4;", QuantumCircuit(127)]).check(ON_IDEAL)
    assert refused(Sampler([HEAD + "h $127;"]), ON_IDEAL).qubits == (127,)
    assert "128 qubits; emulator_ideal has 127" in str(refused(Sampler([QuantumCircuit(128)]), ON_IDEAL))
    mapped = InstructionSet.of(
        "sim", {"n_qubits": 3, "simulator": True, "coupling_map": [[0, 1], [1, 2]], "basis_gates": ["x"]}
    )
    Sampler([HEAD + "h $0; cx $0, $1;"]).check(mapped)
    assert refused(Sampler([HEAD + "cx $1, $0;"]), mapped).qubits == (1, 0)


def test_bodies_of_control_flow_are_walked_on_their_own_qubits() -> None:
    circuit = QuantumCircuit(20, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(3)
        circuit.cz(3, 16)
    with otherwise:
        circuit.x(5)
        circuit.cz(3, 17)
    assert refused(Sampler([circuit])).qubits == (3, 17)
    with circuit.while_loop((circuit.clbits[0], 1)):
        circuit.x(3)
    with pytest.raises(NotISA, match="no instruction while_loop"):
        Fits(ON_HERON).check(Whole(circuit, skip=("cz",)), Sampler([circuit])._pubs[0].parameters, "x")


class Whole:
    """A circuit without some instructions."""

    text = None

    def __init__(self, circuit: QuantumCircuit, skip: tuple[str, ...]) -> None:
        self.circuit, self.skip, self.num_qubits = circuit, skip, circuit.num_qubits

    def steps(self) -> Iterator[Any]:
        return (step for step in steps(self.circuit) if step.name not in self.skip)

    def turn(self, angle: Any, points: Any) -> Any:
        return None


THETA, VECTOR = Parameter("θ"), ParameterVector("v", 2)


def rotating(angle: Any) -> QuantumCircuit:
    circuit = QuantumCircuit(17)
    circuit.rx(VECTOR[0] + THETA, 0)
    circuit.rzz(angle, 3, 16)
    return circuit


@pytest.mark.parametrize(
    ("angle", "turned"),
    [
        (THETA, lambda v, t: t),
        (2 * THETA - 0.1, lambda v, t: 2 * t - 0.1),
        (THETA / 2 + VECTOR[1] * 3 + 1, lambda v, t: t / 2 + 3 * v[1] + 1),
        (THETA * VECTOR[1], lambda v, t: t * v[1]),
        ((THETA.sin() + 1) ** 2, lambda v, t: (math.sin(t) + 1) ** 2),
    ],
)
def test_every_point_of_an_angle_is_checked_and_the_first_wrong_one_named(angle: Any, turned: Any) -> None:
    circuit = rotating(angle)
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(50):
        vector, theta = rng.uniform(-0.4, 0.9, (2, 3, 2)), rng.uniform(-0.2, 0.9, (2, 1))
        given = {"θ": theta[..., None]} | ({"v": vector} if "v[1]" in map(str, circuit.parameters) else {})
        if "v" not in given:
            given["v[0]"] = vector[..., 0]
        wrong = [
            index
            for index in np.ndindex(2, 3)
            if not 0 <= turned(vector[index], theta[index[0], 0]) <= math.pi / 2 + 1e-10
        ]
        program = Sampler([(circuit, given)])
        seen.add(bool(wrong))
        if wrong:
            error = refused(program)
            assert (error.instruction, error.qubits, error.point) == ("rzz", (3, 16), wrong[0])
            assert f"at point {wrong[0]}" in str(error)
        else:
            program.check(ON_HERON)
    assert seen == {True, False}


def test_a_text_is_checked_at_every_point_too() -> None:
    text = HEAD + "input float[64] theta; input float[64] phi; rzz(2*theta + phi) $0, $1;"
    Sampler([(text, {"theta": [0, 0.1, 0.2], "phi": 0.1})]).check(ON_HERON)
    error = refused(Sampler([(text, {"theta": [0, 0.1, 2.0, 3.0], "phi": 0.1})]))
    assert (error.qubits, error.point) == ((0, 1), (2,))
    assert "asked for 4.1 at point (2,)" in str(error)
    assert refused(Sampler([(text, {"theta": -1, "phi": 0})])).point is None


def test_what_qiskit_cannot_evaluate_is_left_to_the_service() -> None:
    Sampler([(rotating(1 / THETA), {"θ": [0.0, 1.0], "v[0]": 0})]).check(ON_HERON)
    assert refused(Sampler([(rotating(1 / THETA), {"θ": [2.0, 0.1], "v[0]": 0})])).point == (1,)
    assert refused(Sampler([(rotating(THETA.abs() * 2), {"θ": [-0.1, -1.0], "v[0]": 0})])).point == (1,)


def test_a_circuit_that_pubs_share_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    walked: list[Any] = []

    def counted(circuit: Any) -> Iterator[Any]:
        walked.append(circuit)
        return steps(circuit)

    monkeypatch.setattr("qrt_async.programs.walk.steps", counted)
    circuit = rotating(THETA)
    program = Sampler([(circuit, {"θ": turn, "v[0]": 0}) for turn in (0.1, 0.2, 1.5, 2.0)])
    assert str(refused(program)).startswith("PUB 3")
    assert len(walked) == 1


def test_rounding_at_half_pi_hurts_nobody() -> None:
    def turned_by(angle: float) -> Sampler:
        return Sampler([(rotating(THETA), {"θ": angle, "v[0]": 0})])

    turned_by(math.pi / 2 + 1e-12).check(ON_HERON)
    assert refused(turned_by(math.pi / 2 + 1e-6)).point is None


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("device", [FALCON, HERON], ids=["falcon", "heron"])
def test_the_verdict_is_that_of_qiskits_target_and_of_the_emulator(seed: int, device: devices.Device) -> None:
    """Three that share no code: this check, Qiskit's reading of the configuration, what the emulator fails."""
    rng = random.Random(seed)
    circuit = QuantumCircuit(device.num_qubits, 1)
    gates = ["x", "sx", "rz", "id", "cz", "ecr", "rx", "h", "cx", "measure", "reset"]
    edges = devices.configuration(device)["coupling_map"]
    for _ in range(rng.randint(1, 6)):
        name = rng.choice(gates[: rng.choice([4, 11])])
        pair = rng.choice(edges)
        pair = pair[::-1] if rng.random() < 0.3 else pair
        one = rng.randrange(device.num_qubits)
        if name in ("cz", "ecr", "cx"):
            getattr(circuit, name)(*pair)
        elif name in ("rz", "rx"):
            getattr(circuit, name)(0.1, one)
        elif name == "measure":
            circuit.measure(one, 0)
        else:
            getattr(circuit, name)(one)
    target = build_target(devices.configuration(device), None)
    fits = all(target.instruction_supported(step.name, step.qubits) for step in steps(circuit))
    try:
        emulated.check_fit(circuit, device)
    except ProgramFailed:
        assert not fits
    else:
        assert fits
    if fits:
        Sampler([circuit]).check(SETS[device.name])
    else:
        refused(Sampler([circuit]), SETS[device.name])


def test_observables_must_name_each_qubit_that_a_text_reaches() -> None:
    text = HEAD + "cz $3, $16;"
    for width in (17, 20, 156):
        Estimator([(text, "Z" * width)]).check(ON_HERON)
    for width in (16, 157):
        with pytest.raises(NotISA, match=f"on {width} qubits for a circuit that reaches over 17 of the 156"):
            Estimator([(text, "Z" * width)]).check(ON_HERON)


def test_every_program_of_circuits_is_checked_and_others_pass() -> None:
    assert refused(Estimator([(HEAD + "h $0;", "Z")])).instruction == "h"
    assert str(refused(NoiseLearner([HEAD + "x $0;", HEAD + "h $0;"]))).startswith("circuit 1: ")
    assert refused(Sampler([HEAD + "h $0;"], via="executor")).instruction == "h"
    anything = Program("sampler", {"pubs": [[HEAD + "h $0;"]]})
    anything.check(ON_HERON)
    assert not anything.checkable


def test_a_configuration_in_the_words_of_a_real_device_is_read() -> None:
    """Reset has a gate without sites; measurements of another kind are signed on their own."""
    found = InstructionSet.of(
        "ibm_x",
        {
            "n_qubits": 3, "simulator": False, "basis_gates": ["cz", "rz"], "coupling_map": [[0, 1], [1, 0], [1, 2]],
            "supported_instructions": ["cz", "rz", "measure", "measure_2", "reset", "if_else"],
            "gates": [
                {"name": "rz", "coupling_map": [[0], [1]]}, {"name": "cz", "coupling_map": [[0, 1]]},
                {"name": "reset", "coupling_map": None}, {"name": "gone", "coupling_map": [[0]]},
            ],
            "instruction_signatures": [{"name": "measure_2"}],
        },
    )  # fmt: skip
    allowed = [
        ("rz", (0,)),
        ("cz", (0, 1)),
        ("reset", (2,)),
        ("measure_2", (1,)),
        ("barrier", (0, 2)),
        ("store", ()),
    ]
    assert all(found.allows(*one) for one in [*allowed, ("if_else", None), ("cz", None)])
    assert not any(
        found.allows(*one) for one in [("rz", (2,)), ("cz", (1, 0)), ("gone", (0,)), ("measure", (3,))]
    )
