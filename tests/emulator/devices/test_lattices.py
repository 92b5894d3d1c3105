from __future__ import annotations

from collections import Counter

from qrt_async.emulator.devices import lattices


def degrees(edges: tuple[tuple[int, int], ...]) -> Counter[int]:
    return Counter(qubit for edge in edges for qubit in edge)


def connected(edges: tuple[tuple[int, int], ...]) -> bool:
    reached = {0}
    while grown := {b for edge in edges for a, b in (edge, edge[::-1]) if a in reached} - reached:
        reached |= grown
    return reached == set(degrees(edges))


def test_a_heron_has_156_qubits_of_which_the_bridges_join_the_rows_where_the_formula_says() -> None:
    edges = set(lattices.heron())
    assert set(degrees(lattices.heron())) == set(range(156))
    assert len(edges) == 176
    assert {(3, 16), (16, 23), (15, 19), (19, 35), (21, 36), (36, 41), (155 - 1, 155)} <= edges
    assert (15, 16) not in edges
    assert (19, 20) not in edges


def test_a_falcon_has_27_qubits_on_two_hexagons() -> None:
    edges = lattices.falcon()
    assert set(degrees(edges)) == set(range(27))
    assert len(edges) == 28
    assert sorted(qubit for qubit, degree in degrees(edges).items() if degree == 1) == [0, 6, 9, 17, 20, 26]


def test_no_qubit_has_more_than_three_neighbours_and_every_qubit_can_be_reached() -> None:
    for edges in (lattices.heron(), lattices.falcon()):
        assert max(degrees(edges).values()) == 3
        assert connected(edges)
        assert all(a < b for a, b in edges)
        assert len(set(edges)) == len(edges)
