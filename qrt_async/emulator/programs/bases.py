"""How observables are measured: the bases to read in, and what the readings say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister

from qrt_async.emulator.simulation.gates import STANDARD
from qrt_async.emulator.simulation.shots import Samples

from .observables import Observable

Signs = np.ndarray[Any, np.dtype[np.float64]]


class Term(msgspec.Struct, frozen=True):
    """One Pauli string with its coefficient: the qubits it looks at, and the letter on each."""

    letters: tuple[tuple[int, str], ...]
    coefficient: float

    @property
    def qubits(self) -> tuple[int, ...]:
        return tuple(qubit for qubit, _ in self.letters)


class Group(msgspec.Struct, frozen=True):
    """Terms that one basis measures together; ``basis`` has a letter for each qubit that is read."""

    basis: str
    terms: tuple[Term, ...]


def split(observable: Observable, qubits: tuple[int, ...]) -> tuple[float, list[Group]]:
    """The constant part, and the rest in groups that commute qubit by qubit, in the order given.

    ``qubits`` are those that are read; the letters of a basis follow their order. A qubit that no term of
    a group asks about is read in Z: so equal bases recur, and their shots serve all who need them.
    """
    places = {qubit: place for place, qubit in enumerate(qubits)}
    constant = 0.0
    groups: list[tuple[dict[int, str], list[Term]]] = []
    for label, coefficient in observable.terms:
        letters = tuple(
            (places[qubit], letter) for qubit, letter in enumerate(reversed(label)) if letter != "I"
        )
        if letters:
            _place(Term(letters, coefficient), groups)
        else:
            constant += coefficient
    read = range(len(qubits))
    return constant, [
        Group("".join(basis.get(place, "Z") for place in read), tuple(terms)) for basis, terms in groups
    ]


def _place(term: Term, groups: list[tuple[dict[int, str], list[Term]]]) -> None:
    for basis, terms in groups:
        if all(basis.get(qubit, letter) == letter for qubit, letter in term.letters):
            basis.update(term.letters)
            terms.append(term)
            return
    groups.append((dict(term.letters), [term]))


def measured(circuit: QuantumCircuit, basis: str, *, as_rz: bool) -> QuantumCircuit:
    """The circuit, then each qubit turned from its letter to Z and read into new bits at the end.

    A quarter turn around Z and ``sx`` bring X to Z, ``sx`` alone brings Y. ``as_rz`` spells the first one as
    a device does, where it is noiseless; else it is ``s``.
    """
    whole = circuit.copy()
    register = ClassicalRegister(len(basis))
    whole.add_register(register)
    for place, letter in enumerate(basis):
        if letter == "X":
            quarter = STANDARD["rz"].base_class(np.pi / 2.0) if as_rz else STANDARD["s"]
            whole.append(quarter, [place], copy=False)
        if letter in "XY":
            whole.append(STANDARD["sx"], [place], copy=False)
        whole.measure(place, register[place])
    return whole


def signs(samples: Samples, terms: Iterable[Term], first_bit: int) -> Signs:
    """The value, +1 or -1, of each term for each distinct outcome: ``(terms, distinct)``."""
    rows = [
        samples.outcomes[:, [first_bit + qubit for qubit in term.qubits]].sum(axis=1, dtype=np.int64) % 2
        for term in terms
    ]
    return 1.0 - 2.0 * np.array(rows, dtype=np.float64)


def weights(samples: Samples) -> Signs:
    """The share of the shots that each distinct outcome has."""
    counts = np.bincount(samples.picks, minlength=len(samples.outcomes))
    return counts / len(samples.picks)
