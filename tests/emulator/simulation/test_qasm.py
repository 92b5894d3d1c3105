from __future__ import annotations

import math

import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import Operator

from qrt_async.emulator.failure import UNREADABLE, ProgramFailed
from qrt_async.emulator.simulation import qasm
from qrt_async.emulator.simulation.gates import STANDARD
from tests.emulator.lab import HEAD


def test_gates_that_hardware_speaks_need_no_definition() -> None:
    names = qasm.read(
        HEAD + "ecr $0, $1; rzz(0.3) $1, $2; sxdg $0; id $0; rxx(1) $0, $1;"
    ).circuit.count_ops()
    assert dict(names) == {"ecr": 1, "rzz": 1, "sxdg": 1, "id": 1, "rxx": 1}


@pytest.mark.parametrize("name", ["sxdg", "ecr", "rzz", "rxx", "ryy", "rzx", "iswap", "csx"])
def test_what_is_defined_for_the_user_equals_qiskits_gate_of_that_name(name: str) -> None:
    angle = "(0.7)" if name.startswith("r") else ""
    pair = "" if name == "sxdg" else ", q[1]"
    gate = qasm.read(f"{HEAD} qubit[2] q; {name}{angle} q[0]{pair};").circuit.data[0].operation
    assert isinstance(gate, STANDARD[name].base_class)


def test_what_qiskit_exports_reads_back_with_standard_gates() -> None:
    circuit = QuantumCircuit(3)
    circuit.ecr(0, 1)
    circuit.rzz(0.3, 1, 2)
    circuit.sxdg(0)
    back = qasm.read(qasm3.dumps(circuit)).circuit
    assert [it.operation.name for it in back.data] == ["ecr", "rzz", "sxdg"]
    assert Operator(back).equiv(Operator(circuit))


def test_a_definition_that_differs_from_its_standard_namesake_is_kept_as_defined() -> None:
    circuit = qasm.read(HEAD + "gate ecr a, b { x a; } qubit[2] q; ecr q[0], q[1];").circuit
    expected = QuantumCircuit(2)
    expected.x(0)
    assert Operator(circuit).equiv(Operator(expected))


def test_angles_of_a_definition_keep_the_order_they_are_declared_in() -> None:
    text = HEAD + "gate turn(z, a, unused) q { rx(z) q; ry(a) q; } qubit q; turn(0.1, 0.2, 0.3) q;"
    expected = QuantumCircuit(1)
    expected.rx(0.1, 0)
    expected.ry(0.2, 0)
    assert Operator(qasm.read(text).circuit).equiv(Operator(expected))


def test_parameters_are_in_alphabetical_order_whatever_order_they_are_declared_in() -> None:
    text = (
        HEAD
        + "input float theta; input angle[32] Beta; input float t10; input float t2; qubit q; rx(theta) q;"
    )
    assert [it.name for it in qasm.read(text).parameters] == ["Beta", "t10", "t2", "theta"]


def test_registers_keep_their_names_and_a_single_bit_is_a_register_of_one() -> None:
    text = "qubit[3] q; bit[2] Upper; bit flag; bit[1] c; let part = Upper[0:0]; flag = measure q[0];"
    circuit = qasm.read(HEAD + text)
    assert [(it.name, it.bits) for it in circuit.registers] == [
        ("Upper", (0, 1)),
        ("flag", (2,)),
        ("c", (3,)),
    ]


def test_hardware_qubits_are_known_as_such() -> None:
    assert qasm.read(HEAD + "x $4;").physical
    assert not qasm.read(HEAD + "qubit[5] q; x q[4];").physical


def test_gates_inside_of_conditions_are_made_standard_too() -> None:
    text = HEAD + "bit c; c = measure $0; if (c) { ecr $0, $1; id $1; }"
    block = qasm.read(text).circuit.data[1].operation.blocks[0]
    assert [it.operation.name for it in block.data] == ["ecr", "id"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("this is not qasm", "not OpenQASM 3"),
        ("", "not OpenQASM 3"),
        ("OPENQASM 3.0; qubit q; h q;", "'h' is not defined"),
        (HEAD + "qubit[2] q; cx q[0], q[0];", "duplicate"),
        (HEAD + "qubit q; foo q;", "'foo' is not defined"),
        ('OPENQASM 3.0; include "/etc/passwd"; qubit q;', "imports not currently supported"),
        ('OPENQASM 2.0; include "qelib1.inc"; qreg q[1];', "imports not currently supported"),
        (HEAD + "qubit q; rx(" + "(" * 3000 + "1" + ")" * 3000 + ") q;", "could not be loaded"),
    ],
)
def test_what_is_no_circuit_fails_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ProgramFailed, match="could not be loaded") as caught:
        qasm.read(text)
    assert caught.value.code == UNREADABLE
    assert says in caught.value.reason


def test_angles_may_be_expressions_of_inputs() -> None:
    circuit = qasm.read(HEAD + "input float a; qubit q; rx(2*a + pi/2) q;")
    bound = circuit.circuit.assign_parameters({circuit.parameters[0]: 0.25})
    assert float(bound.data[0].operation.params[0]) == pytest.approx(0.5 + math.pi / 2)
