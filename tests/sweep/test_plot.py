"""Pictures, by what is drawn in them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from qrt_async.errors import InvalidInput, JobFailed
from qrt_async.sweep.plot import plot
from qrt_async.sweep.points import SweepPoint
from qrt_async.sweep.sweep import Sweep
from tests.sweep.measured import SHOTS, at, circuit, estimated, product, shots


def drawn(sweep: Sweep, points: list[SweepPoint], **how: Any) -> Axes:
    how = {"of": None, "circuit": None, "ax": None, "transformed": False, **how}
    ax = plot(sweep, points, **how)
    if folder := os.environ.get("QRT_PICTURES"):  # to look at them
        name = os.environ["PYTEST_CURRENT_TEST"].split("::")[-1].split()[0]
        assert isinstance(ax.figure, Figure)
        ax.figure.savefig(Path(folder) / f"{name}.png", dpi=80)
    return ax


def lines(ax: Axes) -> list[np.ndarray[Any, Any]]:
    """Of each line x and y; its bars are beside it."""
    return [np.array(bar.lines[0].get_data()) for bar in ax.containers if isinstance(bar, ErrorbarContainer)]


def mesh(ax: Axes) -> np.ndarray[Any, Any]:
    (found,) = [one for one in ax.collections if isinstance(one, QuadMesh)]
    return filled(found)


def filled(found: QuadMesh | PathCollection) -> np.ndarray[Any, Any]:
    array = found.get_array()
    assert array is not None
    return np.ma.filled(array, np.nan)


def bars(ax: Axes) -> np.ndarray[Any, Any]:
    """Half the length of each error bar of the first line."""
    container = ax.containers[0]
    assert isinstance(container, ErrorbarContainer)
    (sticks,) = container.lines[2]
    return np.array([np.ptp(stick[:, 1]) / 2.0 for stick in sticks.get_segments() if len(stick)])


def line_of(evs: list[float], **how: Any) -> tuple[Sweep, list[SweepPoint]]:
    sweep = Sweep(circuit("a"), {"a": np.linspace(0.0, 3.0, len(evs))}, observables="Z", **how)
    return sweep, [at(sweep, index, evs=value, stds=0.05) for index, value in enumerate(evs)]


def test_one_parameter_is_a_line_with_error_bars() -> None:
    sweep, points = line_of(np.cos(np.linspace(0.0, 3.0, 13)).tolist())
    ax = drawn(sweep, points)
    (line,) = lines(ax)
    assert np.allclose(line[0], np.linspace(0.0, 3.0, 13))
    assert np.allclose(line[1], np.cos(line[0]))
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_legend()) == ("a", "⟨Z⟩", None)
    assert np.allclose(bars(ax), 0.05)


def test_what_is_missing_is_a_gap() -> None:
    sweep, points = line_of([0.0, 1.0, 2.0, 3.0, 4.0])
    points[2] = at(sweep, 2)
    points[2].error = JobFailed("no", job_id="x")
    (line,) = lines(drawn(sweep, points))
    assert np.isnan(line[1]).tolist() == [False, False, True, False, False]


def test_values_out_of_order_are_drawn_from_left_to_right() -> None:
    sweep = Sweep(circuit("a"), {"a": [2.0, 0.0, 1.0]}, observables="Z")
    (line,) = lines(drawn(sweep, estimated(sweep)))
    assert line.tolist() == [[0.0, 1.0, 2.0], [100.0, 200.0, 0.0]]


def test_observables_and_circuits_have_a_line_each() -> None:
    sweep = Sweep({"up": circuit("a"), "down": circuit("a")}, {"a": [0.0, 1.0, 2.0]}, observables=["Z", "X"])
    points = estimated(sweep)
    ax = drawn(sweep, points)
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        *("⟨Z⟩, up", "⟨Z⟩, down", "⟨X⟩, up", "⟨X⟩, down")
    ]
    assert [line[1].tolist() for line in lines(ax)][3] == [301.0, 401.0, 501.0]
    assert ax.get_ylabel() == "expectation value"
    for of in (1, "X"):
        ax = drawn(sweep, points, of=of, circuit="down")
        assert [line[1].tolist() for line in lines(ax)] == [[301.0, 401.0, 501.0]]
        assert ax.get_ylabel() == "⟨X⟩"


def test_circuits_alone_stand_side_by_side() -> None:
    sweep = Sweep({"up": circuit(), "down": circuit()}, observables="Z")
    ax = drawn(sweep, estimated(sweep))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["up", "down"]
    assert lines(ax)[0][1].tolist() == [0.0, 100.0]


def test_two_parameters_are_a_map_with_a_bar_of_colours() -> None:
    sweep = product(observables="Z")
    ax = drawn(sweep, estimated(sweep, missing=[4]))
    assert np.array_equal(mesh(ax), [[0.0, 100.0, 200.0], [300.0, np.nan, 500.0]], equal_nan=True)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("b", "a")
    figure = ax.figure
    assert [other.get_ylabel() for other in figure.axes] == ["a", "⟨Z⟩"]
    assert ax.get_facecolor()[:3] == (0.85, 0.85, 0.85)


def test_a_map_of_axes_out_of_order_has_each_value_in_its_place() -> None:
    sweep = Sweep(circuit("a", "b"), {"a": [1.0, 0.0], "b": [3.0, 1.0, 2.0]}, observables="Z")
    ax = drawn(sweep, estimated(sweep))
    assert mesh(ax).tolist() == [[400.0, 500.0, 300.0], [100.0, 200.0, 0.0]]


def test_arrays_of_a_meshgrid_are_a_map_and_pairs_are_dots() -> None:
    a, b = np.meshgrid([0.0, 1.0], [2.0, 3.0, 4.0])
    sweep = Sweep(circuit("a", "b"), {"a": a, "b": b}, observables="Z", combine="zip")
    ax = drawn(sweep, estimated(sweep))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")
    assert mesh(ax)[2].tolist() == [400.0, 500.0]

    pairs = {"a": [0.0, 1.0, 0.5], "b": [2.0, 0.0, 1.5]}
    sweep = Sweep(circuit("a", "b"), pairs, observables="Z", combine="zip")
    ax = drawn(sweep, estimated(sweep, missing=[1]))
    first, missing = [one for one in ax.collections if isinstance(one, PathCollection)]
    assert filled(first)[[0, 2]].tolist() == [0.0, 200.0]
    assert np.asarray(missing.get_offsets()).tolist() == [[0.0, 1.0]]


def test_an_axis_of_one_value_is_none() -> None:
    sweep = Sweep(circuit("a", "b"), {"a": [0.5], "b": [0.0, 1.0]}, observables="Z")
    ax = drawn(sweep, estimated(sweep))
    assert ax.get_xlabel() == "b"
    assert lines(ax)[0][1].tolist() == [0.0, 100.0]


def test_counts_are_shown_as_parity_or_as_the_share_of_an_outcome() -> None:
    sweep = Sweep(circuit("a"), {"a": [0.0, 0.5, 1.0]})
    points = [at(sweep, 0, c=shots(0)), at(sweep, 1, c=shots(4)), at(sweep, 2, c=shots(8))]
    ax = drawn(sweep, points)
    assert lines(ax)[0][1].tolist() == [1.0, 0.0, -1.0]
    assert ax.get_ylabel() == "mean parity ⟨Z…Z⟩"
    ax = drawn(sweep, points, of="1")
    assert lines(ax)[0][1].tolist() == [0.0, 0.5, 1.0]
    assert ax.get_ylabel() == "P(1)"
    sure, even, _ = bars(ax)
    assert even == pytest.approx(np.sqrt(0.25 / SHOTS))
    assert 0.0 < sure < even


def test_parity_counts_the_ones_of_all_registers() -> None:
    sweep = Sweep(circuit("a", registers=("c", "d")), {"a": [0.0, 0.5]})
    points = [at(sweep, 0, c=shots(8), d=shots(8)), at(sweep, 1, c=shots(8), d=shots(0, 2))]
    assert lines(drawn(sweep, points))[0][1].tolist() == [1.0, -1.0]
    points[0] = at(sweep, 0)
    assert lines(drawn(sweep, points, of=("d", "00")))[0][1][1] == 1.0
    with pytest.raises(InvalidInput, match="names a register too"):
        drawn(sweep, points, of="1")


def test_the_value_of_a_transform_comes_first() -> None:
    sweep, points = line_of([0.0, 1.0, 2.0])
    for point in points:
        point.value = 10 * point.index
    ax = drawn(sweep, points, transformed=True)
    assert (lines(ax)[0][1].tolist(), ax.get_ylabel()) == ([0.0, 10.0, 20.0], "value")
    assert lines(drawn(sweep, points, transformed=True, of="Z"))[0][1].tolist() == [0.0, 1.0, 2.0]
    points[1].value = "text"
    with pytest.raises(InvalidInput, match="not one real number"):
        drawn(sweep, points, transformed=True)


def test_axes_that_are_given_are_drawn_into() -> None:
    sweep, points = line_of([0.0, 1.0])
    ax = Figure().add_subplot()
    assert drawn(sweep, points, ax=ax) is ax
    assert len(lines(ax)) == 1


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"of": "Y"}, "no observable 'Y'.*'Z', 'X'"),
        ({"of": 2}, "no observable 2"),
        ({"circuit": "left"}, "no circuit 'left'; there is 'up', 'down'"),
        ({}, "one observable: choose with of="),
        ({"of": 0}, "one circuit: choose with circuit="),
    ],
)
def test_what_cannot_be_shown_says_what_can(how: dict[str, Any], words: str) -> None:
    parameters = {"a": [0.0, 0.5], "b": [1.0, 2.0, 3.0]}
    circuits = {"up": circuit("a", "b"), "down": circuit("a", "b")}
    sweep = Sweep(circuits, parameters, observables=["Z", "X"])
    with pytest.raises(InvalidInput, match=words):
        drawn(sweep, estimated(sweep), **how)


def test_three_axes_and_odd_outcomes_are_refused() -> None:
    sweep = Sweep(circuit("a", "b", "d"), {name: [0.0, 1.0] for name in "abd"}, observables="Z")
    with pytest.raises(InvalidInput, match="more than two axes"):
        drawn(sweep, estimated(sweep))
    sweep = Sweep(circuit("a"), {"a": [0.0, 0.5]})
    points = [at(sweep, 0, c=shots(0)), at(sweep, 1, c=shots(4))]
    for of, words in ((0, "give a bitstring"), ("01", "1 letters"), (("d", "1"), "There is c")):
        with pytest.raises(InvalidInput, match=words):
            drawn(sweep, points, of=of)
