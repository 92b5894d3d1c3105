"""Results as they are drawn."""

from __future__ import annotations

import math

from examples.web_backend.charts import HEIGHT, MOST_ROWS, WIDTH, Reading, curve, histogram


def test_a_histogram_is_in_the_order_of_its_bits() -> None:
    found = histogram({"11": 250, "00": 500, "01": 250})
    assert [bar.outcome for bar in found.bars] == ["00", "01", "11"]
    assert [bar.share for bar in found.bars] == [50.0, 25.0, 25.0]
    assert [bar.part for bar in found.bars] == [100.0, 50.0, 50.0]
    assert (found.shots, found.rest, found.rest_shots) == (1000, 0, 0)


def test_a_histogram_shows_the_most_frequent_outcomes_and_counts_the_rest() -> None:
    counts = {f"{n:06b}": n + 1 for n in range(40)}
    found = histogram(counts)
    assert len(found.bars) == MOST_ROWS
    assert min(bar.shots for bar in found.bars) == 9
    assert (found.rest, found.rest_shots) == (8, sum(range(1, 9)))


def test_a_histogram_of_nothing_is_empty() -> None:
    assert histogram({}).bars == []


def test_a_curve_goes_from_left_to_right_and_from_none_to_all() -> None:
    found = curve([Reading(0.0, {"00": 10}), Reading(1.0, {"00": 5, "11": 5}), Reading(2.0, {"11": 10})])
    assert found.outcome == "11"
    assert [dot.share for dot in found.dots] == [0.0, 0.5, 1.0]
    xs, ys = [dot.x for dot in found.dots], [dot.y for dot in found.dots]
    assert 0 < xs[0] < xs[1] < xs[2] < WIDTH
    assert math.isclose(xs[1], (xs[0] + xs[2]) / 2, abs_tol=0.01)
    assert HEIGHT > ys[0] > ys[1] > ys[2] > 0
    assert found.dots[1].low > ys[1] > found.dots[1].high
    assert found.lines == [" ".join(f"{x},{y}" for x, y in zip(xs, ys, strict=True))]


def test_what_is_missing_is_a_gap_in_the_curve() -> None:
    half = {"0": 1, "1": 1}
    readings = [Reading(n, half if n != 2 else None, "it failed" if n == 2 else None) for n in range(5)]
    found = curve(readings)
    assert len(found.lines) == 2
    assert (found.dots[2].share, found.dots[2].error) == (None, "it failed")


def test_a_curve_may_have_one_place_only() -> None:
    found = curve([Reading(1.0, {"1": 3}), Reading(1.0, None)])
    assert (found.dots[0].x, found.lines) == (found.dots[1].x, [])
