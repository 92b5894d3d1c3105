from __future__ import annotations

import numpy as np
import pytest

from qrt_async.emulator.programs.bases import Term
from qrt_async.emulator.programs.readout import CALIBRATION_SHOTS, calibrated
from tests.emulator.lab import noisy


def test_calibrations_scatter_around_the_true_factor_by_the_error_they_state() -> None:
    noise = noisy()
    term = Term(((0, "Z"), (1, "X")), 1.0)
    true = (1.0 - 2.0 * noise.qubits[7].readout_error) * (1.0 - 2.0 * noise.qubits[9].readout_error)
    found = [calibrated(term, noise, (7, 9), np.random.default_rng(seed)) for seed in range(400)]
    stated = float(np.mean([it.error for it in found]))
    assert stated == pytest.approx(np.sqrt((1.0 - true**2) / CALIBRATION_SHOTS), rel=0.05)
    assert abs(float(np.mean([it.factor for it in found])) - true) < 6.0 * stated / 20.0
    assert float(np.std([it.factor for it in found])) == pytest.approx(stated, rel=0.25)
