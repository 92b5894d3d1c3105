from __future__ import annotations

import base64
import io
import zlib
from typing import Any

import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import ClassicalRegister, ParameterVector, QuantumRegister

from qrt_async.emulator.failure import UNREADABLE, ProgramFailed
from qrt_async.emulator.simulation.circuits import from_qpy
from tests.emulator.lab import typed


def example() -> QuantumCircuit:
    angles = ParameterVector("t", 12)
    circuit = QuantumCircuit(QuantumRegister(2, "q"), ClassicalRegister(3, "a"), ClassicalRegister(1, "b"))
    for angle in angles:
        circuit.rx(angle, 0)
    circuit.measure(0, 3)
    return circuit


@pytest.mark.parametrize("version", [13, 15, 17])
def test_a_circuit_of_any_accepted_version_arrives_whole(version: int) -> None:
    circuit = from_qpy(typed(example(), version)["__value__"])
    assert circuit.circuit.num_qubits == 2
    assert [(it.name, it.bits) for it in circuit.registers] == [("a", (0, 1, 2)), ("b", (3,))]


def test_positions_of_a_vector_are_its_indices_not_the_alphabet() -> None:
    names = [it.name for it in from_qpy(typed(example())["__value__"]).parameters]
    assert names == [f"t[{index}]" for index in range(12)]


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


@pytest.mark.parametrize(
    "encoded",
    [
        None,
        7,
        "",
        "not base64!",
        base64.b64encode(b"not zlib").decode(),
        packed(b"short"),
        packed(b"NOTQPYatall" * 9),
        packed(b"QISKIT\x0c" + bytes(60)),
        packed(b"QISKIT\x0d" + bytes(60)),
        packed(b"QISKIT\xff" + bytes(60)),
    ],
)
def test_what_is_no_qpy_is_a_failed_program(encoded: Any) -> None:
    with pytest.raises(ProgramFailed, match="QPY circuit could not be loaded") as caught:
        from_qpy(encoded)
    assert caught.value.code == UNREADABLE


def test_versions_that_the_service_does_not_read_are_named() -> None:
    data = bytearray(zlib.decompress(base64.b64decode(typed(example())["__value__"])))
    for version in (12, 19):
        data[6] = version
        with pytest.raises(ProgramFailed, match="QPY of a version from 13 to 18"):
            from_qpy(packed(bytes(data)))


def test_a_pub_has_one_circuit() -> None:
    buffer = io.BytesIO()
    qpy.dump([example(), example()], buffer, version=17)
    with pytest.raises(ProgramFailed, match="holds 2 programs"):
        from_qpy(packed(buffer.getvalue()))


def test_a_cut_off_circuit_is_a_failed_program_wherever_it_is_cut() -> None:
    data = zlib.decompress(base64.b64decode(typed(example())["__value__"]))
    for end in range(0, len(data), 97):
        with pytest.raises(ProgramFailed):
            from_qpy(packed(data[:end]))
