"""The forms in which users give the points of a sweep. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import numpy as np

from qrt_async.errors import InvalidInput
from qrt_async.programs.values import listed
from qrt_async.sweep.axes import UNKNOWN, Lengths, Values, read_values, unknown
from qrt_async.sweep.explicit import read_points
from qrt_async.sweep.grid import Block, Grid, Product

DEEPEST = 50
"""Of lists in lists."""


def read_grid(parameters: Any, combine: Any = "product", lengths: Lengths = unknown) -> Grid:
    """``InvalidInput`` says what was given, what is allowed and what to do."""
    if isinstance(combine, str) and combine not in ("product", "zip"):
        raise InvalidInput(
            f"combine is {combine!r}; allowed are 'product', 'zip', and a list of points such as "
            "[{'theta': 0.1}, {'theta': 0.3}]."
        )
    if not isinstance(combine, str):
        return read_points(parameters, combine, lengths)
    if parameters is None or isinstance(parameters, Mapping):
        return _combined(parameters or {}, combine, lengths)
    if isinstance(parameters, (list, tuple)):
        return _concatenated(parameters, combine, lengths)
    raise InvalidInput(
        f"Got parameters of type {type(parameters).__name__}; allowed are a mapping such as "
        "{'theta': [0.1, 0.2], 'phi': 0.3}, lists of such mappings, and None. A data frame is one by "
        "frame.to_dict('list'), with combine='zip'."
    )


def _combined(given: Mapping[Any, Any], combine: str, lengths: Lengths, where: str = "") -> Grid:
    values = read_values(given, lengths, where)
    combined = _product if combine == "product" else _zip
    return combined(values, where)


def _product(values: list[Values], where: str) -> Grid:
    known = [each.resolved(each.array.ndim == 2) for each in values]
    for each in known:
        if len(each.shape) > 1:
            raise InvalidInput(
                f"{where}parameter {each.label!r}: got values of shape {each.array.shape}; a product is spanned by "
                "axes of numbers, shape (n,), or of vectors, shape (n, k) for a parameter vector. Arrays of one "
                "shape, as np.meshgrid makes them, go with combine='zip'."
            )
    axes = [each for each in known if each.shape]
    blocks = [_fixed(known), *(each.block() for each in axes)]
    return Grid(
        [name for each in known for name in each.names],
        [Product(tuple(block for block in blocks if block))],
        tuple(each.shape[0] for each in axes),
        {each.label: each.array for each in axes},
    )


def _zip(values: list[Values], where: str) -> Grid:
    shape = _common(values)
    known = [each.resolved(each.array.shape[:-1] == shape != ()) for each in values]
    if wrong := [each for each in known if each.shape not in ((), shape)]:
        given = ", ".join(f"{each.label}: {each.shape}" for each in known)
        raise InvalidInput(
            f"{where}Got values of shapes {given}; combine='zip' takes as many values of each parameter (here "
            f"{_said(shape)}, but {wrong[0].label!r} has {_said(wrong[0].shape)}), or one number for all points. "
            "combine='product' takes every combination."
        )
    moving = {name: column for each in known if each.shape for name, column in each.block().items()}
    blocks = tuple(block for block in (_fixed(known), moving) if block)
    return Grid([name for each in known for name in each.names], [Product(blocks)], shape)


def _common(values: list[Values]) -> tuple[int, ...]:
    """The shape of the points: of those whose form is known, else the one with the fewest axes."""
    known = [each.shape for each in values if each.length != UNKNOWN and each.shape]
    unsaid = [each.array.shape for each in values if each.length == UNKNOWN and each.array.ndim]
    return next(iter(known or sorted(unsaid, key=len)), ())


def _said(shape: tuple[int, ...]) -> str:
    return str(shape[0]) if len(shape) == 1 else str(shape)


def _fixed(values: list[Values]) -> Block:
    return {name: column for each in values if not each.shape for name, column in each.block().items()}


def _concatenated(given: list[Any] | tuple[Any, ...], combine: str, lengths: Lengths) -> Grid:
    parts: list[Product] = []
    first: Grid | None = None
    for grid, where in _grids(given, combine, lengths):
        first = first or grid
        _check_alike(first, grid, where)
        parts += grid.parts
    if first is None:
        raise InvalidInput("Got an empty list of parameters; at least one entry is needed, or None.")
    return Grid(first.names, parts, (sum(part.size for part in parts),))


def _grids(given: Any, combine: str, lengths: Lengths) -> Iterator[tuple[Grid, str]]:
    """Neighbours that are one point each become one grid, so that many of them are columns and no objects."""
    for (single, _), entries in groupby(_entries(given, ""), key=lambda entry: _kind(entry[0])):
        if single:
            points = list(entries)
            where = points[0][1]
            yield _column_wise([entry for entry, _ in points], lengths, where), where
        else:
            for entry, where in entries:
                yield _combined(entry, combine, lengths, where), where


def _entries(given: Any, path: str) -> Iterator[tuple[Mapping[Any, Any], str]]:
    for at, entry in enumerate(given):
        here = f"{path}[{at}]"
        if isinstance(entry, Mapping):
            yield entry, f"parameters{here}: "
        elif isinstance(entry, (list, tuple)) and here.count("[") < DEEPEST:
            yield from _entries(entry, here)
        else:
            raise InvalidInput(
                f"parameters{here}: got {entry!r:.60}; each entry is a mapping such as {{'theta': [0.1, 0.2]}}, or a "
                "list of these. Values by position go with combine=[(0.1, 0.2), ...], the names in parameters."
            )


def _kind(entry: Mapping[Any, Any]) -> tuple[bool, tuple[Any, ...]]:
    """Whether it is one point, and of what."""
    single = bool(entry) and all(type(value) in (int, float, np.float64) for value in entry.values())
    return single, tuple(entry) if single else ()


def _column_wise(entries: list[Mapping[Any, Any]], lengths: Lengths, where: str) -> Grid:
    if len(entries) == 1:
        return _combined(entries[0], "zip", lengths, where)
    return _combined({key: [entry[key] for entry in entries] for key in entries[0]}, "zip", lengths, where)


def _check_alike(first: Grid, grid: Grid, where: str) -> None:
    missing = [name for name in first.names if name not in grid.widths]
    unknown = [name for name in grid.names if name not in first.widths]
    if missing or unknown:
        said = [f"no values for {listed(missing)}"] if missing else []
        said += [f"values for {listed(unknown)}, which the entries before do not have"] if unknown else []
        raise InvalidInput(f"{where}got {' and '.join(said)}; all entries must name the same parameters.")
    for name, width in first.widths.items():
        if grid.widths[name] != width:
            raise InvalidInput(
                f"{where}parameter {name!r} has {_numbers(grid.widths[name])} a point; before it had {_numbers(width)}."
            )


def _numbers(width: int | None) -> str:
    return "a number" if width is None else f"a vector of {width}"
