"""What was typed becomes an order, or every mistake is named at its field."""

from __future__ import annotations

import math
from typing import Any

import pytest

from examples.web_backend.circuits import BELL, PRESETS, TILTED, angles
from examples.web_backend.forms import MOST_SHOTS, Order, Typed, read, read_name

BACKENDS = ["one", "other"]


def order(**typed: Any) -> Order:
    found = read(Typed(**{"backend": "one", **typed}), BACKENDS)
    assert isinstance(found, Order), found
    return found


def mistakes(**typed: Any) -> dict[str, str]:
    found = read(Typed(**{"backend": "one", **typed}), BACKENDS)
    assert isinstance(found, dict), found
    return found


def test_a_picked_circuit_needs_nothing_else() -> None:
    assert order() == Order(title="Bell pair", text=BELL.text, backend="one", shots=1000)


def test_an_angle_is_read_where_the_circuit_has_one() -> None:
    found = order(circuit="tilted", angle=" 0.5 ")
    assert (found.angle, found.values, found.kind) == ("theta", (0.5,), "job")
    assert order(circuit="bell", angle="nonsense").values == ()


def test_a_sweep_goes_from_its_first_value_to_its_last() -> None:
    found = order(circuit="tilted", mode="sweep", start="0", stop="3", points="4")
    assert (found.kind, found.values) == ("sweep", (0.0, 1.0, 2.0, 3.0))


def test_what_is_typed_for_the_other_mode_is_nobodys_mistake() -> None:
    assert order(circuit="tilted", mode="sweep", angle="nonsense").kind == "sweep"
    assert order(circuit="tilted", mode="once", points="nonsense").kind == "job"


def test_an_own_circuit_may_have_any_one_input() -> None:
    text = "OPENQASM 3.0;\r\ninput angle[32] phi;\r\n// input float[64] no;\r\nbit[1] c;"
    found = order(circuit="own", text=text, angle="1")
    assert (found.title, found.angle) == ("Own circuit", "phi")
    assert "\r" not in found.text


@pytest.mark.parametrize("shots", ["", "0", "-1", "1.5", "x", str(MOST_SHOTS + 1), "9" * 5000, "١٢"])
def test_shots_that_are_none_are_named(shots: str) -> None:
    assert list(mistakes(shots=shots)) == ["shots"]


@pytest.mark.parametrize("angle", ["", "x", "nan", "inf", "-1e4"])
def test_an_angle_that_is_none_is_named(angle: str) -> None:
    assert list(mistakes(circuit="tilted", angle=angle)) == ["angle"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"circuit": "of another page"}, "circuit"),
        ({"circuit": "own", "text": " "}, "text"),
        ({"circuit": "own", "text": "x" * 20_001}, "text"),
        ({"circuit": "own", "text": "input float a;\ninput float b;"}, "text"),
        ({"backend": "of another account"}, "backend"),
        ({"mode": "twice"}, "mode"),
        ({"circuit": "bell", "mode": "sweep"}, "mode"),
        ({"circuit": "tilted", "mode": "sweep", "points": "1"}, "points"),
        ({"circuit": "tilted", "mode": "sweep", "points": "202"}, "points"),
        ({"circuit": "tilted", "mode": "sweep", "start": "x"}, "start"),
        ({"circuit": "tilted", "mode": "sweep", "stop": "inf"}, "stop"),
    ],
)
def test_a_mistake_is_named_at_its_field(typed: dict[str, str], field: str) -> None:
    assert list(mistakes(**typed)) == [field]


def test_all_mistakes_are_named_at_once() -> None:
    assert set(mistakes(circuit="tilted", backend="?", shots="?", angle="?")) == {"backend", "shots", "angle"}


def test_fields_that_are_missing_or_no_text_have_their_defaults() -> None:
    assert Typed.of({"shots": "7", "circuit": object(), "token": "t"}) == Typed(shots="7")


def test_names_are_tidied_and_have_a_length() -> None:
    assert read_name("  Ada   Lovelace ") == "Ada Lovelace"
    assert read_name("佐藤") == "佐藤"
    assert isinstance(read_name("  "), dict)
    assert isinstance(read_name("x" * 41), dict)
    assert isinstance(read_name("a\u202eb"), dict)


def test_only_the_tilted_pair_has_an_angle() -> None:
    assert {key: angles(circuit.text) for key, circuit in PRESETS.items()} == {
        "bell": [],
        "ghz": [],
        "tilted": ["theta"],
    }
    assert angles(TILTED.text) == ["theta"]
    assert math.isclose(float(Typed().angle), math.pi / 2, abs_tol=1e-4)
