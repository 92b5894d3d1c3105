"""Observables as the Estimator takes them: Pauli strings, ``{pauli: coefficient}``, and arrays of those."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from qrt_async.errors import InvalidInput

PAULIS = "IXYZ"
DIAGONAL = "IZ01"

Terms = dict[str, float]

_DIGITS = 20
"""Characters of a number as JSON."""


class Observables(Struct, frozen=True):
    """An array of observables, flattened in C order. Every label has ``width`` letters, qubit 0 rightmost."""

    shape: tuple[int, ...]
    flat: tuple[Terms, ...]
    width: int

    @classmethod
    def read(cls, given: Any, letters: str = PAULIS) -> Observables:
        """From a label, a mapping, a Qiskit operator, or nested lists and arrays of these."""
        flat: list[Terms] = []
        shape = _collect(given, letters, flat)
        if not flat:
            raise InvalidInput(f"Got the observables {_short(given)}; at least one is needed, such as 'ZZ'.")
        widths = sorted({len(label) for terms in flat for label in terms})
        if len(widths) > 1:
            raise InvalidInput(
                f"Got observables of {widths} letters; all must name the same number of qubits."
            )
        return cls(shape, tuple(flat), widths[0])

    @property
    def bulk(self) -> float:
        """About how many characters they are on the wire."""
        return sum(len(terms) for terms in self.flat) * (self.width + _DIGITS)

    def nested(self) -> Any:
        """As the wire has them: lists in the shape, each entry ``{label: coefficient}``."""
        entries: list[Any] = list(self.flat)
        for size in reversed(self.shape):
            entries = [entries[at : at + size] for at in range(0, len(entries), size)]
        return entries[0]


def _collect(given: Any, letters: str, flat: list[Terms]) -> tuple[int, ...]:
    if type(given).__module__.partition(".")[0] == "qiskit":
        from qrt_async.programs import qiskit  # imports Qiskit

        given = qiskit.observable(given)
    elif hasattr(given, "tolist") and hasattr(given, "shape"):
        given = given.tolist()
    if isinstance(given, str):
        given = {given: 1.0}
    if isinstance(given, Mapping):
        flat.append(_terms(given, letters))
        return ()
    if not isinstance(given, (list, tuple)):
        raise InvalidInput(
            f"Got {_short(given)} as an observable; allowed are Pauli strings, {{pauli: coefficient}}, "
            "Qiskit operators, and lists of these."
        )
    shapes = {_collect(entry, letters, flat) for entry in given}
    if len(shapes) > 1:
        raise InvalidInput(f"Got lists of observables of unequal shapes {sorted(shapes)}; all must be alike.")
    return (len(given), *(shapes.pop() if shapes else ()))


def _terms(given: Mapping[Any, Any], letters: str) -> Terms:
    terms: Terms = {}
    for label, coefficient in given.items():
        if type(label).__module__.partition(".")[0] == "qiskit":
            raise InvalidInput(
                f"Got the key {_short(label)}; name the Pauli as text, or give a SparsePauliOp."
            )
        if not isinstance(label, str) or not label or label.strip(letters):
            raise InvalidInput(
                f"Got the observable {_short(label)}; allowed are the letters {', '.join(letters)}."
            )
        terms[label] = _real(label, coefficient)
    if not terms:
        raise InvalidInput("Got an observable without terms; at least one is needed, such as {'ZZ': 1.0}.")
    return terms


def _real(label: str, coefficient: Any) -> float:
    try:
        number = complex(coefficient)
    except (TypeError, ValueError):
        number = complex(math.nan)
    if number.imag != 0 or not math.isfinite(number.real):
        raise InvalidInput(
            f"Got the coefficient {_short(coefficient)} for {label}; allowed are finite real numbers."
        )
    return number.real


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:57]}..."
