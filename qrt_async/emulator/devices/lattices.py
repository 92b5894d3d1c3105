"""Which qubits of a device are neighbours."""

from __future__ import annotations

Edge = tuple[int, int]

HERON_ROWS = 8
HERON_COLUMNS = 16
HERON_BRIDGES = ((3, 7, 11, 15), (1, 5, 9, 13))
"""Columns of the bridge qubits below even and below odd rows."""

FALCON_RING = (1, 2, 3, 5, 8, 11, 14, 13, 12, 10, 7, 4)
"""The first hexagon; the second is the same, 11 qubits on, and shares the side 12, 13, 14."""


def heron() -> tuple[Edge, ...]:
    """156 qubits: rows of 16 in a chain, neighbouring rows joined by four bridge qubits.

    Qubits are counted along a row, then along the bridges below it. Each pair is given once, lower first.
    """
    row = HERON_COLUMNS + len(HERON_BRIDGES[0])
    edges: list[Edge] = []
    for number in range(HERON_ROWS):
        first = number * row
        edges += [(first + column, first + column + 1) for column in range(HERON_COLUMNS - 1)]
        if number < HERON_ROWS - 1:
            for place, column in enumerate(HERON_BRIDGES[number % 2]):
                bridge = first + HERON_COLUMNS + place
                edges += [(first + column, bridge), (bridge, first + row + column)]
    return tuple(edges)


def falcon() -> tuple[Edge, ...]:
    """27 qubits: two hexagons of twelve that share a side, and six dangling ones. Lower qubit first."""
    ring = list(zip(FALCON_RING, (*FALCON_RING[1:], FALCON_RING[0]), strict=True))
    second = [
        (12, 15),
        (15, 18),
        (18, 21),
        (21, 23),
        (23, 24),
        (24, 25),
        (22, 25),
        (19, 22),
        (16, 19),
        (14, 16),
    ]
    dangling = [(0, 1), (6, 7), (8, 9), (17, 18), (19, 20), (25, 26)]
    pairs = {(min(pair), max(pair)) for pair in [*ring, *second, *dangling]}
    return tuple(sorted(pairs))
