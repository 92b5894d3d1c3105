"""What a user gives as the values of one parameter: a number, an axis of numbers, an axis of vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from msgspec import Struct

from qrt_async.errors import InvalidInput
from qrt_async.programs.values import check_unmasked, listed, read_box
from qrt_async.sweep.grid import MOST_POINTS, Array, Block

UNKNOWN: Final = -1
"""Whether a name is a number's or a vector's, where the circuit does not say."""

Lengths: TypeAlias = Callable[[str], int | None]
"""Of a name: how many elements where it is a vector's, ``None`` where it is a number's, or ``UNKNOWN``."""


def unknown(name: str) -> int | None:
    """Where there is no circuit to tell."""
    return UNKNOWN


class Values(Struct, frozen=True):
    """Under one key: ``array`` has a last axis over the elements where ``length`` is that of a vector."""

    label: str
    names: tuple[str, ...]
    """More than one where the key was a tuple of names; these are numbers then, side by side."""
    array: Array
    length: int | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Without the axis over the elements."""
        return self.array.shape[:-1] if self.length else self.array.shape

    def block(self) -> Block:
        """As columns, the points in C order."""
        array = self.array.reshape(-1, *([self.length] if self.length else []))
        array.setflags(write=False)
        if len(self.names) == 1:
            return {self.names[0]: array}
        return {name: array[:, at] for at, name in enumerate(self.names)}

    def resolved(self, vector: bool) -> Values:
        """With its form decided by ``vector`` where the circuit did not."""
        if self.length != UNKNOWN:
            return self
        return Values(self.label, self.names, self.array, self.array.shape[-1] if vector else None)


def read_values(given: Mapping[Any, Any], lengths: Lengths, where: str = "") -> list[Values]:
    """One for each key; ``InvalidInput`` for what is no name, no number, or given twice."""
    found = [_values(key, value, lengths, where) for key, value in given.items()]
    check_once([name for values in found for name in values.names], where)
    return found


def check_once(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInput(f"{where}Got values for {listed(twice)} twice; give each parameter once.")


def name_of(key: Any) -> tuple[str, int | None]:
    """Of a name or one of Qiskit's parameters; and the length where it is a ``ParameterVector``."""
    name = key if isinstance(key, str) else getattr(key, "name", None)
    if not isinstance(name, str) or not name:
        raise InvalidInput(
            f"Got the parameter {key!r:.80}; allowed are names, Qiskit parameters, and tuples of these."
        )
    return name, len(key.params) if hasattr(key, "params") else None


def _values(key: Any, given: Any, lengths: Lengths, where: str) -> Values:
    names: tuple[str, ...]
    length: int | None
    if isinstance(key, tuple) and key:
        names = tuple(name_of(part)[0] for part in key)
        label, length = ",".join(names), len(names)
    else:
        label, own = name_of(key)
        names, length = (label,), own or lengths(label)
    what = f"{where}parameter {label!r}"
    array = read_numbers(given, what)
    if array.size == 0:
        raise InvalidInput(f"{what}: got no values (shape {array.shape}); at least one is needed.")
    if length not in (None, UNKNOWN) and array.shape[-1:] != (length,):
        raise InvalidInput(
            f"{what}: got values of shape {array.shape} for {length} numbers a point; the last axis must have {length} "
            f"entries: ({length},) is the same for all points, (n, {length}) are n of them."
        )
    return Values(label, names, array, length)


def read_numbers(given: Any, what: str) -> Array:
    """A copy as float64. ``InvalidInput`` for what is no finite number, and for rows of unequal lengths."""
    if isinstance(given, range):
        _check_length(given, what)
    check_unmasked(given, what)
    if hasattr(given, "__array__"):
        given = np.asarray(given)
    elif isinstance(given, (list, tuple, range)) and _plain(given):
        given = _at_once(given)
    return np.array(read_box(given, what).nested, dtype=np.float64)


def _check_length(given: range, what: str) -> None:
    """Before it is spread out in memory; ``len`` knows no more than 64 bits."""
    if given[MOST_POINTS:]:
        raise InvalidInput(f"{what}: got {given!r}; a sweep has at most {MOST_POINTS:,} points.")


def _at_once(given: Any) -> Any:
    """As an array, which is faster by far; as it is where NumPy would make something else of it."""
    try:
        return np.array(given, dtype=np.float64)
    except (ValueError, OverflowError):  # rows of unequal lengths, integers beyond floats
        return given


def _plain(given: Any) -> bool:
    if isinstance(given, range):
        return True
    kinds = set(map(type, given))
    if all(issubclass(kind, (int, float, np.integer, np.floating)) and kind is not bool for kind in kinds):
        return True
    return kinds <= {list, tuple} and all(map(_plain, given))
