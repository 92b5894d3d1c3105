"""Circuits as PUBs hold them. What can be known of an OpenQASM 3 text is read without a parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Protocol

from msgspec import Struct

from qrt_async.api import pieces
from qrt_async.errors import InvalidInput
from qrt_async.programs import angles, scan
from qrt_async.programs.isa import Fitting, Points, Step, Unreadable
from qrt_async.programs.names import check_inputs
from qrt_async.programs.values import Parameters

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|^\s*(?:@|#?pragma\b)[^\n]*", re.DOTALL | re.MULTILINE)
_INPUT = re.compile(r"\binput\s+([^;]*);")
_DECLARED = re.compile(
    r"(?:float|angle|int|uint|bool|bit|duration|complex)\s*(?:\[[^;]*\])?\s+([^\W\d]\w*)\s*"
)
_QUBITS = re.compile(r"\bqubit\s*(\[[^\]]*\])?\s+[^\W\d]\w*\s*(?=;)")
_VERSION = re.compile(r"\s*OPENQASM\s+(\d+)")


MOST_CHECKED = 16_000_000
"""Characters of a text that is compared with a backend: a million gates, and seconds of work in a thread."""


class Circuit(Fitting, Protocol):
    """What a PUB must know of its circuit."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """Its parameters in the order that positions mean; ``None`` where it cannot be known."""

    @property
    def positional(self) -> bool:
        """Whether values may be given by position."""

    @property
    def metadata(self) -> dict[str, Any]:
        """What its author noted on it."""

    @property
    def bulk(self) -> float:
        """About how many characters it is on the wire; infinite where only encoding it tells."""

    def encode(self) -> Any:
        """Its place in the PUB, ready for JSON. May be slow."""

    def values(self, parameters: Parameters) -> Any:
        """The place of its values in the PUB, ready for JSON."""


class Qasm(Struct, frozen=True):
    """An OpenQASM 3 text."""

    text: str
    names: tuple[str, ...] | None
    num_qubits: int | None

    @property
    def positional(self) -> bool:
        """Positions are as declared; the service sorts names. Where these differ, one of both would be wrong."""
        return self.names is not None and list(self.names) == sorted(self.names)

    @property
    def metadata(self) -> dict[str, Any]:
        return {}

    @property
    def bulk(self) -> float:
        return len(self.text)

    def encode(self) -> str | pieces.Long:
        return pieces.text(self.text)

    def values(self, parameters: Parameters) -> dict[str, Any] | None:
        return parameters.by_name()

    def steps(self) -> Iterator[Step]:
        if len(self.text) > MOST_CHECKED:
            raise Unreadable
        return scan.steps(_bare(self.text))

    def turn(self, angle: str, points: Points) -> Any:
        with suppress(LookupError, ValueError, ArithmeticError, RecursionError):
            return angles.value(angle, points.__getitem__)
        return None


def read_circuit(given: Any) -> Circuit:
    """``InvalidInput`` for what is neither OpenQASM 3 text nor a ``QuantumCircuit``."""
    if isinstance(given, str):
        return read_qasm(given)
    if is_quantum_circuit(given):
        from qrt_async.programs import qiskit  # imports Qiskit

        return qiskit.QpyCircuit.of(given)
    raise InvalidInput(
        f"Got a circuit of type {type(given).__name__}; allowed are an OpenQASM 3 string and, "
        "with the extra 'qiskit', a QuantumCircuit."
    )


def is_circuit(given: Any) -> bool:
    return isinstance(given, str) or is_quantum_circuit(given)


def is_quantum_circuit(given: Any) -> bool:
    """Without importing Qiskit: whoever holds a circuit has imported it."""
    return any(
        kind.__name__ == "QuantumCircuit" and kind.__module__.startswith("qiskit.")
        for kind in type(given).__mro__
    )


def read_qasm(text: str) -> Qasm:
    if not text.strip():
        raise InvalidInput("Got an empty circuit; needed is an OpenQASM 3 program.")
    bare = _bare(text)
    version = _VERSION.match(bare)
    if version and version[1] != "3":
        raise InvalidInput(
            f"Got a program in OpenQASM {version[1]}; the service reads OpenQASM 3. "
            "qiskit.qasm2.loads and qiskit.qasm3.dumps translate."
        )
    names = _names(bare)
    if names is not None:
        check_inputs(names, bare)
    return Qasm(text, names, _num_qubits(bare))


def _bare(text: str) -> str:
    """Without comments, annotations and pragmas."""
    return _COMMENT.sub(" ", text) if any(mark in text for mark in ("//", "/*", "@", "pragma")) else text


def _each(statement: re.Pattern[str], word: str, bare: str) -> Iterator[re.Match[str]]:
    """Where ``word`` begins such a statement. In a long text, looking for the word first takes a tenth of the time."""
    at = bare.find(word)
    while at >= 0:
        if found := statement.match(bare, at):
            yield found
        at = bare.find(word, at + len(word))


def _names(bare: str) -> tuple[str, ...] | None:
    declared = [_DECLARED.fullmatch(found[1]) for found in _each(_INPUT, "input", bare)]
    names = tuple(match[1] for match in declared if match)
    return names if len(names) == len(declared) else None


def _num_qubits(bare: str) -> int | None:
    """The declared qubits; ``None`` with hardware qubits, the older ``qreg``, or sizes that are not plain numbers."""
    sizes = [(found[1] or "").strip("[] ") or "1" for found in _each(_QUBITS, "qubit", bare)]
    if (
        "$" in bare
        or "qreg" in bare
        or not sizes
        or not all(size.isdecimal() and len(size) < 10 for size in sizes)
    ):
        return None
    return sum(int(size) for size in sizes)
