"""What a run found so far, as arrays along the axes of its sweep: NaN where there is no result."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qrt_async.errors import InvalidInput
from qrt_async.programs.bits import BitArray
from qrt_async.sweep.points import SweepPoint
from qrt_async.sweep.sweep import Sweep
from qrt_async.sweep.tables import parameter_columns

if TYPE_CHECKING:
    import xarray as xr

Array: TypeAlias = NDArray[Any]
Along: TypeAlias = tuple[tuple[str, ...], Array]
"""An array, and the names of its axes."""

MOST_BITS = 10
"""Of a register whose outcomes become an axis."""
MOST_NUMBERS = 2**27
"""Of all the counts of a dataset: a gibibyte."""


def to_xarray(sweep: Sweep, points: Iterable[SweepPoint], *, transformed: bool) -> xr.Dataset:
    """See ``SweepRun.to_xarray``."""
    import xarray as xr

    arrays = _Arrays(sweep, transformed=transformed)
    for point in points:
        arrays.take(point)
    dims = point_dims(sweep)
    coordinates = _coordinates(sweep) | arrays.coordinates()
    variables = {name: ((*dims, *rest), values) for name, (rest, values) in arrays.variables().items()}
    return xr.Dataset(variables, coordinates)


def point_dims(sweep: Sweep) -> tuple[str, ...]:
    """The names of the axes that the points of a sweep lie along."""
    circuit = ("circuit",) if len(sweep.circuits) > 1 else ()
    grid = sweep.grid
    if grid.axes is not None:
        names = parameter_columns([*grid.names, *(name for name in grid.axes if name not in grid.names)])
        return (*circuit, *(names[name] for name in grid.axes))
    return (*circuit, *numbered("point", len(grid.shape)))


def numbered(name: str, count: int) -> tuple[str, ...]:
    """One axis has the name itself, several have numbers."""
    return (name,) if count == 1 else tuple(f"{name}_{at}" for at in range(count))


def shaped(sweep: Sweep, values: Array) -> Array:
    """From one axis over all points to the axes of the sweep."""
    circuits = (len(sweep.circuits),) if len(sweep.circuits) > 1 else ()
    return values.reshape(*circuits, *sweep.grid.shape, *values.shape[1:])


def observable_names(sweep: Sweep) -> list[str]:
    """The observables as texts, in C order."""
    terms = () if sweep.observables is None else sweep.observables.flat
    return [_written(each) for each in terms]


def _written(terms: Mapping[str, float]) -> str:
    parts = [label if factor == 1.0 else f"{factor:g}*{label}" for label, factor in terms.items()]
    return " + ".join(parts).replace("+ -", "- ")


def parameter_values(sweep: Sweep) -> dict[str, Along]:
    """Each parameter, or element of a vector, along the axes that it changes with."""
    grid = sweep.grid
    dims = point_dims(sweep)[len(point_dims(sweep)) - len(grid.shape) :]
    if grid.axes is None:
        columns = grid.columns(0, grid.size)
        return _parameters(sweep, {name: (dims, values, grid.shape) for name, values in columns.items()})
    fixed: dict[str, tuple[tuple[str, ...], Array, tuple[int, ...]]] = {
        name: ((), values, ()) for name, values in grid.columns(0, 1).items()
    }
    for dim, (label, values) in zip(dims, grid.axes.items(), strict=True):
        names = [label] if label in grid.widths else label.split(",")
        parts = [values] if len(names) == 1 else list(values.T)  # several: a tuple of names was given
        fixed |= {name: ((dim,), part, part.shape[:1]) for name, part in zip(names, parts, strict=True)}
    return _parameters(sweep, fixed)


def _parameters(
    sweep: Sweep, given: Mapping[str, tuple[tuple[str, ...], Array, tuple[int, ...]]]
) -> dict[str, Along]:
    """``given`` are axes, values one after the other, and the shape that these take."""
    found: dict[str, Along] = {}
    for name, column in parameter_columns(sweep.grid.names).items():
        dims, values, shape = given[name]
        if sweep.grid.widths[name] is None:
            found[column] = dims, values.reshape(shape)
        else:
            elements = enumerate(values.T)
            found |= {f"{column}[{at}]": (dims, element.reshape(shape)) for at, element in elements}
    return found


def _coordinates(sweep: Sweep) -> dict[str, Along]:
    found = parameter_values(sweep)
    if len(sweep.circuits) > 1:
        found["circuit"] = ("circuit",), np.array([name for name, _ in sweep.circuits])
    if len(sweep.observables_shape) == 1:
        found["observable"] = ("observable",), np.array(observable_names(sweep))
    return found


class _Arrays:
    """Filled point by point."""

    def __init__(self, sweep: Sweep, *, transformed: bool) -> None:
        self._sweep = sweep
        self._values: list[Any] | None = [None] * sweep.size if transformed else None
        self._estimates = (
            {name: _empty(sweep.size, *sweep.observables_shape) for name in ("evs", "stds")}
            if sweep.observables is not None
            else {}
        )
        self._shots = _empty(sweep.size)
        self._counts: dict[str, Array] = {}
        self._registers: dict[str, set[str]] = {}

    def take(self, point: SweepPoint) -> None:
        if self._values is not None and point.error is None:
            self._values[point.index] = point.value
        if point.result is None:
            return
        for name, values in self._estimates.items():
            values[point.index] = point.result.data[name]
        if not self._estimates:
            for name, bits in point.result.data.items():
                self._count(point, name, bits)

    def _count(self, point: SweepPoint, name: str, bits: Any) -> None:
        if not isinstance(bits, BitArray):
            raise InvalidInput(
                f"Register {name!r} holds {type(bits).__name__}, not bits, and has no axis of bitstrings: read it with"
                " to_dicts()."
            )
        table = self._table(name, bits.num_bits)
        counts = bits.get_int_counts()
        table[point.index] = 0.0
        table[point.index, list(counts)] = list(counts.values())
        self._shots[point.index] = bits.num_shots
        self._registers.setdefault(point.circuit, set()).add(name)

    def _table(self, name: str, num_bits: int) -> Array:
        if num_bits > MOST_BITS or self._sweep.size << num_bits > MOST_NUMBERS:
            raise InvalidInput(
                f"Register {name!r} has {num_bits} bits, so that {self._sweep.size:,} points would have"
                f" {self._sweep.size << num_bits:,} counts; to_xarray() makes an axis of at most {MOST_BITS} bits and"
                f" {MOST_NUMBERS:,} counts. to_dicts() and to_pandas() keep what was measured, and transform= makes a"
                " number of each result."
            )
        if name not in self._counts:
            self._counts[name] = _empty(self._sweep.size, 2**num_bits)
        if self._counts[name].shape[1] != 2**num_bits:
            raise InvalidInput(
                f"Register {name!r} has {num_bits} bits in one circuit and another number in another, and no common"
                " axis of bitstrings: read it with to_dicts() or to_pandas()."
            )
        return self._counts[name]

    # --- what became of it -------------------------------------------------------------------------------

    def coordinates(self) -> dict[str, Along]:
        """Bitstrings, for each register that was seen."""
        found: dict[str, Along] = {}
        for name, table in self._tables().items():
            dim = name.replace("counts", "bitstring", 1)
            width = table.shape[1].bit_length() - 1
            found[dim] = (dim,), np.array([f"{outcome:0{width}b}" for outcome in range(table.shape[1])])
        return found

    def variables(self) -> dict[str, Along]:
        """Each with the axes that it has beside those of the points."""
        sweep = self._sweep
        observables = numbered("observable", len(sweep.observables_shape))
        found: dict[str, Along] = {
            name: (observables, shaped(sweep, values)) for name, values in self._estimates.items()
        }
        for name, table in self._tables().items():
            found[name] = (name.replace("counts", "bitstring", 1),), shaped(sweep, table)
        if sweep.observables is None:
            found["shots"] = (), shaped(sweep, self._shots)
        if self._values is not None:
            values = numbers(self._values)
            found["value"] = numbered("value_axis", values.ndim - 1), shaped(sweep, values)
        return found

    def _tables(self) -> dict[str, Array]:
        """One register is ``counts``, also where it has another name in each circuit."""
        if any(len(names) > 1 for names in self._registers.values()):
            return {f"counts_{name}": table for name, table in self._counts.items()}
        tables = list(self._counts.values())
        if len({table.shape for table in tables}) > 1:
            return {f"counts_{name}": table for name, table in self._counts.items()}
        return {"counts": np.fmax.reduce(tables)} if tables else {}


def numbers(values: Sequence[Any]) -> Array:
    """What ``transform`` made, as one array where it made numbers, or arrays of one shape; else as objects."""
    known = [value for value in values if value is not None]
    try:
        first = np.asarray(known)
    except ValueError:  # of unequal shapes
        first = np.empty(0, dtype=object)
    if first.dtype.kind not in "biufc":
        objects = np.full(len(values), math.nan, dtype=object)
        for at, value in enumerate(values):
            objects[at] = math.nan if value is None else value
        return objects
    kind = np.complex128 if first.dtype.kind == "c" else np.float64
    found = np.full((len(values), *first.shape[1:]), math.nan, dtype=kind)
    found[[at for at, value in enumerate(values) if value is not None]] = first
    return found


def _empty(*shape: int) -> Array:
    return np.full(shape, math.nan)
