"""The service's typed JSON, ``{"__type__": …, "__value__": …}``: a tree of data, and objects out of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, TypeAlias

import msgspec
import numpy as np
from msgspec import MsgspecError

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import Steps, finish, npy_in_pieces, typed_array

Revive: TypeAlias = Callable[[Any], Any]
Reader: TypeAlias = Callable[[Any, Revive], Any]
"""Makes an object of a ``__value__``; its second argument revives what is nested inside."""

# The service once typed these words as arrays (official client, json.py).
_EXTRAPOLATORS = {"linear", "exponential", "double_exponential", "fallback"} | {
    f"polynomial_degree_{degree}" for degree in range(1, 8)
}


_NODES = 1 << 10
"""Dictionaries and lists that are looked through in one step."""


def parse(body: bytes) -> Any:
    """JSON as data. Bare ``NaN`` and ``Infinity`` are accepted: they occur in real results (api.md 2.7)."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(str(body, "utf-8"))


@contextmanager
def reading(what: str) -> Generator[None, None, None]:
    """Whatever goes wrong with a result inside is a ``ResultError``."""
    try:
        yield
    except ResultError:
        raise
    except RecursionError:
        raise ResultError(f"{what} cannot be read: it is nested too deeply.") from None
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        TypeError,
        ValueError,
        MsgspecError,
    ) as error:
        raise ResultError(f"{what} cannot be read: {type(error).__name__}: {str(error)[:200]}") from error


class Tree:
    """Revives data with a table of readers. Types that are not in the table stay as they are, as data."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self._readers = readers

    def revive(self, node: Any) -> Any:
        if type(node) is list:  # what was revived already may be a list of another type
            return [self.revive(entry) for entry in node]
        if type(node) is not dict:
            return node
        kind = node.get("__type__")
        reader = self._readers.get(kind) if isinstance(kind, str) else None
        if reader is None or "__value__" not in node:
            return {name: self.revive(entry) for name, entry in node.items()}
        with reading(f"A {kind}"):
            return reader(node["__value__"] if kind not in _WHOLE else node, self.revive)


_WHOLE = {"settings", "_json"}  # these say more beside their value


def unpack(node: Any, steps: Iterator[int] | None = None) -> Steps[Any]:
    """The same tree with every array in it read, a piece at a time, and not too many nodes at once."""
    steps = steps or count(1)
    if next(steps) % _NODES == 0:
        yield 0
    if isinstance(node, list):
        for at, entry in enumerate(node, start=1):
            if isinstance(entry, (dict, list)):
                node[at - 1] = yield from unpack(entry, steps)
            elif at % (8 * _NODES) == 0:
                yield 0
    elif isinstance(node, dict):
        value = node.get("__value__")
        if node.get("__type__") == "ndarray" and isinstance(value, str) and value not in _EXTRAPOLATORS:
            return {"__type__": "ndarray", "__value__": (yield from npy_in_pieces(value))}
        for name, entry in node.items():
            if isinstance(entry, (dict, list)):
                node[name] = yield from unpack(entry, steps)
    return node


def ndarray(value: Any, revive: Revive) -> Any:
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, str):
        return value if value in _EXTRAPOLATORS else finish(npy_in_pieces(value))
    return plain_array(revive(value))


def plain_array(value: Any) -> Any:
    """Numbers in lists as an array; what makes no array of numbers stays as it is."""
    if not isinstance(value, (list, int, float, complex, np.ndarray)):
        return value
    try:
        array = np.array(value)
    except (ValueError, OverflowError):  # rows of unequal length, or more dimensions than there are
        return value
    return array if array.dtype.kind in "biufc" else value


def moment(value: Any, revive: Revive) -> datetime:
    """A time; without a zone it is UTC (api.md 5.5)."""
    time = datetime.fromisoformat(value)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _complex(value: Any, revive: Revive) -> complex:
    real, imaginary = value
    return complex(real, imaginary)


def _set(value: Any, revive: Revive) -> Any:
    entries = list(revive(value))
    try:
        return set(entries)
    except TypeError:  # of what cannot be hashed
        return entries


def _float(value: Any, revive: Revive) -> float:
    return float(value)


def _inner(value: Any, revive: Revive) -> Any:
    return revive(value)


VALUES: Mapping[str, Reader] = {
    "ndarray": ndarray,
    "datetime": moment,
    "complex": _complex,
    "float": _float,  # of ours: see outlines
    "set": _set,
    "to_json": _inner,
}
"""What needs no class of ours."""

revive_values = Tree(VALUES).revive


def encode(value: Any) -> Any:
    """An object of NumPy's, Qiskit's or ours as typed JSON. ``TypeError`` for others."""
    if hasattr(value, "to_typed"):
        return value.to_typed()
    if isinstance(value, np.ndarray):
        return typed_array(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, complex):
        return {"__type__": "complex", "__value__": [value.real, value.imag]}
    if isinstance(value, date):
        return {"__type__": "datetime", "__value__": value.isoformat()}
    if type(value).__module__.partition(".")[0] in ("qiskit", "qiskit_aer"):
        from qrt_async.programs import qiskit  # imports Qiskit

        return qiskit.typed(value)
    raise TypeError(f"objects of type {type(value).__name__} have no encoding")
