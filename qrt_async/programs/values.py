"""Parameter values: numbers in boxes, given a name, and stretched to one shape.

Plain Python on purpose: building a program imports NumPy only where arrays are given, and then it is there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from qrt_async.api import pieces
from qrt_async.errors import InvalidInput

Shape = tuple[int, ...]

_DIGITS = 20
"""Characters of a number as JSON."""


class Box(Struct, frozen=True):
    """Numbers of one shape: a NumPy array where one was given, else nested lists."""

    shape: Shape
    nested: Any

    def stretched(self, shape: Shape) -> Any:
        """The numbers broadcast to ``shape``, which must be possible. Rows that repeat are shared."""
        if _is_array(self.nested):
            import numpy as np  # whoever gave an array has imported it

            return np.broadcast_to(self.nested, shape)
        return _stretch(self.nested, self.shape, shape)

    def columns(self) -> list[Box]:
        """Along the last axis, one box each."""
        places = range(self.shape[-1])
        if _is_array(self.nested):
            return [Box(self.shape[:-1], self.nested[..., at]) for at in places]
        return [Box(self.shape[:-1], _pick(self.nested, len(self.shape) - 1, at)) for at in places]


class Parameters(Struct, frozen=True):
    """Values for every parameter of a circuit, broadcasting to one shape. ``boxes`` is empty where there are none."""

    shape: Shape
    boxes: dict[str, Box]

    @property
    def bulk(self) -> float:
        """About how many characters they are on the wire."""
        return len(self.boxes) * math.prod(self.shape) * _DIGITS

    def by_name(self) -> dict[str, Any] | None:
        """As OpenQASM programs get them. The service takes a last axis of one for the parameter itself, as
        Qiskit does, so a shape that ends in one gets one more."""
        deeper = len(self.shape) if self.shape[-1:] == (1,) else None
        count = math.prod(self.shape)
        stretched = {name: _deeper(box.stretched(self.shape), deeper) for name, box in self.boxes.items()}
        return {name: pieces.numbers(nested, count) for name, nested in stretched.items()} or None

    def table(self, names: Sequence[str]) -> Any:
        """A NumPy array of float64 in C order, its last axis over ``names``."""
        import numpy as np

        table = np.empty((*self.shape, len(names)))
        for column, name in enumerate(names):
            table[..., column] = self.boxes[name].stretched(self.shape)
        return table


def read_box(given: Any, what: str) -> Box:
    """From a real number, nested lists or an array. ``InvalidInput`` for anything else, NaN and infinities."""
    if _is_array(given):
        return _from_array(given, what)
    if isinstance(given, (list, tuple, range)):
        return _from_rows([read_box(entry, what) for entry in given], what)
    return Box((), _number(given, what))


def broadcast(shapes: Iterable[Shape], what: str) -> Shape:
    """The shape that NumPy's rules give to all of them together."""
    shapes = list(shapes)
    out: list[int] = [1] * max((len(shape) for shape in shapes), default=0)
    for shape in shapes:
        for axis, size in enumerate(reversed(shape), start=1):
            if out[-axis] != 1 and size not in (1, out[-axis]):
                raise InvalidInput(
                    f"{what} of shapes {', '.join(map(str, shapes))} do not broadcast to one shape."
                )
            out[-axis] = size if out[-axis] == 1 else out[-axis]
    return tuple(out)


def named(given: Mapping[Any, Any], names: Sequence[str] | None, what: str) -> Parameters:
    """Values under single names. Keys may be names, Qiskit parameters and vectors, and tuples of names,
    whose values then have one more axis. Against ``names``, where known, none may be missing or unknown."""
    boxes: dict[str, Box] = {}
    for key, value in given.items():
        group = _group(key, names)
        box = read_box(value, f"{what}, parameter {_label(key)}")
        _check_once(boxes, (group,) if isinstance(group, str) else group, what)
        if isinstance(group, str):
            # As in Qiskit, a last axis of length one stands for the one parameter.
            boxes[group] = box.columns()[0] if box.shape[-1:] == (1,) else box
        elif not box.shape or box.shape[-1] != len(group):
            raise InvalidInput(
                f"{what}: got values of shape {box.shape} for the {len(group)} parameters {_label(key)}; "
                f"the last axis must have {len(group)} entries."
            )
        else:
            boxes.update(zip(group, box.columns(), strict=True))
    _match(boxes, names, what)
    return Parameters(broadcast([box.shape for box in boxes.values()], f"{what}: values"), boxes)


def positional(given: Any, names: Sequence[str], what: str) -> Parameters:
    """Values whose last axis runs over ``names``. For a single parameter that axis may be left out."""
    box = read_box(given, what)
    if len(names) == 1 and (not box.shape or box.shape[-1] != 1):
        return Parameters(box.shape, {names[0]: box})
    if not box.shape or box.shape[-1] != len(names):
        raise InvalidInput(
            f"{what}: got values of shape {box.shape} for a circuit of {len(names)} parameters; "
            f"the last axis must have {len(names)} entries, in the order {listed(names)}."
        )
    return Parameters(box.shape[:-1], dict(zip(names, box.columns(), strict=True)))


def _deeper(numbers: Any, depth: int | None) -> Any:
    if depth is None:
        return numbers
    return numbers[..., None] if _is_array(numbers) else _deepened(numbers, depth)


