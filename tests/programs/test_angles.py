from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.programs.angles import value

NAMES: dict[str, Any] = {"theta": 0.3, "φ_0": np.array([0.1, 0.2])}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5", 0.5),
        (" 1e-3 ", 1e-3),
        (".5", 0.5),
        ("pi/4", math.pi / 4),
        ("π", math.pi),
        ("tau - 2*pi", 0.0),
        ("-pi/2 + euler", math.e - math.pi / 2),
        ("theta", 0.3),
        ("2*theta - (theta + 1)*3", 0.6 - 1.3 * 3),
        ("-theta**2", -0.09),
        ("2**-1", 0.5),
        ("2**3**2", 512.0),
        ("7 - 2 - 1", 4),
        ("8/2.0/2", 2.0),
        ("sin(pi/6) + sqrt(4.0)", 2.5),
        ("arctan(1.0)", math.pi / 4),
        ("1_000*0.001", 1.0),
    ],
)
def test_an_angle_is_what_it_says(text: str, expected: float) -> None:
    assert value(text, NAMES.__getitem__) == pytest.approx(expected)


def test_names_may_stand_for_arrays() -> None:
    assert value("2*φ_0 + theta", NAMES.__getitem__).tolist() == pytest.approx([0.5, 0.7])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1/2",
        "2 +",
        "(1",
        "1)",
        "a b",
        "0x1f",
        "1 2",
        "theta[0]",
        "sin",
        "f(1)",
        "1..2",
        "(-8)**0.5",
        "9**9**9**9",
    ],
)
def test_what_is_not_understood_is_an_error_and_never_a_guess(text: str) -> None:
    with pytest.raises((ValueError, LookupError, ArithmeticError)):
        value(text, NAMES.__getitem__)


@given(st.text(alphabet="0123456789.+-*/() pietha", max_size=30))
def test_any_text_ends_in_a_number_or_an_error(text: str) -> None:
    try:
        found = value(text, NAMES.__getitem__)
    except (ValueError, LookupError, ArithmeticError):
        return
    assert isinstance(found, (int, float, np.ndarray))
