from __future__ import annotations

import statistics

from qrt_async.emulator.devices.calibration import draw
from qrt_async.emulator.devices.families import HERON


def test_the_same_name_has_the_same_noise_and_another_name_has_other() -> None:
    one = draw("a", 156, HERON.edges, HERON.medians)
    assert draw("a", 156, HERON.edges, HERON.medians) == one
    assert draw("b", 156, HERON.edges, HERON.medians) != one


def test_values_lie_around_the_stated_medians_and_are_possible() -> None:
    noise = draw("emulator_heron", 156, HERON.edges, HERON.medians)
    assert 0.8 < statistics.median(qubit.t1 for qubit in noise.qubits) / HERON.medians.t1 < 1.25
    assert 0.8 < statistics.median(noise.pairs.values()) / HERON.medians.two_qubit < 1.25
    assert 0.8 < statistics.median(noise.singles) / HERON.medians.one_qubit < 1.25
    readouts = statistics.median(qubit.readout_error for qubit in noise.qubits)
    assert 0.8 < readouts / HERON.medians.readout < 1.25
    assert all(0.0 < qubit.t2 <= 2.0 * qubit.t1 for qubit in noise.qubits)
    assert all(
        0.0 < qubit.reads_0_when_1 < 0.5 and 0.0 < qubit.reads_1_when_0 < 0.5 for qubit in noise.qubits
    )


def test_the_error_of_a_pair_does_not_depend_on_its_order() -> None:
    noise = draw("emulator_heron", 156, HERON.edges, HERON.medians)
    assert noise.pair_error(0, 1) == noise.pair_error(1, 0) == noise.pairs[0, 1]