def _is_array(given: Any) -> bool:
    return hasattr(given, "tolist") and hasattr(given, "shape")


def _deepened(nested: Any, depth: int) -> Any:
    return [nested] if depth == 0 else [_deepened(row, depth - 1) for row in nested]


def _group(key: Any, names: Sequence[str] | None) -> str | tuple[str, ...]:
    if isinstance(key, tuple):
        return tuple(_spelled(_name(part), names) for part in key)
    if hasattr(key, "params") and hasattr(key, "name"):  # a Qiskit ParameterVector
        return tuple(_spelled(part.name, names) for part in key.params)
    name = _spelled(_name(key), names)
    if names is not None and name not in names:
        return elements(name, names) or name
    return name


def _spelled(name: str, names: Sequence[str] | None) -> str:
    """As ``qiskit.qasm3`` spells a name that OpenQASM does not allow, where a text has that: ``_theta_0_``."""
    if names is None or name in names:
        return name
    escaped = "_" + re.sub(r"\W", "_", name)
    return escaped if escaped in names else name


def elements(vector: str, names: Sequence[str]) -> tuple[str, ...]:
    """The parameters ``theta[0]``, ``theta[1]``, … of a vector, in their order; in a text ``_theta_0_``, …"""
    escaped = re.sub(r"\W", "_", vector)
    element = re.compile(rf"{re.escape(vector)}\[(\d+)\]|_{re.escape(escaped)}_(\d+)_")
    found = {name: match for name in names if (match := element.fullmatch(name))}
    return tuple(sorted(found, key=lambda name: int(found[name][1] or found[name][2])))


def _name(key: Any) -> str:
    name = key if isinstance(key, str) else getattr(key, "name", None)
    if not isinstance(name, str):
        raise InvalidInput(
            f"Got the parameter {key!r}; allowed are names, Qiskit parameters, and tuples of these."
        )
    return name


def _check_once(boxes: dict[str, Box], group: tuple[str, ...], what: str) -> None:
    """A vector may be given beside one of its elements."""
    twice = [name for at, name in enumerate(group) if name in boxes or name in group[:at]]
    if twice:
        raise InvalidInput(f"{what}: got values for {listed(twice)} twice; give each parameter once.")


def _match(boxes: dict[str, Box], names: Sequence[str] | None, what: str) -> None:
    if names is None:
        return
    missing = [name for name in names if name not in boxes]
    unknown = [name for name in boxes if name not in names]
    if missing or unknown:
        said = [f"no value for {listed(missing)}"] if missing else []
        said += [f"values for {listed(unknown)}, which it does not have"] if unknown else []
        raise InvalidInput(f"{what}: got {' and '.join(said)}; the circuit's parameters are {listed(names)}.")


def check_unmasked(given: Any, what: str) -> None:
    """``InvalidInput`` for an array of which entries are masked: a number under each is still there."""
    if hasattr(given, "mask"):
        import numpy as np  # whoever holds an array has imported it

        if np.ma.is_masked(given):
            raise InvalidInput(
                f"{what}: got an array with masked entries; allowed are finite numbers, such as .compressed()."
            )


def _from_array(array: Any, what: str) -> Box:
    check_unmasked(array, what)
    if getattr(array, "dtype", None) is not None and array.dtype.kind in "iuf":
        import numpy as np  # whoever holds an array has imported it

        if not np.isfinite(array).all():
            raise InvalidInput(f"{what}: got NaN or infinity; allowed are finite numbers.")
        if not array.shape:
            return Box((), float(array))
        return Box(tuple(array.shape), np.array(array, dtype=float))
    shape = tuple(array.shape)
    if not shape or math.prod(shape) == 0:
        return Box(shape, array.tolist() if shape else _number(array.tolist(), what))
    return read_box(array.tolist(), what)


def _from_rows(rows: list[Box], what: str) -> Box:
    shapes = {row.shape for row in rows}
    if len(shapes) > 1:
        raise InvalidInput(f"{what}: got rows of unequal shapes {sorted(shapes)}; all must be alike.")
    return Box((len(rows), *(shapes.pop() if rows else ())), [row.nested for row in rows])


def _number(given: Any, what: str) -> float:
    try:
        number = float(given) if not isinstance(given, (str, bytes, bool)) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"{what}: got {given!r}; allowed are finite numbers, lists and arrays of them.")
    return number


def _stretch(nested: Any, shape: Shape, to: Shape) -> Any:
    if shape == to:
        return nested
    if len(shape) < len(to):
        return [_stretch(nested, shape, to[1:])] * to[0]
    if shape[0] == to[0]:
        return [_stretch(row, shape[1:], to[1:]) for row in nested]
    return [_stretch(nested[0], shape[1:], to[1:])] * to[0]


def _pick(nested: Any, depth: int, at: int) -> Any:
    return nested[at] if depth == 0 else [_pick(row, depth - 1, at) for row in nested]


def _label(key: Any) -> str:
    return repr(key) if isinstance(key, (str, tuple)) else repr(getattr(key, "name", key))


def listed(names: Iterable[str]) -> str:
    """For a message: the first dozen."""
    names = list(names)
    shown = ", ".join(repr(name) for name in names[:12])
    return (shown or "none") + (f" and {len(names) - 12} more" if len(names) > 12 else "")
