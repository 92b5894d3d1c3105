"""Points that are listed one by one, as columns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from qrt_async.errors import InvalidInput
from qrt_async.programs.values import listed
from qrt_async.sweep.axes import UNKNOWN, Lengths, Values, check_once, name_of, read_numbers, read_values
from qrt_async.sweep.grid import Array, Block, Grid, Product


def read_points(parameters: Any, points: Any, lengths: Lengths) -> Grid:
    """``parameters`` are the names, or a mapping of what is fixed and what is allowed, or ``None``."""
    points = _checked(points)
    mapping = parameters if isinstance(parameters, Mapping) else {}
    values = [each.resolved(each.array.ndim == 2) for each in read_values(mapping, lengths)]
    fixed = {name: column for each in values if not each.shape for name, column in each.block().items()}
    names = _names(parameters, points, fixed)
    columns = {name: _column(name, rows, lengths) for name, rows in _columns(points, names).items()}
    for each in values:
        if each.shape:
            _check_allowed(each, columns)
    every = [*fixed, *names] if not mapping else [name for each in values for name in each.names]
    return Grid(every, [Product(tuple(block for block in (fixed, columns) if block))], (len(points),))


def _checked(points: Any) -> Sequence[Any]:
    if hasattr(points, "__array__"):
        points = np.asarray(points)
        points = list(points) if points.ndim == 2 else points
    if not isinstance(points, (list, tuple)):
        raise InvalidInput(
            f"combine is {points!r:.60}; allowed are 'product', 'zip', and a list of points, each a mapping such as "
            "{'theta': 0.1} or a tuple of values in the order of the names in parameters."
        )
    if not points:
        raise InvalidInput("combine is an empty list of points; at least one is needed.")
    return points


def _names(parameters: Any, points: Sequence[Any], fixed: Block) -> list[str]:
    """Of what the points have values for."""
    if parameters is None and not isinstance(points[0], Mapping):
        raise InvalidInput(
            "Got points as tuples, and no parameters; name these in their order, such as ['theta', 'phi']."
        )
    given = points[0] if parameters is None else parameters
    if not isinstance(given, (Mapping, list, tuple)):
        raise InvalidInput(
            f"Got parameters of type {type(given).__name__} beside a list of points; allowed are a list of names, a "
            "mapping of what is fixed and of what is allowed, and None."
        )
    keys = [part for key in given for part in (key if isinstance(key, tuple) else (key,))]
    names = [name_of(key)[0] for key in keys]
    check_once(names, "")
    if not (moving := [name for name in names if name not in fixed]):
        raise InvalidInput("Got a list of points and no parameter that changes; give its name in parameters.")
    return moving


def _columns(points: Sequence[Any], names: list[str]) -> dict[str, list[Any]]:
    rows = [_row(point, names, at) for at, point in enumerate(points)]
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _row(point: Any, names: list[str], at: int) -> Iterable[Any]:
    if isinstance(point, Mapping):
        named = {key if isinstance(key, str) else name_of(key)[0]: value for key, value in point.items()}
        if named.keys() != set(names) or len(named) != len(point):
            missing, unknown = [n for n in names if n not in named], [n for n in named if n not in names]
            raise InvalidInput(
                f"combine[{at}]: got values for {listed(named)}; every point has exactly {listed(names)}"
                + (
                    f", {listed(missing)} is missing."
                    if missing
                    else f", {listed(unknown)} is none of these."
                )
            )
        return [named[name] for name in names]
    if not isinstance(point, (list, tuple, np.ndarray)) or len(point) != len(names):
        raise InvalidInput(
            f"combine[{at}]: got {point!r:.60}; a point is a mapping, or {len(names)} values in the order "
            f"{listed(names)}."
        )
    return point


def _column(name: str, rows: list[Any], lengths: Lengths) -> Array:
    try:
        column = read_numbers(rows, f"combine, parameter {name!r}")
    except InvalidInput:
        _point_at_fault(name, rows)
        raise
    length = lengths(name)
    allowed = (1, 2) if length == UNKNOWN else (1,) if length is None else (2,)
    if column.ndim not in allowed or (length not in (None, UNKNOWN) and column.shape[1] != length):
        needed = "a number" if length in (None, UNKNOWN) else f"a vector of {length} numbers"
        raise InvalidInput(
            f"combine, parameter {name!r}: got values of shape {column.shape[1:]} a point; needed is {needed}."
        )
    column.setflags(write=False)
    return column


def _point_at_fault(name: str, rows: list[Any]) -> None:
    shape = None
    for at, value in enumerate(rows):
        found = read_numbers(value, f"combine[{at}], parameter {name!r}").shape
        shape = found if shape is None else shape
        if found != shape:
            raise InvalidInput(
                f"combine[{at}], parameter {name!r}: got a value of shape {found}; the points before have {shape}."
            )


def _check_allowed(values: Values, columns: Block) -> None:
    """What a mapping lists as an axis is all that a point may have."""
    found = np.column_stack([columns[name].reshape(len(columns[name]), -1) for name in values.names])
    allowed = {tuple(row) for row in values.array.reshape(-1, found.shape[1]).tolist()}
    for at, row in enumerate(found.tolist()):
        if tuple(row) not in allowed:
            said = row[0] if len(row) == 1 else tuple(row)
            raise InvalidInput(
                f"combine[{at}]: got {said!r} for {values.label!r}, which is none of its {len(allowed)} values in "
                "parameters; add it there, or give only the name."
            )
