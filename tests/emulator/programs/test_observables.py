from __future__ import annotations

from typing import Any

import pytest

from qrt_async.emulator.failure import BAD_INPUT, OBSERVABLE_WIDTH, ProgramFailed
from qrt_async.emulator.programs.observables import Observable, read_observables


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ("ZZ", ()),
        ({"ZZ": 1.0, "XX": 0.5}, ()),
        (["ZZ"], (1,)),
        (["ZZ", {"XX": 2}], (2,)),
        ([[["ZZ"], ["XX"]]], (1, 2, 1)),
        ({"__type__": "ObservablesArray", "__value__": [{"ZZ": 1.0}, {"XX": 1.0}]}, (2,)),
        ({"__type__": "ObservablesArray", "__value__": {"ZZ": 1.0}}, ()),
    ],
)
def test_observables_nest_as_their_lists_do(given: Any, shape: tuple[int, ...]) -> None:
    assert read_observables(given, (2,)).shape == shape


def test_a_string_is_one_term_and_an_object_many() -> None:
    assert read_observables("XZ", (2,))[()] == Observable((("XZ", 1.0),))
    assert read_observables([{"XZ": 0.5, "II": -2}], (2,)).tolist() == [
        Observable((("XZ", 0.5), ("II", -2.0)))
    ]
    complex_one = {"__type__": "complex", "__value__": [0.5, 0.0]}
    assert read_observables({"XZ": complex_one}, (2,))[()] == Observable((("XZ", 0.5),))


def test_the_last_letter_is_qubit_0() -> None:
    assert Observable((("IIX", 1.0), ("ZII", 1.0))).support() == {0, 2}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("ZZZ", OBSERVABLE_WIDTH),
        (["ZZ", "Z"], OBSERVABLE_WIDTH),
        ("ZQ", BAD_INPUT),
        ("01", BAD_INPUT),
        ([], BAD_INPUT),
        ({}, BAD_INPUT),
        (None, BAD_INPUT),
        (1, BAD_INPUT),
        ([["ZZ"], "ZZ"], BAD_INPUT),
        ({"ZZ": "1"}, BAD_INPUT),
        ({"ZZ": True}, BAD_INPUT),
        ({"ZZ": float("nan")}, BAD_INPUT),
        ({"ZZ": {"__type__": "complex", "__value__": [0, 1]}}, BAD_INPUT),
    ],
)
def test_what_cannot_be_measured_is_refused(given: Any, code: int) -> None:
    with pytest.raises(ProgramFailed) as caught:
        read_observables(given, (2,))
    assert caught.value.code == code
