from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import Parameter
from qiskit.circuit.random import random_circuit

from qrt_async.programs.circuits import read_qasm
from qrt_async.programs.isa import Step, Unreadable
from qrt_async.programs.walk import steps as walked


def scanned(text: str) -> list[tuple[Any, ...]]:
    return [tuple(step)[: 2 if step.angle is None else 3] for step in read_qasm(text).steps()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x $3; cz $0, $12;", [("x", (3,)), ("cz", (0, 12))]),
        ("qubit[2] q; qubit r; cx q[1], r;", [("cx", (1, 2))]),
        ("qreg q[3]; sx q [2];", [("sx", (2,))]),
        ("qubit[2] q; h q;", [("h", (0,)), ("h", (1,))]),
        ("qubit[2] q; qubit[2] r; cx q, r;", [("cx", (0, 2)), ("cx", (1, 3))]),
        ("qubit[2] q; qubit[2] r; cz q[0], r;", [("cz", (0, 2)), ("cz", (0, 3))]),
        ("rzz(theta/2) $0, $1;", [("rzz", (0, 1), "theta/2")]),
        ("rzz(sin(a)) $0,$1;", [("rzz", (0, 1), "sin(a)")]),
        ("rz(pi/2) $0;", [("rz", (0,))]),
        ("U(0, 0, pi) $0; CX $0, $1;", [("u", (0,)), ("cx", (0, 1))]),
        ("bit[2] c; c[0] = measure $5;", [("measure", (5,))]),
        ("qubit[2] q; bit[2] c = measure q;", [("measure", (0,)), ("measure", (1,))]),
        ("qubit[2] q; bit[2] c; measure q[1] -> c[0];", [("measure", (1,))]),
        ("reset $1; delay[100ns] $2; barrier $0, $1; gphase(0.1);", [("reset", (1,)), ("delay", (2,))]),
        ("// h $0;\n/* h $1; { */ x $0; // y", [("x", (0,))]),
        ("gate foo(a) q { h q; U(a, 0, 0) q; } foo(0.1) $0;", [("foo", (0,))]),
        ("bit c; c = measure $0; if (c == 1) { x $1; } else { sx $2; }",
         [("measure", (0,)), ("if_else", None), ("x", (1,)), ("sx", (2,))]),
        ("bit c; if (c) x $1; else x $2;", [("if_else", None), ("x", (1,)), ("x", (2,))]),
        ("if (a[0] && (b || c)) x $1;", [("if_else", None), ("x", (1,))]),
        ("if (a) { } else if (b) { x $1; }", [("if_else", None), ("if_else", None), ("x", (1,))]),
        ("while (c) { x $1; }", [("while_loop", None), ("x", (1,))]),
        ("qubit[3] q; for uint i in [0:2] { x q[i]; }", [("for_loop", None), ("x", None)]),
        ("switch (i) { case 0 { x $0; } default { x $1; } }", [("switch_case", None), ("x", (0,)), ("x", (1,))]),
        ("qubit[2] q; x q[0:1]; y q[7]; z alias;", [("x", None), ("y", None), ("z", None)]),
        ("int i = 0; i += 1; uint[8] j; const float x = 0.5;", []),
        ("", []),
    ],
)  # fmt: skip
def test_statements_are_steps(text: str, expected: Any) -> None:
    assert scanned('OPENQASM 3.0; include "stdgates.inc";' + text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "def f(qubit q) { x q; }", "let a = $0;", "ctrl @ x $0, $1;", "inv @ s $0;", "pow(2) @ s $0;", "f(1);",
        "for int i in {0, 1} { x $0; }", "for int i in [0:1] x $0;", "defcal x $0 { }", "this is not qasm;", "$0;",
        "qubit[n] q; x q;", "qubit[2] q; x $0;", "box { x $0; }", "if (a x $0;", "1 + 1;",
    ],
)  # fmt: skip
def test_what_goes_beyond_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        scanned(text)


WORDS = ["x", "$0", "q[1]", "qubit[2] q", "if (c)", "else", "measure", "->", "c[0] =", "(", ")", "{", "}", ";", ",",
         "gate g a", "rzz(a/2)", "delay[1ns]", "reset", "bit c", "qreg", "@", "//", "/*", "barrier", "==",
         "é"]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=30))
def test_any_text_ends_in_steps_or_is_unreadable(words: list[str]) -> None:
    with suppress(Unreadable):
        for step in read_qasm(" ".join(["x;", *words])).steps():
            assert step.name
            assert step.qubits is None or all(qubit >= 0 for qubit in step.qubits)


@pytest.mark.parametrize(
    "text", ["if (c) " * 5000 + "x $0;", "else " * 5000 + "x $0;", "{" * 5000 + "x $0;", "}" * 5000 + "x $0;"]
)
def test_depth_is_no_trouble(text: str) -> None:
    with suppress(Unreadable):
        assert list(read_qasm(text).steps())[-1] == Step("x", (0,))


def test_steps_come_as_they_are_read() -> None:
    steps = read_qasm("h $0; inv @ s $0;").steps()
    assert next(steps) == Step("h", (0,))
    with pytest.raises(Unreadable):
        next(steps)


@pytest.mark.parametrize("seed", range(20))
def test_what_qiskit_writes_is_read_as_qiskit_means_it(seed: int) -> None:
    """The same instructions on the same qubits as the circuit's own, by name and by hardware number."""
    rng = random.Random(seed)
    circuit = QuantumCircuit(6, 6)
    circuit.compose(random_circuit(6, 5, max_operands=2, seed=seed), inplace=True)
    circuit = circuit.decompose("unitary") if rng.random() < 0.5 else circuit
    circuit.rzz(Parameter("theta"), 0, 1)
    circuit.measure(range(6), range(6))
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(1)
    with otherwise:
        circuit.cz(3, 2)
    text = qasm3.dumps(circuit)
    expected = [step[:2] for step in walked(circuit) if step.name != "barrier"]
    for own in (text, hardware(text)):
        assert [step[:2] for step in scanned(own)] == expected


def hardware(text: str) -> str:
    for qubit in range(6):
        text = text.replace(f"q[{qubit}]", f"${qubit}")
    return text.replace("qubit[6] q;\n", "")


@pytest.mark.parametrize(
    ("words", "length"),
    [
        ("delay[100ns] $0;", (100.0, "ns")),
        ("delay [ 1.5e3 us ] $0;", (1500.0, "us")),
        ("delay[1_000dt] $0;", (1000.0, "dt")),
        ("delay[2µs] $0;", (2.0, "us")),
        ("delay[.5ms] $0;", (0.5, "ms")),
        ("delay[t] $0;", None),
        ("delay[2 * 3ns] $0;", None),
    ],
)
def test_a_delay_says_how_long_it_is(words: str, length: Any) -> None:
    assert list(read_qasm(words).steps()) == [Step("delay", (0,), length=length)]
