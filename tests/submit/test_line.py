"""Whose turn is it: priorities first, tenants by turns, inside a tenant first come first served."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qrt_async.submit.line import Line, Place


def anybody(_: object) -> bool:
    return True


def emptied(line: Line[str]) -> list[str]:
    order = []
    while (item := line.first(anybody)) is not None:
        line.take(item)
        order.append(item)
    return order


def line_of(*waiting: tuple[str, Place]) -> Line[str]:
    line: Line[str] = Line()
    for item, place in waiting:
        line.add(item, place)
    return line


def test_first_come_first_served() -> None:
    assert emptied(line_of(*((f"j{n}", Place()) for n in range(5)))) == ["j0", "j1", "j2", "j3", "j4"]


def test_a_higher_priority_goes_first() -> None:
    line = line_of(("low", Place(priority=-1)), ("usual", Place()), ("high", Place(priority=5)))
    assert emptied(line) == ["high", "usual", "low"]


def test_tenants_take_turns_however_many_one_brings() -> None:
    greedy = [(f"g{n}", Place(tenant="greedy")) for n in range(4)]
    line = line_of(*greedy, ("a0", Place(tenant="a")), ("b0", Place(tenant="b")), ("a1", Place(tenant="a")))
    assert emptied(line) == ["g0", "a0", "b0", "g1", "a1", "g2", "g3"]


def test_who_is_held_back_keeps_their_place_and_lets_others_pass() -> None:
    line = line_of(("held", Place()), ("free", Place()))
    assert line.first(lambda item: item == "free") == "free"
    line.take("free")
    assert emptied(line) == ["held"]


def test_who_had_their_turn_and_could_not_use_it_is_first_again() -> None:
    line = line_of(("a0", Place(tenant="a")), ("a1", Place(tenant="a")), ("b0", Place(tenant="b")))
    line.take("a0")
    line.add("a0", Place(tenant="a"), front=True)
    assert emptied(line) == ["a0", "b0", "a1"]


places = st.builds(Place, priority=st.integers(-1, 1), tenant=st.sampled_from([None, "a", "b", "c"]))


@given(st.lists(places, min_size=1, max_size=30), st.data())
def test_the_number_ahead_is_how_many_go_before(waiting: list[Place], data: st.DataObject) -> None:
    line = line_of(*((f"j{n}", place) for n, place in enumerate(waiting)))
    for _ in range(data.draw(st.integers(0, len(waiting) - 1))):
        line.take(line.first(anybody) or "")
    expected = {item: line.ahead(item) for item in line}
    assert {item: n for n, item in enumerate(emptied(line))} == expected
    assert len(line) == 0


@given(st.lists(st.tuples(st.booleans(), places), max_size=40))
def test_nobody_is_lost_and_nobody_served_twice(steps: list[tuple[bool, Place]]) -> None:
    line: Line[str] = Line()
    came, went = [], []
    for n, (comes, place) in enumerate(steps):
        if comes or not len(line):
            line.add(f"j{n}", place)
            came.append(f"j{n}")
        else:
            item = line.first(anybody)
            assert item is not None
            line.take(item)
            went.append(item)
    assert sorted([*went, *emptied(line)]) == sorted(came)
