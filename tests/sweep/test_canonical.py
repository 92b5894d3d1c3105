"""What makes two sweeps the same: by value, and nothing that differs between processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qiskit
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, Parameter, QuantumRegister

from qrt_async.errors import InvalidInput
from qrt_async.sweep.canonical import circuit_form
from qrt_async.sweep.sweep import Sweep
from tests.sweep import known_circuits

TEXT = """OPENQASM 3.0;
include "stdgates.inc";  // gates
input float a; input float b;
qubit[2] q; bit[2] c;
/* the angles */
rx(a + 2 * pi) q[0];
ry(b) $1;
c = measure q;
"""
ROOT = Path(__file__).parents[2]
EARLIER = "QRT_EARLIER_QISKIT_PYTHON"
"""Names an interpreter with another Qiskit."""


def key(changed: dict[str, Any] | None = None, **where: str) -> str:
    given: dict[str, Any] = {"circuit": TEXT, "parameters": {"a": [1, 2], "b": [0, 0.5]}, "shots": 10}
    sweep = Sweep(**{**given, **(changed or {})})
    return sweep.key(**{"backend": "ideal", "instance": "crn", "name": "n", **where})


@pytest.mark.parametrize(
    "same",
    [
        {"parameters": {"a": np.array([1, 2]), "b": [0, np.float64(0.5)]}},
        {"parameters": {"a": [1, 1, 2, 2], "b": [-0.0, 0.5, 0, 0.5]}, "combine": "zip"},
        {"parameters": {Parameter("a"): [1, 2], "b": [0, 0.5]}},
        {"parameters": [{"a": 1, "b": [0, 0.5]}, [{"b": [0, 0.5], "a": 2}]]},
        {"parameters": ["b", "a"], "combine": [(0, 1), (0.5, 1), (0, 2), (0.5, 2)]},
        {"parameters": {("a", "b"): [[1, 0], [1, 0.5], [2, 0], [2, 0.5]]}},
        {"circuit": TEXT.replace("// gates", "").replace("\n", "  \n ").replace("a + 2 * pi", "a+2*pi")},
        {"circuit": TEXT.replace("OPENQASM 3.0;\n", "")},
        {"options": {}},
    ],
)
def test_the_same_points_have_one_key_however_they_are_given(same: dict[str, Any]) -> None:
    assert key(same) == key()


@pytest.mark.parametrize(
    "other",
    [
        {"parameters": {"a": [2, 1], "b": [0, 0.5]}},
        {"parameters": {"b": [0, 0.5], "a": [1, 2]}},
        {"parameters": {"a": [1, 2], "b": [0, 0.5000000000000001]}},
        {"parameters": {"a": [1, 2], "b": [0, 0.5, 1]}},
        {"shots": 11},
        {"shots": None},
        {"shots": None, "observables": "ZZ"},
        {"options": {"twirling": {"enable_gates": True}}},
        {"circuit": TEXT.replace("q[0]", "q[1]")},
        {"circuit": TEXT.replace("2 * pi", "3 * pi")},
        {"circuit": [TEXT]},
        {"circuit": [TEXT, TEXT]},
    ],
)
def test_whatever_changes_the_measurement_changes_the_key(other: dict[str, Any]) -> None:
    assert key(other) != key()


@pytest.mark.parametrize("where", ["backend", "instance", "name"])
def test_the_place_and_the_name_are_in_the_key(where: str) -> None:
    assert key(None, **{where: "other"}) != key()


def test_options_are_what_is_set() -> None:
    one = {"twirling": {"enable_gates": True, "strategy": "all"}, "default_shots": 5}
    other = {"default_shots": 5, "twirling": {"strategy": "all", "enable_gates": True}}
    assert key({"shots": None, "options": one}) == key({"shots": None, "options": other})


def test_observables_are_their_terms() -> None:
    from qiskit.quantum_info import SparsePauliOp

    operator = SparsePauliOp.from_list([("ZZ", 1), ("XI", 0.5)])
    keys = {
        key({"shots": None, "observables": given})
        for given in (operator, {"XI": 0.5, "ZZ": 1}, {"ZZ": 1.0, "XI": 0.5})
    }
    assert len(keys) == 1
    assert key({"shots": None, "observables": [operator]}) not in keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x q[0]; // $1", "x q[0];"),
        ("OPENQASM 3;\nx   q [ 0 ] ;", "x q[0];"),
        ('include "a b.inc"; x q;', 'include   "a b.inc";\nx q;'),
        ("@note one\nx q;", "  @note one\n\n  x q;"),
    ],
)
def test_texts_that_mean_the_same_have_one_form(one: str, other: str) -> None:
    assert circuit_form(one) == circuit_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("float a b;", "float ab;"),
        ('bit[2] c = "01";', 'bit[2] c = "10";'),
        ("@note one\nx q;", "@note one x q;"),
        ('include "a // b.inc";', 'include "a'),
        ("a = 1 .5;", "a = 1.5;"),
    ],
)
def test_texts_that_differ_in_meaning_differ_in_form(one: str, other: str) -> None:
    assert circuit_form(one) != circuit_form(other)


def test_what_a_process_counts_up_and_what_cannot_be_measured_is_not_in_the_form() -> None:
    def circuit(odd: bool) -> QuantumCircuit:
        made = QuantumCircuit(
            QuantumRegister(2), ClassicalRegister(2, "c"), name="odd" if odd else "n", metadata={"x": odd}
        )
        made.global_phase = 0.3 * odd
        made.rx(Parameter("a"), 0)
        with made.for_loop(range(2)) as turn:
            made.ry(turn, 1)
        return made

    assert circuit_form(circuit(False)) == circuit_form(circuit(True))


def changed(change: str) -> QuantumCircuit:
    a, b = Parameter("a"), Parameter("b" if change != "name" else "z")
    circuit = QuantumCircuit(QuantumRegister(2), ClassicalRegister(2, "d" if change == "register" else "c"))
    circuit.rx(a + (2 * b if change != "factor" else 2.000001 * b), 0)
    circuit.cx(*((0, 1) if change != "qubits" else (1, 0)))
    with circuit.if_test((circuit.clbits[change == "condition"], 1)):
        circuit.rx(0.5 if change != "body" else 0.5000000000000001, 0)
    inner = QuantumCircuit(1, name="inner")
    inner.ry(0.1 if change != "definition" else 0.2, 0)
    circuit.append(inner.to_gate(), [0])
    circuit.measure(0, 0 if change != "clbit" else 1)
    return circuit


@pytest.mark.parametrize(
    "change", ["name", "register", "factor", "qubits", "condition", "body", "definition", "clbit"]
)
def test_whatever_changes_a_circuit_changes_its_form(change: str) -> None:
    assert circuit_form(changed("")) == circuit_form(changed(""))
    assert circuit_form(changed(change)) != circuit_form(changed(""))


def test_a_gate_that_takes_the_name_of_another_is_not_that_one() -> None:
    own = QuantumCircuit(1, name="h")
    own.x(0)
    one, other = QuantumCircuit(1), QuantumCircuit(1)
    one.h(0)
    other.append(own.to_gate(), [0])
    assert circuit_form(one) != circuit_form(other)


def test_what_cannot_be_compared_is_refused() -> None:
    from qiskit.quantum_info import Clifford

    circuit = QuantumCircuit(1)
    circuit.append(Clifford(np.eye(2, dtype=bool)), [0])
    with pytest.raises(InvalidInput, match=r"'clifford'.*decompose"):
        circuit_form(circuit)


KNOWN = {
    "angles": "840f5d5cc202e368",
    "functions": "2501c1255c577c83",
    "flow": "21d362faec1513f9",
    "gates": "aa17007de1a909c9",
    "key": "3d7766c97cb10e5e09e8ebd26313cb6e60094854",
}
"""As Qiskit 1.4, 2.2 and 2.6 have them alike."""


def test_forms_of_circuits_stay_what_they_are() -> None:
    """In a new version of Qiskit as well: whoever resumes a sweep with it finds what was measured."""
    assert known_circuits.forms() == KNOWN


def test_the_key_of_a_text_stays_what_it_is() -> None:
    assert key() == "a80a94f756b11a22638c181eac93243ec096408f"


@pytest.mark.long
@pytest.mark.parametrize("seed", ["1", "2"])
def test_other_processes_have_the_same_forms(seed: str) -> None:
    assert printed(sys.executable, PYTHONHASHSEED=seed) == KNOWN


@pytest.mark.long
@pytest.mark.skipif(EARLIER not in os.environ, reason=f"{EARLIER} names no interpreter")
def test_an_earlier_qiskit_has_the_same_forms() -> None:
    python = os.environ[EARLIER]
    asked = [python, "-c", "import qiskit; print(qiskit.__version__)"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert version.strip() != qiskit.__version__
    assert printed(python) == KNOWN


def printed(python: str, **environment: str) -> dict[str, str]:
    done = subprocess.run(
        [python, "-m", "tests.sweep.known_circuits"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split() for line in done.stdout.splitlines())
