"""A picture of what a run found so far: a line over one parameter, a map over two."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from qrt_async.errors import InvalidInput
from qrt_async.programs.bits import BitArray
from qrt_async.sweep.dataset import Along, numbers, observable_names, parameter_values, point_dims
from qrt_async.sweep.points import SweepPoint
from qrt_async.sweep.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Of: TypeAlias = str | int | tuple[str, str] | None
Numbers: TypeAlias = NDArray[np.float64]

_MOST_NAMES = 60
"""Letters of an observable on an axis; longer ones are numbered."""
_MOST_MARKS = 100
_NOTHING_HERE = "0.85"
"""The grey behind a map, to be seen where a point is missing."""


class Series(Struct, frozen=True):
    """One number a point, circuit by circuit: ``values`` and ``errors`` are of shape (circuits, points)."""

    name: str
    values: Numbers
    errors: Numbers


def plot(
    sweep: Sweep,
    points: Iterable[SweepPoint],
    *,
    of: Of,
    circuit: str | None,
    ax: Axes | None,
    transformed: bool,
) -> Axes:
    """See ``SweepRun.plot``."""
    chosen = _chosen(sweep, circuit)
    if sum(size > 1 for size in sweep.grid.shape) > 2:
        raise InvalidInput(
            f"The points lie along more than two axes, {sweep.grid.shape}: choose from to_xarray() or to_pandas()."
        )
    series = _series(sweep, points, of, transformed=transformed)
    sides, moving = _sides(sweep), _moving(sweep)
    if len(sides) == 2 or len(moving) == 2:
        shown = _only(sweep, series, chosen)
        drawing = _new_axes() if ax is None else ax
        _map(
            drawing,
            shown,
            shown.values[chosen[0]],
            sides,
            {name: values for name, (_, values) in moving.items()},
        )
        return drawing
    drawing = _new_axes() if ax is None else ax
    if sides or len(chosen) == 1:
        _lines(drawing, sweep, series, chosen, sides)
    else:
        _circuits(drawing, sweep, series, chosen)
    drawing.set_ylabel(series[0].name if len(series) == 1 else "expectation value")
    drawing.grid(visible=True, alpha=0.3)
    return drawing


def _new_axes() -> Axes:
    """Without pyplot, whose figures belong to the process, and to one thread of it."""
    from matplotlib.figure import Figure

    return Figure(figsize=(6.4, 4.8), layout="constrained").add_subplot()


def _chosen(sweep: Sweep, circuit: str | None) -> list[int]:
    names = [name for name, _ in sweep.circuits]
    if circuit is None:
        return list(range(len(names)))
    if circuit not in names:
        raise InvalidInput(f"There is no circuit {circuit!r}; there is {', '.join(map(repr, names))}.")
    return [names.index(circuit)]


def _moving(sweep: Sweep) -> dict[str, Along]:
    """The parameters whose value changes from point to point."""
    return {name: along for name, along in parameter_values(sweep).items() if np.ptp(along[1]) > 0.0}


def _sides(sweep: Sweep) -> list[tuple[str, Numbers]]:
    """What stands along each axis of several points: the one parameter that changes there and nowhere else, or the
    number of the point."""
    shape = sweep.grid.shape
    dims = point_dims(sweep)[len(point_dims(sweep)) - len(shape) :]
    moving = _moving(sweep)
    found: list[tuple[str, Numbers]] = []
    for dim, size in zip(dims, shape, strict=True):
        here = [name for name, along in moving.items() if _changes_with(along) == {dim}]
        if len(here) == 1:
            own, values = moving[here[0]]
            found.append((here[0], np.moveaxis(values, own.index(dim), 0).reshape(size, -1)[:, 0]))
        elif size > 1:
            found.append((f"{dim} (number)", np.arange(size, dtype=np.float64)))
    return found


def _changes_with(along: Along) -> set[str]:
    dims, values = along
    return {dim for axis, dim in enumerate(dims) if np.ptp(values, axis=axis).any()}


# --- the numbers ------------------------------------------------------------------------------------------


def _series(sweep: Sweep, points: Iterable[SweepPoint], of: Of, *, transformed: bool) -> list[Series]:
    if of == "value" or (of is None and transformed):
        return [_of_values(sweep, points)]
    if sweep.observables is None:
        return [_of_counts(sweep, points, of)]
    return _of_expectations(sweep, points, of)


def _of_values(sweep: Sweep, points: Iterable[SweepPoint]) -> Series:
    values = numbers([None if point.error is not None else point.value for point in points])
    if values.dtype != np.float64 or values.ndim != 1:
        raise InvalidInput(
            "What transform made is not one real number a point, and has no picture: to_dicts() has it."
        )
    shape = (len(sweep.circuits), sweep.grid.size)
    return Series("value", values.reshape(shape), np.zeros(shape))


def _of_expectations(sweep: Sweep, points: Iterable[SweepPoint], of: Of) -> list[Series]:
    names = observable_names(sweep)
    places = range(len(names)) if of is None else [_place(names, of)]
    found = np.full((2, sweep.size, len(names)), math.nan)
    for point in points:
        if point.result is not None:
            for row, name in enumerate(("evs", "stds")):
                found[row, point.index] = np.ravel(point.result.data[name])
    shape = (len(sweep.circuits), sweep.grid.size)
    short = [name if len(name) <= _MOST_NAMES else f"observable {at}" for at, name in enumerate(names)]
    return [
        Series(f"⟨{short[at]}⟩", found[0, :, at].reshape(shape), found[1, :, at].reshape(shape))
        for at in places
    ]


def _place(names: Sequence[str], of: Of) -> int:
    if isinstance(of, int) and 0 <= of < len(names):
        return of
    if isinstance(of, str) and of in names:
        return names.index(of)
    raise InvalidInput(
        f"There is no observable {of!r}; give its place or one of {', '.join(map(repr, names))}."
    )


def _of_counts(sweep: Sweep, points: Iterable[SweepPoint], of: Of) -> Series:
    if isinstance(of, int):
        raise InvalidInput(
            f"of is {of!r}; give a bitstring such as '01', or a register and one: ('c', '01')."
        )
    values, errors = np.full((2, sweep.size), math.nan)
    for point in points:
        if point.result is not None:
            values[point.index], errors[point.index] = _parity(point) if of is None else _share(point, of)
    outcome = of if isinstance(of, str) or of is None else f"{of[0]} = {of[1]}"
    shape = (len(sweep.circuits), sweep.grid.size)
    name = "mean parity ⟨Z…Z⟩" if of is None else f"P({outcome})"
    return Series(name, values.reshape(shape), errors.reshape(shape))


def _parity(point: SweepPoint) -> tuple[float, float]:
    """The mean over shots of +1 for an even number of ones in all registers, -1 for an odd one."""
    registers = [_bits(point, name) for name in point.result.data]
    ones = sum(bits.bitcount().astype(np.int64) for bits in registers)
    odd, error = _binomial(int(np.count_nonzero(np.asarray(ones) % 2)), registers[0].num_shots)
    return 1.0 - 2.0 * odd, 2.0 * error


def _share(point: SweepPoint, of: str | tuple[str, str]) -> tuple[float, float]:
    names = list(point.result.data)
    name, outcome = (names[0], of) if isinstance(of, str) else of
    if (len(names) > 1 and isinstance(of, str)) or name not in names:
        raise InvalidInput(
            f"of is {of!r}; of={(names[0], '...')!r} names a register too. There is {', '.join(names)}."
        )
    bits = _bits(point, name)
    if len(outcome) != bits.num_bits or outcome.strip("01"):
        raise InvalidInput(f"of is {of!r}; outcomes of register {name!r} are {bits.num_bits} letters 0 or 1.")
    return _binomial(bits.get_int_counts().get(int(outcome, 2), 0), bits.num_shots)


def _bits(point: SweepPoint, name: str) -> BitArray:
    value = point.result.data[name]
    if not isinstance(value, BitArray):
        raise InvalidInput(
            f"Register {name!r} holds {type(value).__name__}, not bits: plot a value of transform=."
        )
    return value


def _binomial(count: int, shots: int) -> tuple[float, float]:
    """The share, and its standard error with half a count added to both sides, so that none is zero."""
    near = (count + 0.5) / (shots + 1.0)
    return (count / shots if shots else math.nan), math.sqrt(near * (1.0 - near) / max(shots, 1))


# --- the picture ------------------------------------------------------------------------------------------


def _lines(
    ax: Axes, sweep: Sweep, series: Sequence[Series], chosen: Sequence[int], sides: list[tuple[str, Numbers]]
) -> None:
    name, x = sides[0] if sides else ("point (number)", np.zeros(1))
    order = np.argsort(x, kind="stable")
    for each in series:
        for circuit in chosen:
            said = [each.name] * (len(series) > 1) + [sweep.circuits[circuit][0]] * (len(chosen) > 1)
            _line(ax, x[order], each.values[circuit][order], each.errors[circuit][order], ", ".join(said))
    ax.set_xlabel(name)
    if len(series) * len(chosen) > 1:
        ax.legend()


def _line(ax: Axes, x: Numbers, values: Numbers, errors: Numbers, label: str) -> None:
    """Marks where points are few enough; what is missing is a gap in the line."""
    bars = errors if np.nan_to_num(errors).any() else None
    look: dict[str, Any] = {"marker": "o", "markersize": 3.5} if len(x) <= _MOST_MARKS else {}
    ax.errorbar(x, values, yerr=bars, linewidth=1.2, elinewidth=0.9, capsize=1.5, label=label, **look)


def _circuits(ax: Axes, sweep: Sweep, series: Sequence[Series], chosen: Sequence[int]) -> None:
    """Side by side, where each was measured once."""
    names = [sweep.circuits[circuit][0] for circuit in chosen]
    for each in series:
        values, errors = each.values[chosen, 0], each.errors[chosen, 0]
        bars = errors if np.nan_to_num(errors).any() else None
        ax.errorbar(range(len(names)), values, yerr=bars, fmt="o", capsize=3, label=each.name)
    ax.set_xticks(range(len(names)), names)
    ax.set_xlabel("circuit")
    if len(series) > 1:
        ax.legend()


def _only(sweep: Sweep, series: Sequence[Series], chosen: Sequence[int]) -> Series:
    if len(series) > 1:
        names = ", ".join(each.name.strip("⟨⟩") for each in series)
        raise InvalidInput(f"A map shows one observable: choose with of=, a place or one of {names}.")
    if len(chosen) > 1:
        names = ", ".join(repr(name) for name, _ in sweep.circuits)
        raise InvalidInput(f"A map shows one circuit: choose with circuit=, one of {names}.")
    return series[0]


def _map(
    ax: Axes, series: Series, values: Numbers, sides: list[tuple[str, Numbers]], moving: dict[str, Numbers]
) -> None:
    """Coloured cells where the points are a grid, coloured dots where they lie anywhere."""
    if len(sides) == 2:
        (y_name, y), (x_name, x) = sides
        across, up = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
        cells = values.reshape(len(y), len(x))[np.ix_(up, across)]
        ax.set_facecolor(_NOTHING_HERE)
        drawn: Any = ax.pcolormesh(x[across], y[up], cells, shading="nearest", rasterized=True)
    else:
        (y_name, y), (x_name, x) = moving.items()
        drawn = ax.scatter(np.ravel(x), np.ravel(y), c=values, s=24)
        missing = np.isnan(values)
        ax.scatter(np.ravel(x)[missing], np.ravel(y)[missing], s=24, facecolors="none", edgecolors="0.5")
    ax.set_xlabel(x_name)
    ax.set_ylabel(y_name)
    ax.figure.colorbar(drawn, ax=ax, label=series.name)
