from __future__ import annotations

import pytest

from qrt_async.emulator.devices.processor import Placed, Processor, QubitNoise

QUBITS = tuple(
    QubitNoise(t1=1e-4, t2=1e-4, reads_0_when_1=2 * error, reads_1_when_0=0.0) for error in (0.01, 0.02, 0.09)
)
TINY = Processor(
    gates={
        "x": {(0,): Placed(0.001, 1e-8), (1,): Placed(0.002, 1e-8)},
        "cz": {(0, 1): Placed(0.01, 1e-7), (1, 0): Placed(0.01, 1e-7)},
        "rzz": {(0, 1): Placed(0.005, 1e-7), (2, 1): Placed(0.02, 1e-7)},
    },
    others=frozenset({"measure"}),
    qubits=QUBITS,
    dt=1e-9,
    read_seconds=1e-6,
    reset_seconds=2e-6,
    rep_delay=1e-4,
)


def test_a_gate_is_known_on_its_qubits_in_their_order_and_nowhere_else() -> None:
    assert TINY.placed("x", (1,)) == Placed(0.002, 1e-8)
    assert TINY.placed("x", (2,)) is None
    assert TINY.placed("rzz", (1, 2)) is None
    assert TINY.placed("h", (0,)) is None
    assert (TINY.error("rzz", (2, 1)), TINY.error("h", (0,))) == (0.02, 0.0)


def test_each_pair_has_its_best_gate() -> None:
    found = {pair: name for pair, (name, _) in TINY.pairs().items()}
    assert found == {(0, 1): "rzz", (1, 0): "cz", (2, 1): "rzz"}


def test_the_median_of_readings_is_over_qubits_and_both_ways_of_being_wrong() -> None:
    assert TINY.readout_median == pytest.approx(0.02)
