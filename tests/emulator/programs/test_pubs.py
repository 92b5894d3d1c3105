from __future__ import annotations

from typing import Any

import pytest

from qrt_async.emulator.devices import device as devices
from qrt_async.emulator.failure import ProgramFailed
from qrt_async.emulator.programs.pubs import read_estimator_pub, read_sampler_pub
from tests.emulator.lab import BELL, ROTATION

IDEAL = devices.parse("emulator_ideal")


@pytest.mark.parametrize(
    ("pub", "shape", "shots"),
    [
        (BELL, (), 9),
        ([BELL], (), 9),
        ([BELL, None, None], (), 9),
        ([BELL, None, 5], (), 5),
        ([ROTATION, [[0.1], [0.2]], 5], (2,), 5),
        ([ROTATION, [[[0.1], [0.2]]]], (1, 2), 9),
    ],
)
def test_what_a_sampler_pub_leaves_out_is_the_jobs(pub: Any, shape: tuple[int, ...], shots: int) -> None:
    read = read_sampler_pub(pub, IDEAL, 9)
    assert (read.shape, read.shots) == (shape, shots)


@pytest.mark.parametrize(
    ("pub", "shape", "precision"),
    [
        ([BELL, "ZZ"], (), 0.5),
        ([BELL, ["ZZ", "XX"], None, 0.1], (2,), 0.1),
        ([ROTATION, ["Z"], [0.1, 0.2, 0.3]], (3,), 0.5),
        ([ROTATION, ["Z", "X"], [[[0.1]], [[0.2]], [[0.3]]], None], (3, 2), 0.5),
        ([ROTATION, [["Z"], ["X"]], [0.1, 0.2, 0.3], 1], (2, 3), 1.0),
    ],
)
def test_observables_and_points_of_an_estimator_pub_broadcast(
    pub: Any, shape: tuple[int, ...], precision: float
) -> None:
    read = read_estimator_pub(pub, IDEAL, 0.5)
    assert (read.shape, read.precision) == (shape, precision)


@pytest.mark.parametrize("pub", [[], [BELL, None, 1, 1], [{"pub": BELL}], [[BELL]], None])
def test_what_is_no_pub_is_refused(pub: Any) -> None:
    with pytest.raises(ProgramFailed):
        read_sampler_pub(pub, IDEAL, 9)


def test_a_text_that_recurs_is_parsed_once() -> None:
    first, second = (read_sampler_pub([ROTATION, [value]], IDEAL, 9) for value in (0.1, 0.2))
    assert first.circuit is second.circuit
