from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import qiskit
import qiskit.qasm3
from qiskit import QuantumCircuit

from qrt_async.errors import InvalidInput
from qrt_async.programs.circuits import is_circuit, read_circuit, read_qasm
from qrt_async.programs.isa import Unreadable
from qrt_async.programs.names import CONSTANTS, GATES, WORDS


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("OPENQASM 3.0; qubit q;", ()),
        ("input float theta;", ("theta",)),
        (
            "OPENQASM 3.1;\ninput float[64] theta;\n  input angle[32] phi ; input uint[8] n;",
            ("theta", "phi", "n"),
        ),
        ("input angle _θ0;", ("_θ0",)),
        ("// input float a;\n/* input float b;\n */ input float c; // input float d;", ("c",)),
        ("input float a;input float b;", ("a", "b")),
        ("int inputs; qubit myinput;", ()),
        ("input array[float[64], 3] angles;", None),
        ("output float x;", ()),
        ("#pragma my input float a;\n@note input float b;\ninput float c;", ("c",)),
    ],
)
def test_the_inputs_of_a_text_are_its_parameters(text: str, names: Any) -> None:
    assert read_qasm(text).names == names


@pytest.mark.parametrize(
    ("text", "num_qubits"),
    [
        ("qubit[5] q;", 5),
        ("qubit q; qubit[2] r;", 3),
        ("qubit [3]  q;", 3),
        ("const uint n = 3; qubit[n] q;", None),
        ("x $0; cz $0, $1;", None),
        ("bit c;", None),
        ("qubit[2] q; qreg r[3];", None),
        ("// qubit[5] q;\nqubit[2] r;", 2),
    ],
)
def test_the_qubits_of_a_text_are_counted_where_they_are_plain(text: str, num_qubits: Any) -> None:
    assert read_qasm(text).num_qubits == num_qubits


def test_a_number_of_qubits_beyond_reading_is_not_read() -> None:
    assert read_qasm(f"qubit[{'9' * 5000}] q;").num_qubits is None


def test_a_text_beyond_a_stated_length_is_not_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(read_qasm("x $0;").steps())
    monkeypatch.setattr("qrt_async.programs.circuits.MOST_CHECKED", 4)
    with pytest.raises(Unreadable):
        read_qasm("x $0;").steps()


def test_an_older_language_is_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidInput, match=r"OpenQASM 2; .*qasm3.dumps"):
        read_circuit("// from a book\nOPENQASM 2.0;\nqreg q[2];")


WITH_GATES = 'OPENQASM 3.0; include "stdgates.inc"; '
REFUSED = [
    *((WITH_GATES, name, "a gate of") for name in sorted(GATES)),
    *(("OPENQASM 3.0; ", name, "a name that OpenQASM 3 itself") for name in sorted(CONSTANTS)),
    *(("OPENQASM 3.0; ", name, "a word of OpenQASM 3") for name in sorted(WORDS)),
]


def used(header: str, name: str) -> str:
    return f"{header} input float[64] {name}; qubit[1] q; U(0, 0, {name}) q[0];"


@pytest.mark.parametrize(("header", "name", "why"), REFUSED, ids=[name for _, name, _ in REFUSED])
def test_an_input_whose_name_is_taken_is_refused_before_it_costs(header: str, name: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=f"input '{name}', but that is {why}"):
        read_circuit(used(header, name))
    with pytest.raises(Exception):  # noqa: B017, PT011 - of several kinds; so says Qiskit's own reader, too
        qiskit.qasm3.loads(used(header, name))


@pytest.mark.parametrize("name", ["theta", "u", "rzz", "sin", "nop", "X", "cxx", "P", "measured", "ctrl1"])
def test_an_input_whose_name_is_free_is_let_pass(name: str) -> None:
    text = used(WITH_GATES, name)
    assert read_qasm(text).names == (name,)
    assert {parameter.name for parameter in qiskit.qasm3.loads(text).parameters} == {name}


@pytest.mark.parametrize("name", sorted(GATES))
def test_without_the_standard_gates_their_names_are_free(name: str) -> None:
    text = used('OPENQASM 3.0; // include "stdgates.inc";\n', name)
    assert read_qasm(text).names == (name,)
    assert {parameter.name for parameter in qiskit.qasm3.loads(text).parameters} == {name}


def test_the_standard_gates_are_those_of_qiskits_own_file() -> None:
    file = Path(qiskit.__file__).with_name("qasm") / "libs" / "stdgates.inc"
    assert set(re.findall(r"^gate (\w+)", file.read_text("utf-8"), re.MULTILINE)) == GATES


def test_nonsense_is_left_to_the_service() -> None:
    assert read_circuit("this is not qasm").encode() == "this is not qasm"


@pytest.mark.parametrize("given", ["", "  \n", 3, None, b"OPENQASM 3.0;", [], object()])
def test_what_is_no_circuit_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInput, match="OpenQASM 3"):
        read_circuit(given)


class Mine(QuantumCircuit):  # type: ignore[misc] # Qiskit is not typed here
    """A subclass."""


def test_quantum_circuits_and_their_subclasses_are_circuits() -> None:
    assert is_circuit(QuantumCircuit(1))
    assert is_circuit(Mine(1))
    assert read_circuit(Mine(2)).num_qubits == 2
    assert not is_circuit(QuantumCircuit)
