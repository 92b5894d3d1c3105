"""Results as rows and curves, ready to be drawn. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

MOST_ROWS = 32


class Bar(NamedTuple):
    """One outcome of a histogram; ``part`` is its share of the highest, in percent."""

    outcome: str
    shots: int
    share: float
    part: float


class Histogram(NamedTuple):
    """``rest`` outcomes with ``rest_shots`` shots are not among the ``bars``."""

    shots: int
    bars: list[Bar]
    rest: int
    rest_shots: int


def histogram(counts: Mapping[str, int]) -> Histogram:
    """The most frequent outcomes, in the order of their bits."""
    shots = sum(counts.values())
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = sorted(often[:MOST_ROWS])
    highest = often[0][1] if often else 1
    bars = [
        Bar(outcome, count, 100 * count / shots, round(100 * count / highest, 2)) for outcome, count in shown
    ]
    rest = often[MOST_ROWS:]
    return Histogram(shots, bars, len(rest), sum(count for _, count in rest))


class Reading(NamedTuple):
    """One point of a sweep as it was measured; neither counts nor an error where it is missing."""

    angle: float
    counts: Mapping[str, int] | None
    error: str | None = None


class Dot(NamedTuple):
    """One point of a sweep: where it is drawn, in the units of the picture, and what it says."""

    angle: float
    share: float | None
    error: str | None
    x: float = 0.0
    y: float = 0.0
    low: float = 0.0
    high: float = 0.0


class Tick(NamedTuple):
    at: float
    text: str


class Curve(NamedTuple):
    """``outcome`` is the one whose share is shown; ``lines`` join neighbours that are there."""

    outcome: str
    dots: list[Dot]
    lines: list[str]
    across: list[Tick]
    up: list[Tick]


WIDTH, HEIGHT = 480.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 8.0, 10.0, 32.0
"""The picture in ``sweep.html``, and its margins."""


def curve(readings: Sequence[Reading]) -> Curve:
    """The share of the all-ones outcome along the angle."""
    angles = [reading.angle for reading in readings]
    low, high = min(angles), max(angles)
    span = (high - low) or 1.0

    def across(value: float) -> float:
        return round(LEFT + (value - low) / span * (WIDTH - LEFT - RIGHT), 2)

    dots = [_dot(reading, across(reading.angle)) for reading in readings]
    width = next((len(next(iter(reading.counts))) for reading in readings if reading.counts), 0)
    ticks = [Tick(across(low + span * part / 4), f"{low + span * part / 4:.3g}") for part in range(5)]
    up = [Tick(_up(part / 4), f"{part / 4:.0%}") for part in range(5)]
    return Curve("1" * width, dots, _lines(dots), ticks, up)


def _dot(reading: Reading, x: float) -> Dot:
    if not reading.counts:
        return Dot(reading.angle, None, reading.error, x)
    shots = sum(reading.counts.values())
    share = reading.counts.get("1" * len(next(iter(reading.counts))), 0) / shots
    spread = math.sqrt(share * (1 - share) / shots)
    low, high = _up(max(0.0, share - spread)), _up(min(1.0, share + spread))
    return Dot(reading.angle, share, None, x, _up(share), low, high)


def _lines(dots: Sequence[Dot]) -> list[str]:
    """The corners of each unbroken line."""
    lines: list[list[Dot]] = [[]]
    for dot in dots:
        if dot.share is None:
            lines.append([])
        else:
            lines[-1].append(dot)
    return [" ".join(f"{dot.x},{dot.y}" for dot in line) for line in lines if len(line) > 1]


def _up(share: float) -> float:
    return round(TOP + (1 - share) * (HEIGHT - TOP - BOTTOM), 2)
