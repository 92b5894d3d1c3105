"""Circuits as they arrive on the wire."""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from typing import Any

import msgspec
from qiskit import QuantumCircuit, qpy
from qiskit.circuit import Annotation, Parameter
from qiskit.circuit.annotation import QPYSerializer

from qrt_async.emulator.failure import UNREADABLE, ProgramFailed

QPY_VERSIONS = range(13, 19)
NAMESPACE = "samplomatic"
"""Of the annotations that the official client knows."""
WRITTEN_VERSION = 17
MAX_INFLATED = 256 * 2**20


class Register(msgspec.Struct, frozen=True):
    """A classical register: its name, and the places of its bits in the circuit, least significant first."""

    name: str
    bits: tuple[int, ...]


class Marked(Annotation):  # type: ignore[misc]  # Qiskit has no types here
    """An annotation of a box, such as that it is twirled; what it says changes nothing here."""

    namespace = f"{NAMESPACE}.any"


class AnyAnnotation(QPYSerializer):  # type: ignore[misc]  # Qiskit has no types here
    """Lets boxes through whose annotations QPY could not read."""

    def load_annotation(self, payload: bytes) -> Annotation:
        return Marked()

    def dump_annotation(self, namespace: str, annotation: Annotation) -> Any:
        return NotImplemented


class Circuit(msgspec.Struct, frozen=True):
    """A circuit, the registers its results are named by, and its parameters in positional order."""

    circuit: QuantumCircuit
    registers: tuple[Register, ...]
    parameters: tuple[Parameter, ...]
    physical: bool = False
    """Whether the text named hardware qubits: then its width is not its author's choice."""


def from_qpy(encoded: Any) -> Circuit:
    """One circuit from base64 of zlib of QPY; raises ``ProgramFailed``."""
    circuits = all_from_qpy(encoded, compressed=True)
    if len(circuits) != 1:
        raise _unreadable(f"it holds {len(circuits)} programs where one circuit is expected")
    return circuits[0]


def all_from_qpy(encoded: Any, *, compressed: bool) -> list[Circuit]:
    """The circuits in base64 of QPY, which may be compressed with zlib; raises ``ProgramFailed``."""
    data = _inflated(encoded) if compressed else _decoded(encoded)
    if data[:6] != b"QISKIT" or data[6:7] == b"" or data[6] not in QPY_VERSIONS:
        allowed = f"{QPY_VERSIONS[0]} to {QPY_VERSIONS[-1]}"
        raise _unreadable(f"it is not QPY of a version from {allowed}")
    try:
        circuits = qpy.load(io.BytesIO(data), annotation_factories={NAMESPACE: AnyAnnotation})
    except Exception as error:  # whatever a damaged file makes the loader raise
        raise _unreadable(f"{type(error).__name__}: {error}") from error
    if not all(isinstance(circuit, QuantumCircuit) for circuit in circuits):
        raise _unreadable("it holds programs that are not circuits")
    return [Circuit(circuit, registers_of(circuit), tuple(circuit.parameters)) for circuit in circuits]


def to_qpy(circuit: QuantumCircuit) -> str:
    """Base64 of zlib of QPY, in the newest version that every client reads."""
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer, version=WRITTEN_VERSION)
    return base64.b64encode(zlib.compress(buffer.getvalue())).decode()


def registers_of(circuit: QuantumCircuit) -> tuple[Register, ...]:
    """The classical registers of a circuit, in its order."""
    return tuple(
        Register(register.name, tuple(circuit.find_bit(bit).index for bit in register))
        for register in circuit.cregs
    )


def _inflated(encoded: Any) -> bytes:
    try:
        inflate = zlib.decompressobj()
        data = inflate.decompress(_decoded(encoded), MAX_INFLATED)
    except zlib.error as error:
        raise _unreadable(f"it is not base64 of zlib: {error}") from error
    if inflate.unconsumed_tail or not inflate.eof or len(data) < 8:
        raise _unreadable("its compressed data is cut off or too large")
    return data


def _decoded(encoded: Any) -> bytes:
    if not isinstance(encoded, str):
        raise _unreadable("the value of a QuantumCircuit is a base64 string")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _unreadable(f"it is not base64: {error}") from error


def _unreadable(why: str) -> ProgramFailed:
    return ProgramFailed(UNREADABLE, f"The QPY circuit could not be loaded: {why}")
