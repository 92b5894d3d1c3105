"""Observables as they arrive on the wire."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from qrt_async.emulator.failure import BAD_INPUT, OBSERVABLE_WIDTH, ProgramFailed

LETTERS = frozenset("IXYZ")


class Observable(msgspec.Struct, frozen=True):
    """A sum of Pauli strings with real coefficients; the last letter is qubit 0."""

    terms: tuple[tuple[str, float], ...]

    def support(self) -> frozenset[int]:
        """The qubits it looks at."""
        return frozenset(
            qubit for label, _ in self.terms for qubit, letter in enumerate(reversed(label)) if letter != "I"
        )


Observables = np.ndarray[Any, np.dtype[np.object_]]


def read_observables(given: Any, widths: tuple[int, ...]) -> Observables:
    """An array of ``Observable``, nested as the lists are; each label is of one of these widths."""
    if isinstance(given, dict) and given.get("__type__") == "ObservablesArray":
        given = given.get("__value__")
    shape = _shape(given)
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        element = given
        for place in index:
            element = element[place]
        array[index] = _observable(element, widths)
    return array


def _shape(given: Any) -> tuple[int, ...]:
    if not isinstance(given, list):
        return ()
    shapes = {_shape(element) for element in given}
    if len(shapes) > 1 or not given:
        raise ProgramFailed(BAD_INPUT, "Observables are a regular nested list with at least one of them")
    return (len(given), *shapes.pop())


def _observable(given: Any, widths: tuple[int, ...]) -> Observable:
    terms = {given: 1.0} if isinstance(given, str) else given
    if not isinstance(terms, dict) or not terms:
        raise ProgramFailed(
            BAD_INPUT, f"An observable is a Pauli string or an object of them, not {given!r:.60}"
        )
    return Observable(tuple((_label(label, widths), _coefficient(value)) for label, value in terms.items()))


def _label(label: str, widths: tuple[int, ...]) -> str:
    if not LETTERS.issuperset(label):
        raise ProgramFailed(BAD_INPUT, f"The observable {label!r:.60} has letters other than I, X, Y and Z")
    if len(label) not in widths:
        raise ProgramFailed(
            OBSERVABLE_WIDTH,
            f"The number of qubits of the circuit ({widths[0]}) does not match "
            f"the number of qubits of the observable {label!r:.60} ({len(label)})",
        )
    return label


def _coefficient(value: Any) -> float:
    if isinstance(value, dict) and value.get("__type__") == "complex":
        value = _real(value.get("__value__"))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ProgramFailed(BAD_INPUT, f"The coefficient {value!r:.60} of an observable is not a real number")
    return float(value)


def _real(parts: Any) -> Any:
    """The real part of ``[real, imaginary]`` if there is nothing else to it."""
    return parts[0] if isinstance(parts, list) and len(parts) == 2 and parts[1] == 0 else parts
