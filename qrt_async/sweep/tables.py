"""What a run found so far, as dictionaries and as a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from qrt_async.programs.bits import BitArray
from qrt_async.sweep.points import SweepPoint
from qrt_async.sweep.sweep import Sweep

if TYPE_CHECKING:
    import pandas as pd

Row: TypeAlias = dict[str, Any]

_OURS = {
    *("index", "name", "circuit", "counts", "data", "shots", "evs", "stds", "value", "error", "job_id"),
    *("point", "observable", "bitstring"),
}
_OUR_BEGINNINGS = ("counts_", "data_", "evs[", "stds[", "point_", "observable_", "bitstring_", "value_")


def parameter_columns(names: Sequence[str]) -> dict[str, str]:
    """Of each parameter the name that it has in tables: its own, or where that is one of ours, whether this sweep has
    such a column or not, with ``parameter_`` before it."""
    found: dict[str, str] = {}
    for name in names:
        column = name
        while column in _OURS or column.startswith(_OUR_BEGINNINGS) or (column != name and column in names):
            column = f"parameter_{column}"
        found[name] = column
    return found


def to_dicts(sweep: Sweep, points: Iterable[SweepPoint], *, transformed: bool) -> list[Row]:
    """One a point, each with the same keys. See ``SweepRun.to_dicts``."""
    heads: list[Row] = []
    expectations: list[Row] = []
    readings: list[dict[tuple[str, str], Any]] = []
    tails: list[Row] = []
    columns = parameter_columns(sweep.grid.names)
    for point in points:
        heads.append(_head(sweep, point, columns))
        if sweep.observables is None:
            readings.append(_readings(point))
        else:
            expectations.append(_expectations(sweep, point))
        tails.append(_tail(point, transformed=transformed))
    measured = expectations or _alike(readings)
    return [head | middle | tail for head, middle, tail in zip(heads, measured, tails, strict=True)]


def to_pandas(sweep: Sweep, points: Iterable[SweepPoint], *, transformed: bool) -> pd.DataFrame:
    """One row a point. See ``SweepRun.to_pandas``."""
    import pandas as pd

    columns = parameter_columns(sweep.grid.names)
    wide = {columns[name] for name, width in sweep.grid.widths.items() if width is not None}
    wide |= {"evs", "stds"} if sweep.observables_shape else set()
    rows = [dict(_flat(row, wide)) for row in to_dicts(sweep, points, transformed=transformed)]
    return pd.DataFrame(rows).set_index("index")


def _head(sweep: Sweep, point: SweepPoint, columns: dict[str, str]) -> Row:
    head: Row = {"index": point.index, "name": point.name}
    if len(sweep.circuits) > 1:
        head["circuit"] = point.circuit
    return head | {columns[name]: np.asarray(value).tolist() for name, value in point.parameters.items()}


def _tail(point: SweepPoint, *, transformed: bool) -> Row:
    tail: Row = {}
    if transformed:
        tail["value"] = math.nan if point.value is None or point.error is not None else point.value
    error = None if point.error is None else str(point.error) or type(point.error).__name__
    return tail | {"error": error, "job_id": point.job_id}


def _expectations(sweep: Sweep, point: SweepPoint) -> Row:
    if point.result is None:
        missing: Any = np.full(sweep.observables_shape, math.nan).tolist()
        return {"evs": missing, "stds": missing}
    data = point.result.data
    return {name: np.asarray(data[name]).tolist() for name in ("evs", "stds")}


def _readings(point: SweepPoint) -> dict[tuple[str, str], Any]:
    """Of each register how often each bitstring was measured, or what it holds where that is no bits."""
    found: dict[tuple[str, str], Any] = {}
    for name, value in () if point.result is None else point.result.data.items():
        bits = isinstance(value, BitArray)
        found["counts" if bits else "data", name] = value.get_counts() if bits else value
    return found


def _alike(found: Sequence[dict[tuple[str, str], Any]]) -> list[Row]:
    """With the same keys in all: ``counts`` where no circuit has several registers, else one for each name."""
    single = all(len(readings) <= 1 for readings in found)
    names = {key: key[0] if single else "_".join(key) for readings in found for key in readings}
    empty: Row = dict.fromkeys(names.values() or ["counts"])
    return [empty | {names[key]: value for key, value in readings.items()} for readings in found]


def _flat(row: Row, wide: set[str]) -> Iterator[tuple[str, Any]]:
    """Vectors as a column for each element: ``theta[0]``, and ``evs[0,1]`` of observables in two axes."""
    for name, value in row.items():
        if name not in wide:
            yield name, value
            continue
        for place, element in np.ndenumerate(np.asarray(value)):
            yield f"{name}[{','.join(map(str, place))}]", float(element)
